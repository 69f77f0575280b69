"""What a board's hardware shows: the files of sysfs, and what `vcgencmd`, `tegrastats` and `nvpmodel` answer.

A kind (`kinds/<kind>.toml`) says what there is; a board's `state.json` says how it is right now.
`write_state` renders both into the `hardware` directory, which is mounted into the board: its next read
sees the change.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import math
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from virtual_lab.config import KINDS
from virtual_lab.errors import LabError

MOUNT_POINT = "/opt/virtual_lab/hardware"
THROTTLE_NOW = 0xF
THROTTLE_HISTORY_SHIFT = 16


@dataclasses.dataclass(frozen=True)
class State:
    """How a board's hardware is at this moment; the defaults of a kind are under `[state]` in its file.

    Attributes:
        temperature_c: temperature of the hottest zone.
        ambient_c: where the temperature tends to.
        cooling_tau_s: time constant of that; 0 holds the temperature where it is.
        frequency_hz: clock of the processor.
        throttled: bits of `vcgencmd get_throttled`.
        supply_v: voltage at the board's input.
        power_w: power at the board's input, where the board has rails to read.
        gpu_load_pct: load of the graphics processor.
        gpu_frequency_hz: its clock, where the board has one to read.
    """

    temperature_c: float = 45.0
    ambient_c: float = 45.0
    cooling_tau_s: float = 0.0
    frequency_hz: int = 1_500_000_000
    throttled: int = 0
    supply_v: float = 5.1
    power_w: float = 3.0
    gpu_load_pct: int = 0
    gpu_frequency_hz: int = 0


def load_kind(name: str) -> dict[str, Any]:
    """Read a kind of board."""
    return tomllib.loads((KINDS / f"{name}.toml").read_text())


def initial_state(kind: dict[str, Any]) -> State:
    """The state of a board of this kind when it is made."""
    return State(**kind.get("state", {}))


def parse_changes(assignments: list[str]) -> dict[str, int | float]:
    """Read `key=value` words; integers may be hexadecimal.

    Raises:
        LabError: a key or a value is not one of `State`.
    """
    types = {field.name: field.type for field in dataclasses.fields(State)}
    changes: dict[str, int | float] = {}
    for word in assignments:
        key, separator, value = word.partition("=")
        if not separator or key not in types:
            raise LabError(f"{word!r}: expected KEY=VALUE, with KEY one of {', '.join(types)}")
        try:
            changes[key] = int(value, 0) if types[key] == "int" else float(value)
        except ValueError:
            raise LabError(f"{key}: found {value!r}; valid is a number of type {types[key]}") from None
    return changes


def read_state(directory: Path) -> State:
    """Read a board's state from its directory."""
    return State(**json.loads((directory / "state.json").read_text()))


def write_state(directory: Path, kind: dict[str, Any], state: State) -> None:
    """Keep a board's state and show it to the board."""
    _write(directory / "state.json", json.dumps(dataclasses.asdict(state), indent=1))
    write_readings(directory / "hardware", kind, state)


