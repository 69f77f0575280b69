"""Commands of ``python -m power_meter``, one file each."""
