"""What several tasks have in common."""

from typing import Any

from model_zoo.errors import ZooError

LABELS = ("coco80", "coco91", "voc20", "voc21")


def require_one_of(where: str, table: dict[str, Any], key: str, valid: tuple[str, ...]) -> None:
    """Raise ZooError where the table's value is none of the valid ones."""
    if table[key] not in valid:
        raise ZooError(f"{where}.{key}: found {table[key]!r}; valid: {', '.join(valid)}")
