"""The key under which a build is cached: everything that shapes the file, known without importing torch."""

import ast
import hashlib
import importlib.metadata
import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import ModuleType

from model_zoo import converter_environment, dataset, plugins
from model_zoo.model import Model

_HERE = Path(__file__).parent


def key(
    model: Model, variant_module: str, variant: str, format_name: str, opset: int | None, weights: str
) -> str:
    """Return the SHA-256 over the entry, the variant, the format, the weights' kind, versions and code.

    Args:
        weights: what they turned out to be: ``seeded_random``, ``trained`` or ``pretrained``.
    """
    entry = {name: value for name, value in asdict(model).items() if name not in ("defined_in", "origin")}
    parts = {
        "entry": entry,
        "variant": variant,
        "format": format_name,
        "opset": opset,
        "weights": weights,
        "data": _fingerprint(model.dataset),
        "versions": versions(model, format_name),
        "code": [_digest(path) for path in _files(model, variant_module, format_name)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def versions(model: Model, format_name: str) -> dict[str, str | None]:
    """Return the installed version of each package that shapes the file; None where one is not installed."""
    found = {package: _version(package) for package in plugins.load("sources", model.source_kind).PACKAGES}
    for exporter in _chain(format_name):
        if hasattr(exporter, "ENVIRONMENT"):
            locked = converter_environment.versions(exporter.ENVIRONMENT)
            found |= {package: locked[package.lower()] for package in exporter.PACKAGES}
        else:
            found |= {package: _version(package) for package in exporter.PACKAGES}
        if hasattr(exporter, "TOOL"):
            found[exporter.TOOL] = _tool_version(exporter.TOOL)
    return dict(sorted(found.items()))


def _chain(format_name: str) -> list[ModuleType]:
    """Return the exporters that a file passes through, the one that writes the artifact last."""
    exporter = plugins.load("exporters", format_name)
    return [*(_chain(exporter.SOURCE) if hasattr(exporter, "SOURCE") else []), exporter]


@cache
def _tool_version(tool: str) -> str | None:
    if shutil.which(tool) is None:
        return None
    done = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


@cache
def _fingerprint(name: str) -> str | None:
    return dataset.fingerprint(name)


@cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _files(model: Model, variant_module: str, format_name: str) -> list[Path]:
    source, chain = plugins.load("sources", model.source_kind), _chain(format_name)
    environments = [exporter.ENVIRONMENT for exporter in chain if hasattr(exporter, "ENVIRONMENT")]
    code = [
        _HERE / "worker.py",
        _HERE / "sources" / f"{model.source_kind}.py",
        _HERE / "variants" / f"{variant_module}.py",
        *(_HERE / "exporters" / f"{exporter.__name__.rpartition('.')[2]}.py" for exporter in chain),
        _HERE / "datasets" / f"{dataset.module_of(model.dataset)}.py",
        *source.code_files(model),
    ]
    return [*_with_imports(code), *(converter_environment.lock_of(target) for target in environments)]


def _with_imports(paths: Iterable[Path]) -> list[Path]:
    """Return the files and every file of this package that they import, directly or not."""
    found: set[Path] = set()
    left = set(paths)
    while left:
        path = left.pop()
        found.add(path)
        if path.is_relative_to(_HERE) and path.suffix == ".py":
            left |= _imports(path) - found
    return sorted(found)


@cache
def _imports(path: Path) -> set[Path]:
    """Return the files of this package that a file imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = (_HERE.parent.joinpath(*name.split(".")).with_suffix(".py") for name in names)
    return {file for file in files if file.is_relative_to(_HERE) and file.is_file()}


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
