"""onnx2tf, as the exporters call it that write TensorFlow's formats from ONNX."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from model_zoo.exporters import _tensorflow

ENVIRONMENT = "converters-x86_64-cp311/onnx2tf"
PACKAGES = ("onnx2tf", "tensorflow", "onnx")
# onnx2tf fetches these images even where it saves nothing; the file in the current directory is taken first. It finds
# the order of axes by what the network makes of them: of a constant image every order is the same, and it took a wrong
# one.
_SAMPLE = "calibration_image_sample_data_20x128x128x3_float32.npy"


def network(source: Path) -> Any:
    """Return an ONNX file of one output as a ``tf.Module``, whose ``serve`` takes (1, H, W, C).

    The last one is kept, for several formats are made of it, and so is the refusal of the last one. The module holds
    nothing of Keras's model but the variables of its graph: saving each layer took most of a conversion, and the model
    does not know all of them. onnx2tf's own writing of files is not used: it goes on where it failed, and says so in
    its log only.
    """
    made = _made(source)
    if isinstance(made, Exception):
        raise made
    return made


@lru_cache(maxsize=1)
def _made(source: Path) -> Any:
    try:
        return _module(source)
    except Exception as error:
        return error


def _module(source: Path) -> Any:
    import onnx2tf
    import tensorflow as tf

    _flatten_output(source, Path("model.onnx"))
    np.save(_SAMPLE, np.random.default_rng(0).random((20, 128, 128, 3), np.float32))
    model = onnx2tf.convert(
        input_onnx_file_path="model.onnx",
        output_folder_path="converted",
        disable_model_save=True,
        output_integer_quantized_tflite=True,  # a pool is padded with 0, not with the least number, which has no scale
        non_verbose=True,
    )
    module = tf.Module()
    module.serve = tf.function(
        lambda image: model(image, training=False), input_signature=[_tensorflow.signature(model)]
    )
    module.kept = module.serve.get_concrete_function().graph.variables
    return module


def function(source: Path) -> tuple[Any, Any]:
    """Return the network of an ONNX file as a concrete function of a batch of one, and the module it lives in."""
    module = network(source)
    return module.serve.get_concrete_function(), module


def _flatten_output(source: Path, target: Path) -> None:
    """Write the network with an output of at most two axes, which onnx2tf does not reorder."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(str(source))
    graph, first = model.graph, model.graph.output[0]
    shape = [size.dim_value for size in first.type.tensor_type.shape.dim]
    if len(shape) > 2:
        graph.node.append(helper.make_node("Flatten", [first.name], ["flat_output"], axis=1))
        graph.output.remove(first)
        size = int(np.prod(shape)) or None  # a size that the file does not say reads as 0
        flat = helper.make_tensor_value_info("flat_output", TensorProto.FLOAT, [1, size])
        graph.output.append(flat)
    onnx.save(model, str(target))
