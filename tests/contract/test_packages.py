"""Packages know each other by files with a schema, never by an import."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
# What fuzzes the decoders of meters calls them.
IMPORTS = {"fuzz": {"power_meter"}}


@pytest.mark.parametrize("package", sorted(PACKAGES - {"tests"}))
def test_a_package_imports_no_other(package: str) -> None:
    others = PACKAGES - {package} - IMPORTS.get(package, set())
    imports = re.compile(rf"^\s*(?:from|import) ({'|'.join(sorted(others))})\b.*$", re.MULTILINE)
    found = {
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in (ROOT / package).rglob("*.py")
        for match in imports.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()
