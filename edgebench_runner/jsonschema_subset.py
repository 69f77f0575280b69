"""The part of JSON Schema 2020-12 that the runner's own schemas use, without a library on the board.

Keywords: type, const, enum, pattern, minimum, exclusiveMinimum, maximum, required, properties,
additionalProperties (false only), items, minItems. Every mistake is reported, not only the first.
"""

import re
from typing import Any, Dict, List

_TYPES: Dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def problems(value: Any, schema: Dict, path: str = "") -> List[str]:
    """Return one line per mistake of ``value``: where, what was found, what is valid."""
    wanted = schema.get("type")
    if wanted is not None:
        kinds = wanted if isinstance(wanted, list) else [wanted]
        if not any(_is_type(value, kind) for kind in kinds):
            return [_line(path, value, " or ".join(kinds))]
    found = _scalar_problems(value, schema, path)
    if isinstance(value, dict):
        found += _object_problems(value, schema, path)
    if isinstance(value, list):
        found += _array_problems(value, schema, path)
    return found


def _is_type(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind in ("integer", "number"):
        return False
    return isinstance(value, _TYPES[kind])


def _scalar_problems(value: Any, schema: Dict, path: str) -> List[str]:
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(_line(path, value, repr(schema["const"])))
    if "enum" in schema and value not in schema["enum"]:
        found.append(_line(path, value, ", ".join(map(str, schema["enum"]))))
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        found.append(_line(path, value, "a string that matches " + schema["pattern"]))
    if _is_type(value, "number"):
        if "minimum" in schema and not value >= schema["minimum"]:
            found.append(_line(path, value, "at least {}".format(schema["minimum"])))
        if "exclusiveMinimum" in schema and not value > schema["exclusiveMinimum"]:
            found.append(_line(path, value, "more than {}".format(schema["exclusiveMinimum"])))
        if "maximum" in schema and not value <= schema["maximum"]:
            found.append(_line(path, value, "at most {}".format(schema["maximum"])))
    return found


def _object_problems(value: Dict, schema: Dict, path: str) -> List[str]:
    properties = schema.get("properties", {})
    found = [
        "{}: missing, valid: {}".format(_join(path, key), _describe(properties.get(key, {})))
        for key in schema.get("required", [])
        if key not in value
    ]
    for key, item in value.items():
        if key in properties:
            found += problems(item, properties[key], _join(path, key))
        elif schema.get("additionalProperties", True) is False:
            known = ", ".join(sorted(properties))
            found.append("{}: unknown key, valid: {}".format(_join(path, key), known))
    return found


def _array_problems(value: List, schema: Dict, path: str) -> List[str]:
    found = []
    if len(value) < schema.get("minItems", 0):
        found.append(_line(path, value, "at least {} items".format(schema["minItems"])))
    for index, item in enumerate(value):
        found += problems(item, schema.get("items", {}), "{}[{}]".format(path, index))
    return found


def _join(path: str, key: str) -> str:
    return "{}.{}".format(path, key) if path else key


def _describe(schema: Dict) -> str:
    for keyword in ("const", "enum", "pattern", "type"):
        if keyword in schema:
            valid = schema[keyword]
            return ", ".join(map(str, valid)) if isinstance(valid, list) else str(valid)
    return "any value"


def _line(path: str, value: Any, valid: str) -> str:
    return "{}: found {!r}, valid: {}".format(path or "(top level)", value, valid)
