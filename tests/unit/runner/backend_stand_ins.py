"""What the tests of backends share: an artifact, and a backend whose runtime is a stand-in."""

from types import ModuleType
from typing import Any

from edgebench_runner.backends import _base

ARTIFACT = {"path": "/nowhere/model", "format": "onnx", "input": {"shape": [1, 3, 4, 4]}}


def prepared(module: ModuleType, attribute: str, runtime: Any, **options: Any) -> _base.Backend:
    """Return a backend with these options that has imported ``runtime``."""
    backend = module.Backend(options)
    setattr(backend, attribute, runtime)
    return backend
