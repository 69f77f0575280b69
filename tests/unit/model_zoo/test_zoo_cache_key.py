"""The key of a build covers the code that shapes the file, found by what that code imports."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
KEY = (
    "from model_zoo import cache_key, catalogue;"
    " print(cache_key.key(catalogue.load()['digits_cnn'], 'pruned_int8', 'pruned_80_int8', 'tflite', None, 'trained'))"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the zoo whose files a test may change."""
    for name in ("model_zoo", "locks"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def key(checkout: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", KEY], cwd=checkout, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        (True, "worker.py"),
        (True, "image_files.py"),  # the data set's way to read images: imported by what is imported
        (True, "variants/int8.py"),
        (True, "exporters/_tensorflow.py"),
        (True, "exporters/onnx.py"),  # the file that the exporter starts from
        (True, "architectures/digits_cnn.py"),
        (False, "exporters/openvino.py"),
        (False, "architectures/yolox.py"),
        (False, "cli.py"),
    ],
)
def test_a_build_is_made_again_when_code_that_shapes_it_changes(
    checkout: Path, changed: bool, name: str
) -> None:
    before = key(checkout)
    with (checkout / "model_zoo" / name).open("a") as file:
        file.write("\n# changed\n")
    assert (key(checkout) != before) is changed
