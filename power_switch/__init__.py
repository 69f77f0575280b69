"""Power switches: whatever can cut a hung board's supply, one driver a file in ``drivers/``, found by name.

``python -m power_switch on|off|cycle|read --switch NAME --switches FILE``, where the file maps names to
``{"driver", "options": {…}, "wiring", "off_delay_s", "verify_within_s", "verify"}``. A cycle leaves the board off for
``off_delay_s``; unless given, that follows from ``wiring``: what still holds charge behind the switch (``dc``, ``usb``,
``poe``, ``mains``). Switching off is believed only when the device says so. Prints ``{"switch", "state"}``; exit code 1
when the device failed, 2 when the request was wrong.
"""
