"""``ncnn/model.param`` and ``ncnn/model.bin``, written by hand in ncnn's documented form."""

import struct
import sys
from pathlib import Path

import small_network

LAYERS = """7767517
{count} {count}
Input input 0 1 input 0={size} 1={size} 2=3
Convolution conv_1 1 1 input a 0=8 1=3 4=1 5=1 6=216 9=1
Pooling pool 1 1 a b 0=0 1=2 2=2
Convolution conv_2 1 1 b c 0=16 1=3 4=1 5=1 6=1152 9=1
Pooling mean 1 1 c d 0=1 4=1
InnerProduct dense 1 1 d e 0=7 1=1 2=112
Noop end 1 1 e output
"""


def main(directory: Path) -> None:
    """Write both files; a layer's weights follow a tag that says float32, its biases do not."""
    target = directory / "ncnn"
    target.mkdir(exist_ok=True)
    count = len(LAYERS.splitlines()) - 2
    layers = LAYERS.format(size=small_network.SIZE, count=count)
    (target / "model.param").write_text(layers)
    known, content = small_network.weights(), b""
    for weight, bias in (("kernel_1", "bias_1"), ("kernel_2", "bias_2"), ("matrix", "bias_3")):
        content += struct.pack("<I", 0) + known[weight].tobytes() + known[bias].tobytes()
    (target / "model.bin").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
