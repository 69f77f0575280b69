"""Are the boards of one kind the same? What differs between them, before anything is measured."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = "edgebench/fingerprints/1"
ABSENT = "absent"
MOST_CHARACTERS = 120


def compare(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Compare the boards of each kind, part by part.

    Args:
        answers: of each board ``board``, ``kind`` and ``text``, which is what ``fingerprint --environments`` printed
            there; anything else in its place is a board whose fingerprint is unknown.

    Returns:
        The document ``fingerprints.json``: ``differences`` (kind, backend or null, part, ``values`` by board, of lists
        and objects only what not all have) and ``unknown`` (boards).
    """
    known = {answer["board"]: _parts(answer["text"]) for answer in answers}
    kinds: dict[str, list[str]] = {}
    for answer in answers:
        if known[answer["board"]]:
            kinds.setdefault(answer["kind"], []).append(answer["board"])
    differences = []
    for kind, boards in sorted(kinds.items()):
        every = sorted({key for board in boards for key in known[board]})
        for backend, part in every:
            values = {board: known[board].get((backend, part), ABSENT) for board in sorted(boards)}
            if len({_text(value) for value in values.values()}) > 1:
                own = {board: _not_common(value, list(values.values())) for board, value in values.items()}
                differences.append({"kind": kind, "backend": backend or None, "part": part, "values": own})
    unknown = sorted(board for board, parts in known.items() if not parts)
    return {"schema": SCHEMA, "differences": differences, "unknown": unknown}


def lines(document: dict[str, Any]) -> list[str]:
    """Say what was found, a line for each difference; nothing where boards of one kind are the same."""
    said = []
    if document["differences"]:
        said.append("Boards of one kind that are not the same; the report has the table:")
    for one in document["differences"]:
        part = f"{one['part']} of {one['backend']}" if one["backend"] else one["part"]
        values = "; ".join(f"{board}: {_short(value)}" for board, value in one["values"].items())
        said.append(f"  {one['kind']}  {part}: {values}")
    if document["unknown"]:
        said.append(
            f"No fingerprint, so nobody knows whether they are the same: {', '.join(document['unknown'])}"
        )
    return said


def _parts(text: str) -> dict[tuple[str, str], Any]:
    """Every part by (backend, name), the board's own under an empty backend; nothing where the text is no answer."""
    try:
        answer = json.loads(text)
        own = {("", name): value for name, value in answer["board"].items()}
        environments = answer["environments"].items()
        return own | {(name, part): value for name, parts in environments for part, value in parts.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _not_common(value: Any, values: list[Any]) -> Any:
    if all(isinstance(one, list) for one in values):
        return [item for item in value if not all(item in one for one in values)]
    if all(isinstance(one, dict) for one in values):
        return {key: item for key, item in value.items() if any(one.get(key) != item for one in values)}
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else _text(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
