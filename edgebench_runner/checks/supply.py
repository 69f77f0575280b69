"""Is the supply strong enough, as far as the board knows?"""

import glob
import os
import struct
from typing import Optional, Tuple

from edgebench_runner.probes import read_int

# What a Raspberry Pi 5 negotiated with its supply, in mA, and whether USB may draw its full current.
POWER = "/sys/firmware/devicetree/base/chosen/power"
FULL_MA = 5000
# A Jetson since JetPack 5 counts how often it throttled because its input gave way.
OVER_CURRENT = "/sys/class/hwmon/hwmon*/oc*_event_cnt"
STRONGER = "use a supply that negotiates 5 V 5 A, such as the official one with 27 W"
_SEES = "see under_voltage, or measure at the board's input"


def check(about, power: str = POWER, over_current: str = OVER_CURRENT) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """A Raspberry Pi 5 says what it negotiated, a Jetson how often its input gave way; others do not tell."""
    max_current_ma = _cell(os.path.join(power, "max_current"))
    if max_current_ma is not None:
        return _negotiated(max_current_ma, _cell(os.path.join(power, "usb_max_current_enable")))
    if about.kind == "raspberry_pi_5":
        return (
            "unknown",
            "the firmware does not say what was negotiated",
            "update the bootloader (rpi-eeprom)",
        )
    counters = {path: read_int(path) for path in sorted(glob.glob(over_current))}
    if not counters or None in counters.values():
        return "unknown", "this board does not tell", _SEES
    events = sum(counters.values())  # type: ignore[arg-type]
    if events:
        return "warn", "throttled {} times for its input since boot".format(events), "use a stronger supply"
    return "pass", "never throttled for its input since boot", ""


def _negotiated(max_current_ma: int, usb_full: Optional[int]) -> Tuple[str, str, str]:
    found = "{} mA negotiated".format(max_current_ma)
    if max_current_ma >= FULL_MA:
        return "pass", found, ""
    if usb_full:
        return "warn", found + ", full USB current forced (usb_max_current_enable)", STRONGER
    return "warn", found + ", USB limited to 600 mA", STRONGER


def _cell(path: str) -> Optional[int]:
    """Return a 32-bit cell of the device tree, which is big-endian."""
    try:
        with open(path, "rb") as file:
            return struct.unpack(">I", file.read(4))[0]
    except (OSError, struct.error):
        return None
