"""``python -m power_switch``."""

import sys

from power_switch.cli import main

if __name__ == "__main__":
    sys.exit(main())
