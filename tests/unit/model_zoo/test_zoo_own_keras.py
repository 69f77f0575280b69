"""A Keras file of the user's: held to its digest, opened in Keras's environment, refused where it cannot be measured.

A stand-in for Keras reads the file as what it is to say: the real one is in an environment of its own.
"""

import hashlib
import sys
from pathlib import Path

import pytest

from model_zoo import bridge, converter_environment, dataset
from model_zoo.errors import ZooError
from model_zoo.model import from_table
from model_zoo.source import Loaded, Request
from model_zoo.sources import keras as source

STAND_IN = """
from types import SimpleNamespace as Space

def load_model(path, compile, safe_mode):
    assert safe_mode and not compile
    text = open(path).read()
    if not text.startswith("shape"):
        raise ValueError(text)
    shapes = eval(text.partition(" ")[2])
    weights = [Space(shape=(3, 3, 1, 8)), Space(shape=(8,))]
    return Space(inputs=[Space(shape=shape) for shape in shapes], trainable_weights=weights)

models = Space(load_model=load_model)
"""


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "keras.py").write_text(STAND_IN)
    monkeypatch.setattr(converter_environment, "python_of", lambda target: Path(sys.executable))
    variables = {"PYTHONPATH": f"{folder}:{converter_environment.CHECKOUT}"}
    monkeypatch.setattr(bridge, "_variables", lambda python: variables)


def load(folder: Path, content: str, sha256: str | None = None) -> Loaded:
    (folder / "own.keras").write_text(content)
    digest = sha256 or hashlib.sha256(content.encode()).hexdigest()
    table = {
        "task": "classification",
        "source": "keras:own.keras",
        "sha256": digest,
        "input": [1, 1, 8, 8],
        "preprocess": "digits",
        "dataset": "digits",
    }
    model = from_table("own", table, folder / "own.toml")
    return source.load(Request(model, dataset.load("digits"), "auto", folder))


def test_a_good_file_is_taken_as_it_is_and_its_parameters_are_counted(tmp_path: Path) -> None:
    loaded = load(tmp_path, "shape [(None, 8, 8, 1)]")
    assert (loaded.file, loaded.file_format) == (tmp_path / "own.keras", "keras")
    assert loaded.weights == "pretrained"
    assert loaded.parameters == 80


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the Lambda layer is unsafe", "with code in it: the Lambda layer is unsafe"),
        ("File is not a zip file", "truncated, not Keras"),
        ("shape [(None, None, None, 1)]", r"dynamic shape \[None, None, None, 1\]; valid: fixed sizes"),
        ("shape [(None, 9, 9, 1)]", r"is \[None, 9, 9, 1\], \[own\] input says \[1, 8, 8, 1\]"),
        ("shape [(None, 8, 8, 1), (None, 4)]", "has 2 inputs; valid: exactly one"),
    ],
)
def test_a_file_that_cannot_be_measured_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ZooError, match=message) as caught:
        load(tmp_path, content)
    assert str(tmp_path / "own.keras") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_digest_stops_with_both(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=f"wrong digest: expected {'a' * 64}, found [0-9a-f]{{64}}"):
        load(tmp_path, "shape [(None, 8, 8, 1)]", "a" * 64)
