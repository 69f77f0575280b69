"""A JSON Schema's complaints, in words for the person who wrote the file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from controller.errors import Problem, one_of

WHOLE_FILE = "(whole file)"
TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
LIMITS = {
    "const": "{!r}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "above {}",
    "minItems": "at least {} entry",
    "minProperties": "at least {} entry",
    "minLength": "text that is not empty",
    "uniqueItems": "each entry once",
    "pattern": "text that matches {}",
}


def problems(file: str, value: Any, schema: dict[str, Any], under: tuple[str, ...] = ()) -> list[Problem]:
    """Everything that a schema refuses in a value read from YAML, and every number that is not finite.

    Args:
        file: where the value stands, for the messages.
        value: what was read.
        schema: a JSON Schema without combinations of alternatives (``oneOf``, ``anyOf``).
        under: the keys above the value in its file.
    """
    found: list[Problem] = []
    for error in Draft202012Validator(schema).iter_errors(value):
        found += [problem for problem in _problems(file, error, under) if problem not in found]
    return found + [
        Problem(file, key, number, "a finite number") for key, number in _not_finite(value, under)
    ]


def _problems(file: str, error: ValidationError, under: tuple[str, ...]) -> list[Problem]:
    path = (*under, *error.absolute_path)
    found: Any = error.instance
    limit: Any = error.validator_value
    schema: Any = error.schema
    known = schema.get("properties", {})
    if error.validator == "additionalProperties":
        return [
            Problem(file, _key((*path, name)), name, one_of(known)) for name in found if name not in known
        ]
    if error.validator == "required":
        missing = [name for name in limit if name not in found]
        return [Problem(file, _key((*path, name)), None, _types(known.get(name, {}))) for name in missing]
    if error.validator == "type":
        return [Problem(file, _key(path), found, _types(schema) + _in_quotes(found, limit))]
    if error.validator == "enum":
        return [Problem(file, _key(path), found, one_of(map(str, limit)))]
    return [Problem(file, _key(path), found, LIMITS[str(error.validator)].format(limit))]


def _types(schema: dict[str, Any]) -> str:
    names = schema.get("type", [])
    return " or ".join(TYPES[name] for name in ([names] if isinstance(names, str) else names)) or "a value"


def _in_quotes(found: Any, wanted: Any) -> str:
    """How a scalar that YAML took for something else becomes text."""
    if wanted != "string" or isinstance(found, dict | list):
        return ""
    return f", in quotes: '{json.dumps(found, default=str)}'"


def _not_finite(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[str, float]]:
    if isinstance(value, float) and not math.isfinite(value):
        yield _key(path), value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_finite(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _not_finite(item, (*path, key))


def _key(path: Iterable[Any]) -> str:
    return ".".join(map(str, path)) or WHOLE_FILE
