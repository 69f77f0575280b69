"""ONNX files of the user's: what is taken, and what is refused with one clear error."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from model_zoo import catalogue, dataset
from model_zoo.errors import ZooError
from model_zoo.source import Loaded, Request
from model_zoo.sources import onnx as source
from model_zoo.store import sha256_of


def small_network(shape: list[int | str], domain: str = "") -> onnx.ModelProto:
    weights = numpy_helper.from_array(np.ones((5, 3, 8, 8), np.float32), "weights")
    node = helper.make_node("Conv", ["image", "weights"], ["classes"], domain=domain, kernel_shape=[8, 8])
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    classes = helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 5, 1, 1])
    graph = helper.make_graph([node], "small", [image], [classes], [weights])
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def load(folder: Path, content: bytes, digest: str | None = None) -> Loaded:
    path = folder / "small.onnx"
    path.write_bytes(content)
    (folder / "own.toml").write_text(
        '[small]\ntask = "classification"\nsource = "onnx:small.onnx"\ninput = [1, 3, 8, 8]\npreprocess = "unit"\n'
        + (f'sha256 = "{digest or sha256_of(path)}"\n' if digest != "" else "")
    )
    model = catalogue.load([folder])["small"]
    return source.load(Request(model, dataset.load(model.dataset), "auto", folder / "weights"))


def test_a_sound_file_is_taken_with_its_own_names(tmp_path: Path) -> None:
    loaded = load(tmp_path, small_network([1, 3, 8, 8]).SerializeToString())
    assert loaded.names == ("image", "classes")
    assert loaded.file == tmp_path / "small.onnx"


def test_a_wrong_digest_stops_with_both(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"expected a{64}, found [0-9a-f]{64}"):
        load(tmp_path, b"anything", "a" * 64)


@pytest.mark.parametrize("digest", ["", "abcdef0123"])
def test_a_missing_or_short_digest_is_refused(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ZooError, match=r"\[small\] sha256: found .*; valid: the 64 digits"):
        load(tmp_path, b"anything", digest)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    content = small_network([1, 3, 8, 8]).SerializeToString()
    with pytest.raises(ZooError, match="truncated or not ONNX"):
        load(tmp_path, content[: len(content) // 2])


def test_a_custom_operator_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"custom operators, which no backend has: my\.lab\.Conv"):
        load(tmp_path, small_network([1, 3, 8, 8], "my.lab").SerializeToString())


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (["batch", 3, 8, 8], r"dynamic shape \['batch', 3, 8, 8\]"),
        ([1, 3, 9, 8], r"is \[1, 3, 9, 8\], \[small\]"),
    ],
)
def test_a_shape_that_is_dynamic_or_another_is_refused(
    tmp_path: Path, shape: list[int | str], message: str
) -> None:
    with pytest.raises(ZooError, match=message):
        load(tmp_path, small_network(shape).SerializeToString())
