"""From a network to a file: an exporter writes it, or converts what another exporter wrote."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from model_zoo import bridge, plugins
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.request import Request
from model_zoo.source import Loaded

SOURCE_OPSET = 17
"""Of the ONNX files that other formats are converted from."""


def takes(format_name: str) -> tuple[str, ...]:
    """Return the kinds of source (what sources call ``GIVES``) that a format can be made of."""
    exporter = plugins.load("exporters", format_name)
    if not hasattr(exporter, "export"):
        return takes(exporter.SOURCE)
    kinds: tuple[str, ...] = exporter.TAKES
    return kinds


def write(
    format_name: str, loaded: Loaded, path: Path, request: Request, scratch: Path
) -> dict[str, Any] | None:
    """Write one file and return what its record says of it.

    Args:
        scratch: keeps the files that others are converted from, so that each is written once for one variant.

    Raises:
        UnsupportedError: the file cannot be, with the reason.
    """
    exporter = plugins.load("exporters", format_name)
    if request.precision not in exporter.PRECISIONS:
        valid = ", ".join(exporter.PRECISIONS)
        raise UnsupportedError(f"{format_name} files are made as {valid}, not as {request.precision}")
    tool = getattr(exporter, "TOOL", None)
    if tool is not None and shutil.which(tool) is None:
        raise UnsupportedError(f"{tool} is not installed on the machine that builds")
    if hasattr(exporter, "export"):
        return _here(format_name, exporter.export, loaded, path, request)
    source = source_path(format_name, request.precision, scratch)
    if not source.exists():
        between = replace(
            request, precision=exporter.PRECISIONS[request.precision], opset=SOURCE_OPSET, between=True
        )
        unfinished = source.parent.with_name(f"{source.parent.name}-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        write(exporter.SOURCE, loaded, unfinished / source.name, between, scratch)
        unfinished.rename(source.parent)
    if hasattr(exporter, "ENVIRONMENT"):
        return bridge.convert(format_name, source, path, request)
    return _here(format_name, exporter.convert, source, path, request)


def _here(format_name: str, writes: Callable[..., Any], *arguments: Any) -> dict[str, Any] | None:
    """Let an exporter write in this process; what it says against the network is a refusal."""
    try:
        said: dict[str, Any] | None = writes(*arguments)
    except (UnsupportedError, ZooError):
        raise
    except Exception as error:
        if bridge.is_of_this_machine(error):
            raise
        raise UnsupportedError(f"{format_name}: {bridge.words_of(error)}") from error
    return said


def source_path(format_name: str, precision: str, scratch: Path) -> Path:
    """Return where the file lies that a format is converted from."""
    exporter = plugins.load("exporters", format_name)
    maker = plugins.load("exporters", exporter.SOURCE)
    return scratch / f"{exporter.SOURCE}-{exporter.PRECISIONS[precision]}" / f"model.{maker.EXTENSION}"
