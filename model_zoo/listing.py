"""The catalogue as ``python -m model_zoo list`` prints it."""

from collections.abc import Sequence
from typing import Any

from model_zoo import catalogue, data_files, plugins
from model_zoo.model import Model

_HEAD = ("model", "task", "input", "parameters", "GMACs", "weights", "formats")
_RIGHT = frozenset({"input", "parameters", "GMACs"})


def row(model: Model) -> dict[str, Any]:
    """Return what is known of a model without building it, for programs."""
    return {
        "model": model.name,
        "task": model.task,
        "variants": catalogue.variants_of(model),
        "formats": catalogue.formats_of(model),
        "weights": plugins.load("sources", model.source_kind).declared_weights(model),
        "dataset": model.dataset,
        "parameters": model.parameters,
        "macs": model.macs,
        "input_shape": list(model.input_shape),
        "origin": model.origin,
    }


def lines(models: Sequence[Model]) -> list[str]:
    """Return the catalogue as a table for people: a head, a line for each model and a sum."""
    cells = [_HEAD, *(_cells(model) for model in models)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    table = [
        "  ".join(
            cell.rjust(width) if name in _RIGHT else cell.ljust(width)
            for name, cell, width in zip(_HEAD, line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]
    every = " ".join(plugins.names("exporters"))
    return [*table, "", f"{len(models)} models; all formats: {every}"]


def _cells(model: Model) -> tuple[str, ...]:
    found = row(model)
    parameters = "?" if model.parameters is None else f"{model.parameters / 1e6:.2f} M"
    macs = "?" if model.macs is None else f"{model.macs / 1e9:.3f}"
    size = "x".join(map(str, model.input_shape[1:]))
    weights = str(found["weights"]).replace("_", " ")
    return model.name, model.task, size, parameters, macs, weights, formats_text(model)


def formats_text(model: Model) -> str:
    """Return the formats that a model comes in; ``all`` where that is every one there is."""
    formats = catalogue.formats_of(model)
    return "all" if formats == plugins.names("exporters") else ", ".join(formats)


def datasets(found: Sequence[dict[str, Any]]) -> list[str]:
    """Return the families of data sets as a table for people."""
    said = {True: "here", False: f"not here: {data_files.root()}", None: ""}
    rows = [(item["names"], item["about"], said[item["present"]]) for item in found]
    widths = [max(len(line[column]) for line in rows) for column in range(3)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in rows
    ]
