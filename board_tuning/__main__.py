"""``python -m board_tuning`` and ``python board_tuning.pyz``."""

import sys

from board_tuning.cli import main

if __name__ == "__main__":
    sys.exit(main())
