"""``python -m edgebench_runner`` and the entry point of the zipapp."""

import sys

from edgebench_runner.cli import main

if __name__ == "__main__":
    sys.exit(main())
