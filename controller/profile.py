"""Reading a profile: shape by schema, names by what the packages offer."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, relevance

from controller.catalogues import Catalogues
from controller.errors import InputError, Problem, one_of

TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def load(root: Path, name: str) -> dict[str, Any]:
    """Read ``profiles/<name>.yml`` and fill in the defaults of the schema.

    Raises:
        InputError: no such profile, not YAML, or not of the schema's shape; all mistakes at once.
    """
    path = root / "profiles" / f"{name}.yml"
    known = [found.stem for found in path.parent.glob("*.yml")]
    if name not in known:
        raise InputError([Problem("profiles/", "profile", name, one_of(known))])
    shown = str(path.relative_to(root))
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(
            [Problem(shown, "(whole file)", " ".join(str(error).split()), "a YAML mapping")]
        ) from error
    schema = _schema(root)
    problems = [_problem(shown, error) for error in Draft202012Validator(schema).iter_errors(value)]
    if problems:
        raise InputError(problems)
    return _with_defaults(value, schema)


def check_names(profile: dict[str, Any], file: str, catalogues: Catalogues) -> list[Problem]:
    """Problems with the models, variants, backends and options that a well-formed profile names."""
    problems = []
    for model in profile["models"]:
        if model not in catalogues.models:
            problems.append(Problem(file, "models", model, one_of(catalogues.models)))
            continue
        offered = catalogues.models[model]["variants"]
        problems += [
            Problem(file, "variants", variant, f"{one_of(offered)} (of model {model})")
            for variant in profile["variants"]
            if variant not in offered
        ]
    for label, options in profile["backends"].items():
        problems += _check_backend(label, options, profile, file, catalogues)
    return problems


def runtime_of(label: str, options: dict[str, Any]) -> str:
    """The backend file that a label of the profile stands for."""
    return str(options.get("runtime", label))


def _check_backend(
    label: str, options: dict[str, Any], profile: dict[str, Any], file: str, catalogues: Catalogues
) -> list[Problem]:
    runtime = runtime_of(label, options)
    if runtime not in catalogues.backends:
        return [Problem(file, f"backends.{label}", runtime, one_of(catalogues.backends))]
    backend = catalogues.backends[runtime]
    problems = []
    for option, value in options.items():
        if option == "runtime":
            continue
        key = f"backends.{label}.{option}"
        known = backend["options"]
        if option not in known:
            problems.append(Problem(file, key, option, f"{one_of(known)} (options of {runtime})"))
        elif not _is_of(known[option]["type"], value):
            problems.append(Problem(file, key, value, known[option]["type"]))
    for model in profile["models"]:
        formats = catalogues.models.get(model, {}).get("formats", backend["formats"])
        if backend["formats"] and not set(formats) & set(backend["formats"]):
            valid = f"a backend that reads one of {one_of(formats)} (formats of model {model})"
            problems.append(
                Problem(file, f"backends.{label}", f"{runtime} reads {one_of(backend['formats'])}", valid)
            )
    return problems


def _is_of(type_name: str, value: Any) -> bool:
    kinds: dict[str, Any] = {
        "int": int,
        "float": (int, float),
        "str": str,
        "bool": bool,
        "list": list,
        "dict": dict,
    }
    if isinstance(value, bool):
        return type_name == "bool"
    return value is None or type_name not in kinds or isinstance(value, kinds[type_name])


@cache
def _schema(root: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((root / "schemas" / "profile.json").read_text(encoding="utf-8"))
    return schema


def _with_defaults(value: Any, schema: dict[str, Any]) -> Any:
    filled = dict(value)
    for key, sub in schema.get("properties", {}).items():
        if key not in filled and "default" in sub:
            filled[key] = sub["default"]
        if isinstance(filled.get(key), dict) and "properties" in sub:
            filled[key] = _with_defaults(filled[key], sub)
    return filled


def _problem(file: str, error: ValidationError) -> Problem:
    if error.context:  # a oneOf: speak of the branch that came nearest
        error = max(error.context, key=relevance)
    key = ".".join(str(part) for part in error.absolute_path) or "(whole file)"
    found: Any = error.instance
    here = set(found) if isinstance(found, dict) else set()
    limit: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        found = one_of(here - set(known))
        valid = one_of(known)
    elif error.validator == "required":
        found, valid = None, f"needs {one_of(set(limit) - here)}"
    elif error.validator == "type":
        valid = " or ".join(TYPE_NAMES[name] for name in ([limit] if isinstance(limit, str) else limit))
    elif error.validator == "enum":
        valid = one_of(str(choice) for choice in limit)
    elif error.validator == "const":
        valid = repr(limit)
    else:
        valid = f"{error.validator} {limit}"
    return Problem(file, key, found, valid)
