"""Command line of the power switches."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import power_switch.drivers
from power_switch.contract import Switch, SwitchError, UsageError
from power_switch.control import cycle, only_request, turn

KEYS = ("driver", "options", "wiring", "off_delay_s", "verify_within_s", "verify")
# How long a board must stay off depends on what still holds charge behind the switch.
OFF_DELAY_S = {"dc": 2.0, "usb": 3.0, "poe": 5.0, "mains": 10.0}
DEFAULT_OFF_DELAY_S, DEFAULT_VERIFY_WITHIN_S = 5.0, 10.0
STATES = {True: "on", False: "off", None: None}


def driver_names() -> list[str]:
    """Return the names of all drivers."""
    modules = pkgutil.iter_modules(power_switch.drivers.__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def read_switch(path: Path, name: str) -> tuple[Switch, dict[str, Any]]:
    """Return the switch called ``name`` and its entry.

    Raises:
        UsageError: names the file, the key, what was found and what is valid.
    """
    try:
        entries = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(entries, dict) or not isinstance(entries.get(name), dict):
        valid = ", ".join(sorted(entries)) if isinstance(entries, dict) else "an object of switches"
        raise UsageError(f"{path}: no switch {name!r}; valid: {valid}")
    entry: dict[str, Any] = entries[name]
    where = f"{path}: key '{name}"
    unknown = sorted(set(entry) - set(KEYS))
    if unknown:
        raise UsageError(f"{where}': unknown key {unknown[0]!r}; valid: {', '.join(KEYS)}")
    if entry.get("driver") not in driver_names():
        raise UsageError(
            f"{where}.driver': found {entry.get('driver')!r}, valid: {', '.join(driver_names())}"
        )
    if "wiring" in entry and entry["wiring"] not in OFF_DELAY_S:
        raise UsageError(f"{where}.wiring': found {entry['wiring']!r}, valid: {', '.join(OFF_DELAY_S)}")
    for key in ("off_delay_s", "verify_within_s"):
        value = entry.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UsageError(f"{where}.{key}': found {value!r}, valid: a number of seconds, at least 0")
    kind: type[Switch] = importlib.import_module(f"power_switch.drivers.{entry['driver']}").SWITCH
    return kind(_options(f"{where}.options'", kind, entry.get("options") or {})), entry


def _options(where: str, kind: type[Switch], options: Any) -> dict[str, Any]:
    valid = [*kind.required, *kind.optional]
    if not isinstance(options, dict):
        raise UsageError(f"{where}: found {options!r}, valid: an object with {', '.join(valid)}")
    for key in [*sorted(set(kind.required) - set(options)), *sorted(set(options) - set(valid))]:
        problem = "unknown key" if key in options else "missing key"
        raise UsageError(f"{where}: {problem} {key!r}; valid: {', '.join(valid)}")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    """Run one request and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m power_switch", description="Cut and restore a board's supply."
    )
    parser.add_argument("action", choices=("on", "off", "cycle", "read"))
    parser.add_argument("--switch", required=True, help="name of the switch in the file")
    parser.add_argument("--switches", type=Path, default=Path("switches.json"), help="(default: %(default)s)")
    arguments = parser.parse_args(argv)
    try:
        switch, entry = read_switch(arguments.switches, arguments.switch)
        with only_request(switch):
            state = _act(switch, arguments.action, entry)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except SwitchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"switch": arguments.switch, "state": STATES[state]}))
    return 0


def _act(switch: Switch, action: str, entry: dict[str, Any]) -> bool | None:
    sure: dict[str, Any] = {
        "verify": bool(entry.get("verify", True)),
        "within_s": float(entry.get("verify_within_s", DEFAULT_VERIFY_WITHIN_S)),
    }
    if action == "cycle":
        delay_s = entry.get("off_delay_s", OFF_DELAY_S.get(str(entry.get("wiring")), DEFAULT_OFF_DELAY_S))
        cycle(switch, off_delay_s=float(delay_s), **sure)
    elif action != "read":
        turn(switch, on=action == "on", **sure)
    return switch.read()
