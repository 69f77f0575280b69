"""Reading a profile: shape by schema, names by what the packages offer."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from controller import schema_problems
from controller.catalogues import Catalogues
from controller.errors import InputError, Problem, one_of

OPTION_TYPES = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
}
"""What a backend calls the types of its options, in the words of JSON Schema."""


def load(root: Path, name: str, catalogues: Catalogues) -> dict[str, Any]:
    """Read ``profiles/<name>.yml`` and fill in the defaults of the schema.

    Raises:
        InputError: no such profile, not YAML, not of the schema's shape, or naming what nothing offers; all mistakes at
            once.
    """
    path = root / "profiles" / f"{name}.yml"
    known = [found.stem for found in path.parent.glob("*.yml")]
    if name not in known:
        raise InputError([Problem("profiles/", "profile", name, one_of(known))])
    shown = str(path.relative_to(root))
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            [Problem(shown, "(whole file)", " ".join(str(error).split()), "a YAML mapping")]
        ) from error
    schema = _schema(root)
    problems = schema_problems.problems(shown, value, schema)
    if isinstance(value, dict):
        malformed = {problem.key.partition(".")[0] for problem in problems}
        rest = {key: part for key, part in value.items() if key not in malformed}
        problems += check_names({**NO_NAMES, **_with_defaults(rest, schema)}, shown, catalogues)
    if problems:
        raise InputError(problems)
    return _with_defaults(value, schema)


NO_NAMES: dict[str, Any] = {"models": [], "backends": {}, "datasets": {}}
"""What stands in for the part of a profile that is malformed, so that the names in the rest are checked too."""


def check_names(profile: dict[str, Any], file: str, catalogues: Catalogues) -> list[Problem]:
    """Problems with the models, variants, backends and options that a profile names.

    Args:
        profile: its ``models``, ``variants`` and ``backends`` are well-formed.
        file: for messages.
        catalogues: what can be named.
    """
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
    for task, name in profile["datasets"].items():
        fitting = [item for item in catalogues.datasets if item["task"] in (None, task)]
        if not any(re.fullmatch(item["pattern"], name) for item in fitting):
            problems.append(
                Problem(file, f"datasets.{task}", name, one_of([item["names"] for item in fitting]))
            )
    for label, options in profile["backends"].items():
        problems += _check_backend(label, options, profile, file, catalogues)
    return problems


NOT_OPTIONS = frozenset({"runtime", "kinds", "variants", "format"})
"""Keys of a backend's entry that choose it; the others are its options."""


def options_of(entry: dict[str, Any]) -> dict[str, Any]:
    """What a profile's entry passes on to its backend."""
    return {key: value for key, value in entry.items() if key not in NOT_OPTIONS}


def runtime_of(label: str, options: dict[str, Any]) -> str:
    """The backend file that a label of the profile stands for."""
    return str(options.get("runtime", label))


def format_of(catalogues: Catalogues, label: str, options: dict[str, Any], model: str) -> str | None:
    """The zoo's format in which a backend of the profile gets a model; None where it needs no artifact or gets none.

    It is the entry's ``format``; else the backend's own default, where the model comes in it; else the first that the
    model comes in, in the backend's order and then the zoo's.
    """
    if "format" in options:
        return str(options["format"])
    backend = catalogues.backends[runtime_of(label, options)]
    default, reads = backend["default_format"], backend["formats"]
    offered = _readable(catalogues, model, reads)
    if default in offered:
        return str(default)
    by_kind = {
        kind: [name for name in offered if catalogues.formats[name]["file_format"] == kind] for kind in reads
    }
    return next((name for kind in reads for name in by_kind[kind]), None)


def _readable(catalogues: Catalogues, model: str, reads: list[str]) -> list[str]:
    """The formats of a model whose files are of a kind that a backend reads."""
    formats = catalogues.models[model]["formats"]
    return [name for name in formats if catalogues.formats[name]["file_format"] in reads]


def _check_backend(
    label: str, options: dict[str, Any], profile: dict[str, Any], file: str, catalogues: Catalogues
) -> list[Problem]:
    runtime = runtime_of(label, options)
    if runtime not in catalogues.backends:
        return [Problem(file, f"backends.{label}", runtime, one_of(catalogues.backends))]
    backend = catalogues.backends[runtime]
    schema = {
        "properties": {name: _option_schema(option) for name, option in backend["options"].items()},
        "additionalProperties": False,
    }
    problems = schema_problems.problems(file, options_of(options), schema, ("backends", label))
    problems += [
        Problem(file, f"backends.{label}.kinds", kind, one_of(catalogues.kinds))
        for kind in options.get("kinds", [])
        if kind not in catalogues.kinds
    ]
    problems += [
        Problem(file, f"backends.{label}.variants", variant, f"{one_of(offered)} (of model {model})")
        for model in profile["models"]
        if model in catalogues.models
        for offered in [catalogues.models[model]["variants"]]
        for variant in options.get("variants", [])
        if variant not in offered
    ]
    return problems + _check_formats(label, options, profile, file, catalogues)


def _check_formats(
    label: str, options: dict[str, Any], profile: dict[str, Any], file: str, catalogues: Catalogues
) -> list[Problem]:
    runtime = runtime_of(label, options)
    reads = catalogues.backends[runtime]["formats"]
    problems = []
    for model in profile["models"] if reads else []:
        if model not in catalogues.models:
            continue
        offered, wanted = _readable(catalogues, model, reads), options.get("format")
        if wanted is not None and wanted not in offered:
            valid = f"{one_of(offered)} (formats of model {model} that {runtime} reads)"
            problems.append(Problem(file, f"backends.{label}.format", wanted, valid))
        elif not offered:
            formats = catalogues.models[model]["formats"]
            valid = f"a backend that reads one of {one_of(formats)} (formats of model {model})"
            problems.append(Problem(file, f"backends.{label}", f"{runtime} reads {one_of(reads)}", valid))
    return problems


def _option_schema(option: dict[str, Any]) -> dict[str, Any]:
    """A backend's description of an option as JSON Schema."""
    optional = option["default"] is None
    schema: dict[str, Any] = {"type": [OPTION_TYPES[option["type"]]] + ["null"] * optional}
    if "choices" in option:
        schema["enum"] = option["choices"] + [None] * optional
    if "minimum" in option:
        schema["minimum"] = option["minimum"]
    return schema


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
