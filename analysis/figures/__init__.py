"""One file per figure, found by name.

Each module has ``ORDER`` (its place on the page), ``TITLE``, ``CAPTION`` and ``draw(data)``, which yields
``(slug, matplotlib.figure.Figure)`` and nothing at all when the data has nothing to show.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol, cast

from matplotlib.figure import Figure

from analysis.figures.data import SweepData

HELPERS = {"data", "decimate", "style", "svg"}


class FigureModule(Protocol):
    """What a file in ``analysis/figures/`` has to offer."""

    ORDER: int
    TITLE: str
    CAPTION: str

    def draw(self, data: SweepData) -> Iterator[tuple[str, Figure]]:
        """Yield the figures with the stem of their file names."""


def figure_modules() -> list[FigureModule]:
    """Return every figure module in the order of the page."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name not in HELPERS]
    modules = [cast(FigureModule, importlib.import_module(f"analysis.figures.{name}")) for name in names]
    return sorted(modules, key=lambda module: (module.ORDER, module.TITLE))
