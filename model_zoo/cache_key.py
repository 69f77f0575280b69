"""The key under which a build is cached: everything that shapes the file, known without importing torch."""

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
from dataclasses import asdict
from functools import cache
from pathlib import Path
from types import ModuleType

from model_zoo import converter_environment, dataset, plugins
from model_zoo.model import Model

_HERE = Path(__file__).parent
_SHARED = (
    *("worker.py", "verification.py", "preprocess.py", "source.py", "weights.py", "torch_setup.py"),
    *("request.py", "bridge.py", "exporting.py"),
)


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
    source, folder, chain = (
        plugins.load("sources", model.source_kind),
        _HERE / "exporters",
        _chain(format_name),
    )
    environments = [exporter.ENVIRONMENT for exporter in chain if hasattr(exporter, "ENVIRONMENT")]
    return [
        *(_HERE / name for name in _SHARED),
        _HERE / "sources" / f"{model.source_kind}.py",
        *(_HERE / "variants" / f"{name}.py" for name in (variant_module, *_made_of(variant_module))),
        *(folder / f"{exporter.__name__.rpartition('.')[2]}.py" for exporter in chain),
        *(converter_environment.lock_of(target) for target in environments),
        *sorted(folder.glob("_[a-z]*.py")),
        _HERE / "datasets" / f"{dataset.module_of(model.dataset)}.py",
        *source.code_files(model),
    ]


def _made_of(variant_module: str) -> tuple[str, ...]:
    """Return the other modules that a variant is made with."""
    return tuple(getattr(plugins.load("variants", variant_module), "MADE_OF", ()))


@cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
