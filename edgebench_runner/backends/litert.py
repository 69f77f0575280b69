"""LiteRT (ai-edge-litert), the successor of tflite-runtime, as a backend and an environment of its own.

The two give integer operators to different kernels, so their numbers belong into different columns.
"""

from edgebench_runner.backends import _base, tflite


class Backend(tflite.Backend):
    """Runs ``.tflite`` files as ``tflite`` does, on LiteRT and on nothing else."""

    options = dict(
        tflite.Backend.options,
        library=_base.option("str", "litert", "which runtime", choices=["litert"]),
    )
