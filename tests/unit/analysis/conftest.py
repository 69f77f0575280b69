import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.ingest import ingest
from analysis.sweep import Sweep, load_sweep
from tests.unit.analysis.analysis_factory import Lab


@pytest.fixture(scope="session")
def good_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole sweep, ingested; shared by tests that only read it."""
    root = Lab(tmp_path_factory.mktemp("good")).write()
    ingest(load_sweep(root))
    return root


@pytest.fixture
def results(good_results: Path, tmp_path: Path) -> Path:
    """A whole sweep that a test may break."""
    return Path(shutil.copytree(good_results, tmp_path / good_results.name))


@pytest.fixture
def small_lab(tmp_path: Path) -> Callable[..., Sweep]:
    """Writes one small sweep: one model, one backend, one mode, unless told otherwise."""

    def make(**changes: object) -> Sweep:
        defaults: dict[str, object] = {
            "models": ("digits_cnn",),
            "backends": ("onnxruntime",),
            "modes": {"warm": (5, 30)},
            "repeats": 2,
        }
        return load_sweep(Lab(tmp_path / "small", **defaults | changes).write())  # type: ignore[arg-type]

    return make
