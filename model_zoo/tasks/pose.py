"""Pose: heat maps and part affinity fields, of one cell for each ``stride`` pixels."""

KEYS: dict[str, tuple[type, ...]] = {"stride": (int,)}
REQUIRED = ("stride",)
