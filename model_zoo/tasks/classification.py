"""Classification: the output is a score for each class, and needs no description."""

KEYS: dict[str, tuple[type, ...]] = {}
REQUIRED: tuple[str, ...] = ()
