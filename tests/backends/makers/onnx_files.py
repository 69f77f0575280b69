"""``model.onnx`` and, with integer weights and activations, ``model_int8.onnx``."""

import sys
from pathlib import Path

import numpy as np
import onnx
import small_network
from onnx import TensorProto, helper


def network(weights: dict) -> onnx.ModelProto:
    """Return the network as ONNX, opset 17."""
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["input", "kernel_1", "bias_1"], ["a"], **same),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["c", "kernel_2", "bias_2"], ["d"], **same),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("GlobalAveragePool", ["e"], ["f"]),
        helper.make_node("Flatten", ["f"], ["g"]),
        helper.make_node("Gemm", ["g", "matrix", "bias_3"], ["output"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, small_network.SHAPE)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, small_network.CLASSES])],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 8
    return made


def main(directory: Path) -> None:
    """Write both files, and one whose weights are not numbers."""
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    weights = small_network.weights()
    onnx.save(network(weights), directory / "model.onnx")
    onnx.save(
        network({**weights, "bias_3": weights["bias_3"] * np.float32("nan")}), directory / "model_nan.onnx"
    )

    class Inputs(CalibrationDataReader):
        """Hands out the stored inputs."""

        def __init__(self) -> None:
            self._pending = [{"input": item[None]} for item in small_network.inputs(32)]

        def get_next(self) -> dict | None:
            """Return the next input."""
            return self._pending.pop() if self._pending else None

    quantize_static(directory / "model.onnx", directory / "model_int8.onnx", Inputs(), per_channel=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
