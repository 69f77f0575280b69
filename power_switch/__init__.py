"""Power switches: whatever can cut a hung board's supply, one driver a file in ``drivers/``, found by name.

``python -m power_switch on|off|cycle|read --switch NAME --switches FILE``, where the file maps names to
``{"driver", "options": {…}, "off_delay_s", "verify_within_s", "verify"}``. Switching off is believed only when the
device says so. Prints ``{"switch", "state"}``; exit code 1 when the device failed, 2 when the request was wrong.
"""
