"""``model.pte``, lowered to XNNPACK."""

import sys
from pathlib import Path

import small_network
import torch
import torch_files
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower


def main(directory: Path) -> None:
    """Write the file."""
    exported = torch.export.export(torch_files.network(), (torch.zeros(small_network.SHAPE),))
    program = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
    (directory / "model.pte").write_bytes(program.buffer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
