"""Finds drivers, simulators and commands by the name of their file."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import power_meter.commands
import power_meter.drivers
import power_meter.simulators
from power_meter.contract import UsageError


def _names(package: ModuleType) -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))


def driver_names() -> list[str]:
    """Return the names of all drivers, sorted."""
    return _names(power_meter.drivers)


def simulator_names() -> list[str]:
    """Return the names of all drivers that have a simulator, sorted."""
    return _names(power_meter.simulators)


def command_names() -> list[str]:
    """Return the names of all commands, sorted."""
    return _names(power_meter.commands)


def load_driver(name: str) -> ModuleType:
    """Return the driver's module, with its ``INFO``, ``METER`` and, for byte protocols, ``DECODER``.

    Raises:
        UsageError: no driver has that name.
    """
    return _load(power_meter.drivers, name, driver_names(), "driver")


def load_simulator(name: str) -> ModuleType:
    """Return the simulator's module, with its ``SIMULATOR``.

    Raises UsageError when there is none of that name.
    """
    return _load(power_meter.simulators, name, simulator_names(), "simulator")


def load_command(name: str) -> ModuleType:
    """Return the command's module, with ``HELP``, ``add_arguments`` and ``run``."""
    return _load(power_meter.commands, name, command_names(), "command")


def _load(package: ModuleType, name: str, valid: list[str], kind: str) -> ModuleType:
    if name not in valid:
        raise UsageError(f"unknown {kind} {name!r}; valid: {', '.join(valid)}")
    return importlib.import_module(f"{package.__name__}.{name}")
