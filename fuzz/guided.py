"""One parser under atheris: ``python -m fuzz.guided DRIVER CORPUS [LIBFUZZER OPTIONS]``; see `fuzz.meters`.

atheris rewrites the bytecode of what is imported while it looks, so it looks before anything of ours is there.
"""

from __future__ import annotations

import importlib
import sys

atheris = importlib.import_module("atheris")
with atheris.instrument_imports(include=["power_meter"]):
    from fuzz.meters import check, parsers

    MAKE_DECODER = parsers()[sys.argv[1]]


def one_input(data: bytes) -> None:
    """Decode once; the first byte says where the input is cut in two."""
    check(MAKE_DECODER, data, [data[0] * 4] if data else [])


atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
atheris.Fuzz()