def change_state(directory: Path, kind: dict[str, Any], change: Callable[[State], State]) -> State:
    """Apply a change to a board's state, one writer at a time; return the new state."""
    with (directory / "state.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = read_state(directory)
        after = change(before)
        if after != before:
            write_state(directory, kind, after)
    return after


def reset_at_boot(directory: Path, kind: dict[str, Any]) -> None:
    """Do what a power-up does: knobs at their defaults, throttle history only of what holds now."""

    def forget_history(state: State) -> State:
        now = state.throttled & THROTTLE_NOW
        return dataclasses.replace(state, throttled=now | now << THROTTLE_HISTORY_SHIFT)

    change_state(directory, kind, forget_history)
    write_knobs(directory / "hardware", kind)


def cooled(state: State, elapsed_s: float) -> State:
    """The state after a while in which the board only exchanged heat with its surroundings."""
    if state.cooling_tau_s <= 0:
        return state
    fraction = math.exp(-elapsed_s / state.cooling_tau_s)
    temperature_c = state.ambient_c + (state.temperature_c - state.ambient_c) * fraction
    return dataclasses.replace(state, temperature_c=round(temperature_c, 3))


def mounts(kind: dict[str, Any]) -> dict[str, str]:
    """Directories of a board's hardware, and where the board has them."""
    shown = {
        "firmware": "/sys/firmware",
        "thermal": "/sys/class/thermal",
        "cpufreq": "/sys/devices/system/cpu/cpufreq",
    }
    if "ina3221" in kind:
        shown["i2c_drivers"] = "/sys/bus/i2c/drivers"
    return shown


def container_mounts(kind: dict[str, Any]) -> dict[str, str]:
    """What only a container can be shown: a machine of its own has no such directories, and its kernel makes none."""
    shown = {}
    if kind["family"] == "raspberry_pi":
        shown["soc_firmware"] = "/sys/devices/platform/soc/soc:firmware"
    if "gpu" in kind:
        shown |= {"gpu": kind["gpu"]["device"], "devfreq": "/sys/class/devfreq"}
    return shown


def write_identity(hardware: Path, kind: dict[str, Any], serial: str) -> None:
    """Write what no reset changes: the device tree, the types of the thermal zones, the power mode."""
    tree = hardware / "firmware" / "devicetree" / "base"
    _write(tree / "model", f"{kind['model']}\0")
    _write(tree / "compatible", "".join(f"{name}\0" for name in kind["compatible"]))
    _write(tree / "serial-number", f"{serial}\0")
    for index, zone in enumerate(kind["zones"]):
        _write(hardware / "thermal" / f"thermal_zone{index}" / "type", f"{zone['type']}\n")
    for index, mode in enumerate(kind.get("power_modes", [])):
        _write(hardware / "power_modes" / str(index), f"{mode}\n")
    _write(hardware / "power_mode", "0\n")


def write_knobs(hardware: Path, kind: dict[str, Any]) -> None:
    """Write what the board itself may change, with the values it has after power-up."""
    limits = kind["frequency"]
    for policy, cpus in limits["policies"].items():
        files = {
            "affected_cpus": cpus,
            "cpuinfo_min_freq": limits["min_khz"],
            "cpuinfo_max_freq": limits["max_khz"],
            "scaling_min_freq": limits["min_khz"],
            "scaling_max_freq": limits["max_khz"],
            "scaling_governor": "ondemand",
            "scaling_available_governors": "conservative ondemand userspace powersave performance schedutil",
        }
        for name, value in files.items():
            _write(hardware / "cpufreq" / policy / name, f"{value}\n")
    if "gpu" in kind:
        for name in ("governor", "min_freq", "max_freq"):
            _write(hardware / "devfreq" / kind["gpu"]["clock"] / name, f"{kind['gpu'][name]}\n")


def write_readings(hardware: Path, kind: dict[str, Any], state: State) -> None:
    """Write what the board reads of its own state."""
    for index, zone in enumerate(kind["zones"]):
        temperature_c = zone.get("fixed_c", state.temperature_c + zone.get("offset_c", 0.0))
        _write(hardware / "thermal" / f"thermal_zone{index}" / "temp", f"{temperature_c * 1000:.0f}\n")
    for policy in kind["frequency"]["policies"]:
        _write(hardware / "cpufreq" / policy / "scaling_cur_freq", f"{state.frequency_hz // 1000}\n")
    derived = {"power_mw": round(state.power_w * 1000), "frequency_mhz": state.frequency_hz // 1_000_000}
    values = dataclasses.asdict(state) | derived
    for command, answers in kind.get("commands", {}).items():
        for argument, template in answers.items():
            _write(
                hardware / "commands" / command / argument.replace(" ", "_"), template.format(**values) + "\n"
            )
    if kind["family"] == "raspberry_pi":
        _write(hardware / "soc_firmware" / "get_throttled", f"{state.throttled:x}\n")
    if "gpu" in kind:
        _write(hardware / "gpu" / "load", f"{state.gpu_load_pct * 10}\n")
        _write(hardware / "devfreq" / kind["gpu"]["clock"] / "cur_freq", f"{state.gpu_frequency_hz}\n")
    if "ina3221" in kind:
        _write_rail(
            hardware / "i2c_drivers" / "ina3221" / "1-0040" / "hwmon" / "hwmon1", kind["ina3221"], state
        )


def _write_rail(directory: Path, rail: str, state: State) -> None:
    _write(directory / "name", "ina3221\n")
    _write(directory / "in1_label", f"{rail}\n")
    _write(directory / "in1_input", f"{state.supply_v * 1000:.0f}\n")
    _write(directory / "curr1_input", f"{state.power_w / state.supply_v * 1000:.0f}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.rename(path)
