"""The published studies: their raw tables in the canonical columns, and their own table layouts.

Each module is one study, found by name, with ``load()``, which returns its published rows in the columns of
``analysis.frame``, and ``TABLES``, its tables in its own layout. The raw tables lie in ``analysis/published/``.
"""

import importlib
import pkgutil
from pathlib import Path
from typing import Protocol, cast

import pandas as pd

from analysis.errors import InputError
from analysis.studies.layout import StudyTable

PUBLISHED = Path(__file__).parent.parent / "published"
HELPERS = {"layout"}


class Study(Protocol):
    """What a file in ``analysis/studies/`` has to offer."""

    TABLES: list[StudyTable]

    def load(self) -> pd.DataFrame:
        """Return the study's published rows; a frame without rows when it published no raw table."""


def study_names() -> list[str]:
    """Return the names of all studies."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in HELPERS)


def load_study(name: str) -> Study:
    """Return the study called ``name``.

    Raises:
        InputError: when there is none of that name.
    """
    if name not in study_names():
        raise InputError(f"study {name!r} is not known; known: {', '.join(study_names())}")
    return cast(Study, importlib.import_module(f"analysis.studies.{name}"))
