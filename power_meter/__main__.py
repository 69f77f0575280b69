"""``python -m power_meter``."""

import sys

from power_meter.cli import main

if __name__ == "__main__":
    sys.exit(main())
