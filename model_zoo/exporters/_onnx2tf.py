"""onnx2tf, as the exporters call it that write TensorFlow's formats from ONNX."""

from pathlib import Path
from typing import Any

import numpy as np

from model_zoo.request import Request

ENVIRONMENT = "converters-x86_64-cp311/onnx2tf"
PACKAGES = ("onnx2tf", "tensorflow", "onnx")
# onnx2tf fetches this file even where it saves nothing; the one in the current directory is taken first.
_SAMPLE = "calibration_image_sample_data_20x128x128x3_float32.npy"


def network(source: Path) -> Any:
    """Return the first output of an ONNX file as a Keras model, whose input is (1, H, W, C).

    onnx2tf's own writing of files is not used: it goes on where it failed, and says so in its log only.
    """
    import onnx2tf

    _keep_first_output(source, Path("model.onnx"))
    np.save(_SAMPLE, np.zeros((20, 128, 128, 3), np.float32))
    return onnx2tf.convert(
        input_onnx_file_path="model.onnx",
        output_folder_path="converted",
        disable_model_save=True,
        non_verbose=True,
    )


def function(model: Any) -> Any:
    """Return a Keras model as a concrete function of its one input shape."""
    import tensorflow as tf

    entry = tf.TensorSpec(model.inputs[0].shape, tf.float32, "input")
    return tf.function(
        lambda image: model(image, training=False), input_signature=[entry]
    ).get_concrete_function()


def write_tflite(model: Any, path: Path, request: Request) -> None:
    """Write a Keras model (of either Keras) as a TensorFlow Lite file."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(model)], model)
    if request.precision != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if request.precision == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    if request.precision in ("int8", "uint8"):
        images = np.ascontiguousarray(request.calibration.transpose(0, 2, 3, 1))
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        kind = {"int8": tf.int8, "uint8": tf.uint8}[request.precision]
        converter.inference_input_type = converter.inference_output_type = kind
    path.write_bytes(converter.convert())


def _keep_first_output(source: Path, target: Path) -> None:
    """Write the network without its further outputs, and the first one flat, so that its axes keep their order."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(str(source))
    graph, first = model.graph, model.graph.output[0]
    shape = [size.dim_value for size in first.type.tensor_type.shape.dim]
    del graph.output[1:]
    if len(shape) > 2:
        graph.node.append(helper.make_node("Flatten", [first.name], ["flat_output"], axis=1))
        graph.output.remove(first)
        flat = helper.make_tensor_value_info("flat_output", TensorProto.FLOAT, [1, int(np.prod(shape))])
        graph.output.append(flat)
    onnx.save(model, str(target))
