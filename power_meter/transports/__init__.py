"""Ways to reach a meter: serial ports, HID, USB bulk."""
