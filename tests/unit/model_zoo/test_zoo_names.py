"""What the names that ``build`` is given stand for."""

from pathlib import Path

import pytest

from model_zoo import build, catalogue
from model_zoo.errors import ZooError
from model_zoo.store import Store

MODELS = catalogue.load()


def identities(*names: str, opsets: tuple[int, ...] = (17,)) -> list[tuple[str, str, str, int | None]]:
    targets = build.named(names, MODELS, ["fp32"], ["onnx", "tflite"], opsets)
    return [target.identity for target in targets]


def test_a_model_is_made_in_what_the_options_say() -> None:
    assert identities("resnet50") == [
        ("resnet50", "fp32", "onnx", 17),
        ("resnet50", "fp32", "tflite", None),
    ]


def test_a_longer_name_stands_for_less() -> None:
    assert identities("resnet50.int8") == [
        ("resnet50", "int8", "onnx", 17),
        ("resnet50", "int8", "tflite", None),
    ]
    assert identities("resnet50.int8.onnx", opsets=(13, 17)) == [
        ("resnet50", "int8", "onnx", 13),
        ("resnet50", "int8", "onnx", 17),
    ]
    assert identities("resnet50.int8.onnx.13", "digits_cnn.fp32.mnn") == [
        ("resnet50", "int8", "onnx", 13),
        ("digits_cnn", "fp32", "mnn", None),
    ]


def test_all_takes_a_variant_too() -> None:
    assert {name for name, *_ in identities("all.fp16.onnx")} == set(MODELS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet51.fp32.onnx", "models: unknown resnet51; valid: alexnet"),
        ("resnet50.int4.onnx", "unknown int4; valid: fp16"),
        ("resnet50.int8.caffe", "unknown caffe; valid: "),
        ("resnet50.int8.onnx.new", r"'resnet50\.int8\.onnx\.new'; valid: model, model\.variant"),
        ("resnet50.int8.onnx.13.2", r"valid: model, model\.variant"),
    ],
)
def test_an_unknown_part_is_named(name: str, message: str) -> None:
    with pytest.raises(ZooError, match=message):
        identities(name)


def test_a_format_that_no_network_of_a_source_has_is_refused_without_loading_it(tmp_path: Path) -> None:
    targets = build.named(["keras_resnet50_tf_flowers"], MODELS, ["fp32"], ["onnx"], [17])
    result = build.build(Store(tmp_path), targets, "auto", 1)
    assert (result.artifacts, result.errors) == ([], [])
    (refusal,) = Store(tmp_path).index()["unsupported"]
    assert refusal["reason"] == "onnx files are made of a network of torch or onnx, and the source is keras"
    assert not list(tmp_path.glob("artifacts/*"))
