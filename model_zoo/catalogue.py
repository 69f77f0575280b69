"""The catalogue: every table of every TOML file in ``models/``, and of the user's own directories."""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from model_zoo import dataset, exporting, plugins
from model_zoo.errors import ZooError
from model_zoo.model import Model, from_table

BUILT_IN = Path(__file__).parent / "models"
VARIABLE = "EDGEBENCH_MODELS"
"""Environment variable: more directories (separated like PATH) with entries of the user's own."""


def directories(extra: Iterable[Path] = ()) -> list[Path]:
    """Return the directories that are read: the built-in one, those of the environment, then ``extra``."""
    own = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    return [BUILT_IN, *own, *extra]


def load(extra: Iterable[Path] = ()) -> dict[str, Model]:
    """Read the whole catalogue, sorted by name.

    Raises:
        ZooError: a directory is missing, a file is not TOML, an entry is wrong, or a name is there twice.
    """
    models: dict[str, Model] = {}
    for directory in directories(extra):
        if not directory.is_dir():
            raise ZooError(f"{directory}: no such directory of models")
        for path in sorted(directory.glob("*.toml")):
            for model in _read(path):
                if model.name in models:
                    raise ZooError(f"{path}: [{model.name}] is already in {models[model.name].defined_in}")
                models[model.name] = model
    return dict(sorted(models.items()))


def select(models: Mapping[str, Model], names: Sequence[str]) -> list[Model]:
    """Return the models of these names, in this order, once each; ``all`` means every one.

    Raises:
        ZooError: names that are not in the catalogue, all of them in one message.
    """
    if list(names) == ["all"]:
        return list(models.values())
    unknown = [name for name in names if name not in models]
    if unknown:
        raise ZooError(f"models: unknown {', '.join(unknown)}; valid: {', '.join(models)}")
    return [models[name] for name in dict.fromkeys(names)]


def with_datasets(models: Sequence[Model], pairs: Sequence[str]) -> list[Model]:
    """Return the models with the data sets of ``task=name`` pairs, where their entries name none.

    Raises:
        ZooError: a pair is malformed, or there is no such task or data set.
    """
    chosen: dict[str, str] = {}
    tasks = plugins.names("tasks")
    for pair in pairs:
        task, _, name = pair.partition("=")
        if task not in tasks or not name:
            raise ZooError(f"--datasets: found {pair!r}; valid: <task>=<name>, tasks: {', '.join(tasks)}")
        meant = dataset.task_of(name)
        if meant not in (None, task):
            raise ZooError(f"--datasets: found {pair!r}; {name} is for {meant}")
        chosen[task] = name
    return [
        replace(model, dataset=chosen[model.task])
        if model.task in chosen and dataset.module_of(model.dataset) == "synthetic"
        else model
        for model in models
    ]


def variants_of(model: Model) -> list[str]:
    """Return the names of the variants that can be made of a model."""
    weights = plugins.load("sources", model.source_kind).declared_weights(model)
    modules = [plugins.load("variants", name) for name in plugins.names("variants")]
    found = [name for module in modules if module.applies(weights) for name in module.NAMES]
    return [name for name in found if model.variants is None or name in model.variants]


def formats_of(model: Model) -> list[str]:
    """Return the names of the formats that a model can be exported to."""
    gives = plugins.load("sources", model.source_kind).GIVES
    possible = [name for name in plugins.names("exporters") if gives in exporting.takes(name)]
    return [name for name in possible if model.formats is None or name in model.formats]


def _read(path: Path) -> list[Model]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ZooError(f"{path}: not valid TOML: {error}") from error
    models = [from_table(name, table, path) for name, table in tables.items()]
    for model in models:
        if model.source_kind not in plugins.names("sources"):
            valid = ", ".join(plugins.names("sources"))
            raise ZooError(
                f"{path}: [{model.name}] source: unknown kind {model.source_kind!r}; valid: {valid}"
            )
    return models
