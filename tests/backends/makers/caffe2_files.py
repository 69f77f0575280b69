"""``caffe2/predict_net.pb`` and ``init_net.pb``: the few fields of Caffe2's messages that they take, by hand."""

import struct
import sys
from pathlib import Path

import small_network
from caffe_files import field, number

NAME, OPERATOR, EXTERNAL_INPUT, EXTERNAL_OUTPUT = 1, 2, 7, 8  # in NetDef
INPUT, OUTPUT, TYPE, ARGUMENT = 1, 2, 4, 5  # in OperatorDef
ARGUMENT_NAME, INTEGER, FLOATS, INTEGERS = 1, 3, 5, 6  # in Argument


def operator(kind: str, inputs: list[str], output: str, **values: int) -> bytes:
    """Return an operator with integer arguments."""
    content = b"".join(field(INPUT, name.encode()) for name in inputs)
    content += field(OUTPUT, output.encode()) + field(TYPE, kind.encode())
    for name, value in values.items():
        argument = field(ARGUMENT_NAME, name.encode()) + number(INTEGER << 3) + number(value)
        content += field(ARGUMENT, argument)
    return field(OPERATOR, content)


def filling(name: str, array) -> bytes:
    """Return the operator that gives a blob its values."""
    shape = b"".join(number(INTEGERS << 3) + number(size) for size in array.shape)
    values = b"".join(number(FLOATS << 3 | 5) + struct.pack("<f", value) for value in array.reshape(-1))
    arguments = [field(ARGUMENT_NAME, b"shape") + shape, field(ARGUMENT_NAME, b"values") + values]
    content = field(OUTPUT, name.encode()) + field(TYPE, b"GivenTensorFill")
    return field(OPERATOR, content + b"".join(field(ARGUMENT, argument) for argument in arguments))


def main(directory: Path) -> None:
    """Write both files."""
    target = directory / "caffe2"
    target.mkdir(exist_ok=True)
    known = small_network.weights()
    initial = field(NAME, b"init") + b"".join(filling(name, array) for name, array in known.items())
    (target / "init_net.pb").write_bytes(initial)
    network = [
        operator("Conv", ["input", "kernel_1", "bias_1"], "a", kernel=3, pad=1),
        operator("Relu", ["a"], "a"),
        operator("MaxPool", ["a"], "b", kernel=2, stride=2),
        operator("Conv", ["b", "kernel_2", "bias_2"], "c", kernel=3, pad=1),
        operator("Relu", ["c"], "c"),
        operator("AveragePool", ["c"], "d", global_pooling=1),
        operator("FC", ["d", "matrix", "bias_3"], "output"),
    ]
    content = field(NAME, b"small") + b"".join(network)
    content += b"".join(field(EXTERNAL_INPUT, name.encode()) for name in ("input", *known))
    (target / "predict_net.pb").write_bytes(content + field(EXTERNAL_OUTPUT, b"output"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
