"""Reads ``meters.json``: which meters there are, written from the inventory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from power_meter import registry
from power_meter.contract import UsageError

KEYS = ("driver", "port", "scope", "options", "simulate")
SIMULATE_KEYS = ("load", "idle_w", "busy_w", "seed")


@dataclass(frozen=True)
class MeterEntry:
    """One meter of the inventory; ``simulate`` is None for a real one."""

    name: str
    driver: str
    port: str
    scope: str
    options: dict[str, Any]
    simulate: dict[str, Any] | None


def meter_names(path: Path) -> list[str]:
    """Return the names of all meters of a file, sorted.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    return sorted(_read(path))


def read_meter(path: Path, name: str) -> MeterEntry:
    """Return the entry of one meter.

    Raises:
        UsageError: names the file, the key, what was found and what is valid.
    """
    entries = _read(path)
    if name not in entries:
        raise UsageError(f"{path}: no meter {name!r}; valid: {', '.join(sorted(entries))}")
    return _entry(f"{path}: key '{name}'", name, entries[name])


def _read(path: Path) -> dict[str, Any]:
    try:
        entries = json.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from error
    if not isinstance(entries, dict):
        raise UsageError(f"{path}: found {entries!r}; valid: an object of meters")
    return entries


def _entry(where: str, name: str, entry: Any) -> MeterEntry:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: found {entry!r}, valid: an object with {', '.join(KEYS)}")
    unknown = sorted(set(entry) - set(KEYS))
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; valid: {', '.join(KEYS)}")
    driver = entry.get("driver")
    if driver not in registry.driver_names():
        raise UsageError(f"{where}.driver: found {driver!r}, valid: {', '.join(registry.driver_names())}")
    info = registry.load_driver(driver).INFO
    scope = entry.get("scope") or info.scopes[0]
    if scope not in info.scopes:
        raise UsageError(f"{where}.scope: found {scope!r}, valid for {driver}: {', '.join(info.scopes)}")
    options = _mapping(f"{where}.options", entry.get("options"), tuple(info.options)) or {}
    simulate = _mapping(f"{where}.simulate", entry.get("simulate"), SIMULATE_KEYS)
    if simulate is not None and driver not in registry.simulator_names():
        valid = ", ".join(registry.simulator_names())
        raise UsageError(f"{where}.simulate: driver {driver!r} has no simulator; valid: {valid}")
    port = entry.get("port") or ("auto" if simulate is None else "simulated")
    if not isinstance(port, str):
        raise UsageError(
            f"{where}.port: found {port!r}, valid: a path, auto, usb:VID:PID[:SERIAL], location:BUS-PORT"
        )
    return MeterEntry(name, driver, port, scope, options, simulate)


def _mapping(where: str, value: Any, valid: tuple[str, ...]) -> dict[str, Any] | None:
    if value is None:
        return None
    names = ", ".join(valid) or "no keys"
    if not isinstance(value, dict):
        raise UsageError(f"{where}: found {value!r}, valid: null or an object with {names}")
    unknown = sorted(set(value) - set(valid))
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; valid: {names}")
    return value
