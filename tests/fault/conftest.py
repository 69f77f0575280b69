"""Lets the fault tests use the unit tests' factories."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "runner"))
