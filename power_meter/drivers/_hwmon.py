"""Finds and reads sensors of the kernel's hwmon."""

from __future__ import annotations

import re
from pathlib import Path

from power_meter.contract import MeterUnpluggedError

HWMON = Path("/sys/class/hwmon")


def find_hwmon(port: str, names: tuple[str, ...], root: Path = HWMON) -> list[Path]:
    """Return the directories of matching sensors: numbers such as hwmon3 change with every boot.

    Args:
        port: ``auto``, a sensor's name, ``i2c:1-0040`` (its place on the bus), or a directory.
        names: the sensors that ``auto`` accepts.
        root: where the kernel lists them.

    Raises:
        MeterUnpluggedError: there is none; the message lists what there is.
    """
    if port.startswith("/"):
        if not Path(port).is_dir():
            raise MeterUnpluggedError(f"port {port}: no such directory")
        return [Path(port)]
    known = {entry: _text(entry / "name") or "?" for entry in sorted(root.glob("*"))}
    if port.startswith("i2c:"):
        found = [entry for entry in known if (entry / "device").resolve().name == port.removeprefix("i2c:")]
    else:
        accepted = names if port == "auto" else (port,)
        found = [entry for entry, name in known.items() if name.startswith(accepted)]
    if not found:
        raise MeterUnpluggedError(
            f"port {port!r}: no such sensor; there is: {', '.join(known.values()) or 'none'}"
        )
    return found


def read_number(path: Path, scale: float) -> float:
    """Return a kernel file's number times ``scale``; raises OSError when it cannot be read."""
    try:
        return int(path.read_text()) * scale
    except (ValueError, OverflowError) as error:
        raise OSError(f"{path}: no number") from error


def rails(sensor: Path) -> dict[str, int]:
    """Return label and number of each channel of an INA3221 that is connected and is no sum."""
    found = {}
    for path in sorted(sensor.glob("in*_label")):
        match = re.fullmatch(r"in(\d+)_label", path.name)
        label = _text(path)
        if match and label and "NC" not in label and (sensor / f"curr{match[1]}_input").exists():
            found[label] = int(match[1])
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
