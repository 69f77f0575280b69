"""One entry of the catalogue: a table of a TOML file, checked key by key."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_zoo import plugins, postprocess
from model_zoo.errors import ZooError
from model_zoo.preprocess import PRESETS, Preprocess

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_KEYS: dict[str, type | tuple[type, ...]] = {
    "task": str,
    "source": str,
    "input": list,
    "arguments": dict,
    "classes": int,
    "preprocess": (str, dict),
    "postprocess": dict,
    "parameters": int,
    "macs": int,
    "dataset": str,
    "weights": str,
    "sha256": str,
    "seed": int,
    "origin": str,
    "formats": list,
    "variants": list,
}
_REQUIRED = ("task", "source", "input", "preprocess")


@dataclass(frozen=True)
class Model:
    """An architecture with its task, input and weights, as the catalogue describes it.

    Attributes:
        name: what profiles call it.
        source: ``<kind>:<argument>``, where kind is a module of ``model_zoo.sources``.
        arguments: what the source's constructor is given.
        input_shape: (1, C, H, W).
        postprocess: what the task on the board needs to read the output, or None for classification.
        parameters: number of learned values, or None where the entry does not state it.
        macs: multiply-accumulate operations of one inference, or None.
        weights: what the source calls its pretrained weights, or None.
        sha256: digest of the weights or of the model's file, as many leading digits as its publisher gives.
        origin: the paper, and the study that used it.
        formats: the formats it is restricted to, or None.
        variants: the variants it is restricted to, or None.
        defined_in: the TOML file.
    """

    name: str
    task: str
    source: str
    arguments: dict[str, Any] = field(hash=False)
    input_shape: tuple[int, ...]
    preprocess: Preprocess
    postprocess: dict[str, Any] | None = field(hash=False)
    dataset: str
    classes: int | None
    parameters: int | None
    macs: int | None
    weights: str | None
    sha256: str | None
    seed: int
    origin: str
    formats: tuple[str, ...] | None
    variants: tuple[str, ...] | None
    defined_in: Path

    @property
    def source_kind(self) -> str:
        """The module of ``model_zoo.sources`` that makes this model."""
        return self.source.partition(":")[0]

    @property
    def source_argument(self) -> str:
        """What that module is given: a constructor's name, a path or an address."""
        return self.source.partition(":")[2]


def from_table(name: str, table: Any, path: Path) -> Model:
    """Check one table of a catalogue file and turn it into a Model.

    Raises:
        ZooError: with the file, the key, what was found and what is valid.
    """
    where = f"{path}: [{name}]"
    if not NAME.fullmatch(name):
        raise ZooError(f"{where}: the name must match {NAME.pattern}")
    if not isinstance(table, dict):
        raise ZooError(f"{where}: must be a table, found {table!r}")
    _check_keys(where, table)
    shape = table["input"]
    if len(shape) != 4 or not all(isinstance(size, int) and size > 0 for size in shape) or shape[0] != 1:
        raise ZooError(f"{where} input: found {shape!r}; valid: [1, channels, height, width], fixed sizes")
    tasks = plugins.names("tasks")
    if table["task"] not in tasks:
        raise ZooError(f"{where} task: found {table['task']!r}; valid: {', '.join(tasks)}")
    if ":" not in table["source"]:
        raise ZooError(f"{where} source: found {table['source']!r}; valid: '<kind>:<argument>'")
    return Model(
        name=name,
        task=table["task"],
        source=table["source"],
        arguments=table.get("arguments", {}),
        input_shape=tuple(shape),
        preprocess=_preprocess(where, table["preprocess"], shape),
        postprocess=postprocess.check(where, table["task"], table.get("postprocess")),
        dataset=table.get("dataset", f"synthetic_{shape[2]}"),
        classes=table.get("classes"),
        parameters=table.get("parameters"),
        macs=table.get("macs"),
        weights=table.get("weights"),
        sha256=table.get("sha256"),
        seed=table.get("seed", 0),
        origin=table.get("origin", ""),
        formats=tuple(table["formats"]) if "formats" in table else None,
        variants=tuple(table["variants"]) if "variants" in table else None,
        defined_in=path,
    )


def _check_keys(where: str, table: dict[str, Any]) -> None:
    for key, value in table.items():
        if key not in _KEYS:
            raise ZooError(f"{where} {key}: unknown key; valid: {', '.join(sorted(_KEYS))}")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise ZooError(f"{where} {key}: found {value!r}; valid: {_type_name(_KEYS[key])}")
    for key in _REQUIRED:
        if key not in table:
            raise ZooError(f"{where} {key}: missing; required: {', '.join(_REQUIRED)}")


def _type_name(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(k.__name__ for k in kinds)


def _preprocess(where: str, value: str | dict[str, Any], shape: list[int]) -> Preprocess:
    _, channels, height, width = shape
    if isinstance(value, str):
        if value not in PRESETS:
            raise ZooError(f"{where} preprocess: found {value!r}; valid: {', '.join(PRESETS)}, or a table")
        scale, mean, std = PRESETS[value]
    else:
        if set(value) != {"scale", "mean", "std"}:
            raise ZooError(f"{where} preprocess: found keys {sorted(value)}; valid: mean, scale, std")
        scale, mean, std = value["scale"], tuple(value["mean"]), tuple(value["std"])
    if len(mean) != channels or len(std) != channels or 0 in std:
        raise ZooError(f"{where} preprocess: mean and std need {channels} values each, std without zeros")
    return Preprocess((height, width), float(scale), tuple(map(float, mean)), tuple(map(float, std)))
