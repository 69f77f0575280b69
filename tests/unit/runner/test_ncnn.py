"""ncnn: files that are not whole, and the input that a file describes."""

from types import SimpleNamespace

import pytest
from backend_stand_ins import ARTIFACT, prepared

from edgebench_runner.backends import ncnn
from edgebench_runner.errors import LoadFailedError, UnsupportedError


class NcnnNet:
    def __init__(self):
        self.opt = SimpleNamespace(num_threads=1)

    def load_param(self, path):
        return -1


@pytest.mark.parametrize(("weights", "error"), [(False, LoadFailedError), (True, UnsupportedError)])
def test_ncnn_without_weights_or_with_a_layer_it_lacks(tmp_path, weights, error):
    if weights:
        (tmp_path / "m.bin").touch()
    backend = prepared(ncnn, "_ncnn", SimpleNamespace(Net=NcnnNet))
    with pytest.raises(error):
        backend.load({**ARTIFACT, "path": str(tmp_path / "m.param")})


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("Input input 0 1 input 0=224 1=112 2=3", [1, 3, 112, 224]),
        ("Input input 0 1 input", [1, 0, 0, 0]),
        ("Convolution c 1 1 a b 0=8", [1, 0, 0, 0]),
    ],
)
def test_ncnn_input_that_the_file_describes(tmp_path, line, shape):
    (tmp_path / "m.param").write_text(f"7767517\n1 1\n{line}\n")
    assert ncnn._described_input(str(tmp_path / "m.param"), ARTIFACT) == shape
