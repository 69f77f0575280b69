"""Segmentation: a score for each class and pixel; ``labels`` names the classes."""

from typing import Any

from model_zoo.tasks import _values

KEYS: dict[str, tuple[type, ...]] = {"labels": (str,)}
REQUIRED = ("labels",)


def check(where: str, table: dict[str, Any]) -> None:
    """Hold the values to those that the task on the board knows."""
    _values.require_one_of(where, table, "labels", _values.LABELS)
