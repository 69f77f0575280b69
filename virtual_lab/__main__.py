"""Entry point of `python -m virtual_lab`."""

import sys

from virtual_lab.cli import main

sys.exit(main())
