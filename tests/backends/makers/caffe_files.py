"""``caffe/model.caffemodel`` and its ``.prototxt``: the few fields of Caffe's messages that hold weights, by hand."""

import sys
from pathlib import Path

import small_network

CONVOLUTION = """layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}"
  convolution_param {{ num_output: {outputs} kernel_size: 3 pad: 1 }} }}
layer {{ name: "relu_{name}" type: "ReLU" bottom: "{name}" top: "{name}" }}
"""
LAYERS = (
    'name: "small"\ninput: "input"\ninput_shape { dim: 1 dim: 3 dim: SIZE dim: SIZE }\n'
    + CONVOLUTION.format(name="conv_1", bottom="input", outputs=8)
    + 'layer { name: "pool" type: "Pooling" bottom: "conv_1" top: "pool"\n'
    + "  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }\n"
    + CONVOLUTION.format(name="conv_2", bottom="pool", outputs=16)
    + 'layer { name: "mean" type: "Pooling" bottom: "conv_2" top: "mean"\n'
    + "  pooling_param { pool: AVE global_pooling: true } }\n"
    + 'layer { name: "dense" type: "InnerProduct" bottom: "mean" top: "dense"\n'
    + "  inner_product_param { num_output: 7 } }\n"
)
NAME, TYPE, BLOBS, LAYER = 1, 2, 7, 100  # numbers of fields in LayerParameter and NetParameter
DATA, SHAPE, DIM = 5, 7, 1  # in BlobProto and BlobShape


def number(value: int) -> bytes:
    """Return a variable-length integer."""
    groups = []
    while True:
        value, low = value >> 7, value & 127
        groups.append(low | (128 if value else 0))
        if not value:
            return bytes(groups)


def field(index: int, content: bytes) -> bytes:
    """Return a field that has a length."""
    return number(index << 3 | 2) + number(len(content)) + content


def blob(array) -> bytes:
    """Return an array of float32 as Caffe's blob."""
    shape = field(DIM, b"".join(number(size) for size in array.shape))
    return field(DATA, array.tobytes()) + field(SHAPE, shape)


def main(directory: Path) -> None:
    """Write both files."""
    target = directory / "caffe"
    target.mkdir(exist_ok=True)
    (target / "model.prototxt").write_text(LAYERS.replace("SIZE", str(small_network.SIZE)))
    known, content = small_network.weights(), b""
    for name, kind, weight, bias in (
        ("conv_1", "Convolution", "kernel_1", "bias_1"),
        ("conv_2", "Convolution", "kernel_2", "bias_2"),
        ("dense", "InnerProduct", "matrix", "bias_3"),
    ):
        blobs = field(BLOBS, blob(known[weight])) + field(BLOBS, blob(known[bias]))
        content += field(LAYER, field(NAME, name.encode()) + field(TYPE, kind.encode()) + blobs)
    (target / "model.caffemodel").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
