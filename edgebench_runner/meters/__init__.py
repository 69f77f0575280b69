"""Meters that are wired in the board, read by the board itself: one module is one meter, found by its name.

The names are those of the drivers in ``power_meter``, which reads the same meters where the board is its own
controller. Each module defines ``Meter``: its constructor takes ``port`` and ``options`` of the inventory and raises
``MeterError`` where there is no such meter, ``identity()`` says what was found, ``read()`` returns volts, amperes and
watts of now or raises ``MeterError``. ``HZ`` is how often it may be read: reading disturbs what is measured. One that
starts processes adds up their CPU seconds in ``children_cpu_s``.
"""

import glob
import os
from typing import Dict, List, Optional, Tuple

from edgebench_runner.probes import read_int, read_text

Values = Tuple[float, float, float]
Identity = Dict[str, Optional[str]]
HWMON = "/sys/class/hwmon"


class MeterError(Exception):
    """The meter is not there, or said nothing that can be used."""


def number(path: str, scale: float) -> float:
    """Return a kernel file's integer times ``scale``.

    Raises:
        MeterError: it holds none.
    """
    value = read_int(path)
    if value is None:
        raise MeterError("{}: no number".format(path))
    return value * scale


def sensors(port: str, names: Tuple[str, ...], root: str = HWMON) -> List[str]:
    """Return the directories of matching hwmon sensors, whose numbers change with every boot.

    Args:
        port: ``auto``, a sensor's name, ``i2c:1-0040`` (its place on the bus), or a directory.
        names: how those begin that ``auto`` accepts.
        root: where the kernel lists them.

    Raises:
        MeterError: there is none; the message lists what there is.
    """
    if port.startswith("/"):
        if not os.path.isdir(port):
            raise MeterError("port {}: no such directory".format(port))
        return [port]
    known = {path: read_text(os.path.join(path, "name")) or "?" for path in sorted(glob.glob(root + "/*"))}
    if port.startswith("i2c:"):
        found = [path for path in known if place(path) == port[len("i2c:") :]]
    else:
        wanted = names if port == "auto" else (port,)
        found = [path for path, name in known.items() if name.startswith(wanted)]
    if not found:
        there = ", ".join(known.values()) or "none"
        raise MeterError("port {!r}: no such sensor; there is: {}".format(port, there))
    return found


def place(sensor: str) -> str:
    """Return where a sensor sits on its bus, such as ``1-0040``."""
    return os.path.basename(os.path.realpath(os.path.join(sensor, "device")))
