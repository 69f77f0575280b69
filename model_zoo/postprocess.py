"""What an entry says of its output, so that the task on the board can read it; docs/tasks.md describes every key."""

from typing import Any

from model_zoo import plugins
from model_zoo.errors import ZooError


def check(where: str, task: str, table: Any) -> dict[str, Any] | None:
    """Return the table, checked key by key; None for a task that needs none.

    Raises:
        ZooError: naming the key, what was found and what is valid.
    """
    where = f"{where} postprocess"
    described = plugins.load("tasks", task)
    if not described.KEYS:
        if table is not None:
            raise ZooError(f"{where}: found a table; valid: none for {task}")
        return None
    if table is None:
        raise ZooError(f"{where}: missing; required for {task}: {', '.join(described.REQUIRED)}")
    for key, value in table.items():
        if key not in described.KEYS:
            raise ZooError(f"{where}.{key}: unknown key; valid: {', '.join(described.KEYS)}")
        if not isinstance(value, described.KEYS[key]):
            raise ZooError(f"{where}.{key}: found {value!r}; valid: {described.KEYS[key][0].__name__}")
    for key in described.REQUIRED:
        if key not in table:
            raise ZooError(f"{where}.{key}: missing; required for {task}: {', '.join(described.REQUIRED)}")
    if hasattr(described, "check"):
        described.check(where, table)
    return dict(table)
