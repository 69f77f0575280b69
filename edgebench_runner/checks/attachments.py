"""Is what the inventory says is plugged in really there?"""

import glob
import os
from typing import Any, Dict, List, Optional, Tuple

from edgebench_runner.probes import read_int, read_text

USB = "/sys/bus/usb/devices"
_FULL_MBIT = 5000  # USB 3; what is slower makes an accelerator slower


def check(about, usb: str = USB) -> Optional[Tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    """Look for one of the USB ids of each attachment; ``None`` where nothing is attached."""
    wanted: Dict[str, Dict[str, Any]] = about.expected.get("attachments", {})
    if not wanted:
        return None
    devices = devices_of(usb)
    answers = [_find(name, wanted[name]["usb_ids"], devices) for name in sorted(wanted)]
    worst = max((status for status, _, _ in answers), key=("pass", "warn", "fail").index)
    found = "; ".join(text for _, text, _ in answers)
    return worst, found, "; ".join(advice for _, _, advice in answers if advice)


def devices_of(usb: str) -> List[Tuple[str, Optional[int]]]:
    """Return (vendor:product, speed in Mbit/s) of every USB device."""
    found = []
    for path in sorted(glob.glob(os.path.join(usb, "*", "idVendor"))):
        directory = os.path.dirname(path)
        ids = [read_text(os.path.join(directory, name)) or "" for name in ("idVendor", "idProduct")]
        found.append((":".join(ids), read_int(os.path.join(directory, "speed"))))
    return found


def _find(name: str, ids: List[str], devices: List[Tuple[str, Optional[int]]]) -> Tuple[str, str, str]:
    here = [(found, speed) for found, speed in devices if found in ids]
    if not here:
        text = "{}: no USB device {}".format(name, " or ".join(ids))
        return "fail", text, "plug {} in, or remove it from edgebench_attachments".format(name)
    found, speed = here[0]
    if speed is not None and speed < _FULL_MBIT:
        text = "{}: {} at {} Mbit/s".format(name, found, speed)
        return "warn", text, "plug {} into a USB 3 port, if the board has one".format(name)
    return "pass", "{}: {}".format(name, found), ""
