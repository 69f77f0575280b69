"""Fuzzes every meter's decoder: ``python -m fuzz.meters [--runs N] [--seed S] [DRIVER …]``.

Coverage-guided when ``atheris`` is installed, else by mutation of valid frames that the simulators make. What counts
as a failure is an exception, a value that is not finite, or a rejection without a reason.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from power_meter import registry
from power_meter.contract import Decoder, Reading
from power_meter.simulation.load import ScriptLoad
from power_meter.simulation.model import MeterModel

STARTERS = (b"\xf0", b"getva", b"Get Meter Data", bytes.fromhex("0c010200"))
STREAM_START = bytes.fromhex("a5080000000109010001000000085a")
FNIRSI_START = b"\xaa\x82" + bytes(61) + b"\x96"
LONGEST = 600


def decoder_names() -> list[str]:
    """Return the drivers that decode bytes."""
    return [name for name in registry.driver_names() if hasattr(registry.load_driver(name), "DECODER")]


def feed_in_pieces(decoder: Decoder, data: bytes, cuts: Sequence[int]) -> list[Reading]:
    """Feed ``data`` cut at the given places."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [r for a, b in pairwise(places) for r in decoder.feed(data[a:b])]


def check(make_decoder: Callable[[], Decoder], data: bytes, cuts: Sequence[int]) -> None:
    """Decode once; raises AssertionError, or whatever the decoder raised."""
    decoder = make_decoder()
    for reading in feed_in_pieces(decoder, data, cuts):
        assert all(math.isfinite(value) for value in reading[:3]), f"not finite: {reading} from {data.hex()}"
    decoder.finish()
    assert not decoder.bad or decoder.last_reason, f"rejected without a reason: {data.hex()}"


def seeds(name: str) -> list[bytes]:
    """Return packets of the driver's simulator, or nothing where it has none."""
    if name not in registry.simulator_names():
        return [b"voltage_v,current_a\n5.1,1.2\n"]
    simulator = registry.load_simulator(name).SIMULATOR
    device = simulator(MeterModel(ScriptLoad([(1.0, 4.0)]), simulator.properties))
    packets: list[bytes] = []
    for start in (*STARTERS, STREAM_START, FNIRSI_START):
        device.receive(start, 0.0)
    for tick in range(30):
        device.advance(tick / 100)
        packets += device.transmit(tick / 100)
    return packets


def mutated(corpus: list[bytes], rng: random.Random) -> bytes:
    """Return a few packets, cut, joined and damaged at random."""
    data = (
        bytearray(b"".join(rng.choice(corpus) for _ in range(rng.randint(1, 3)))) if corpus else bytearray()
    )
    for _ in range(rng.randint(0, 4)):
        at, kind = rng.randrange(len(data) + 1), rng.randrange(4)
        if kind == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randint(1, 8)]
        elif kind == 2:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
        elif at < len(data):
            data[at] ^= 1 << rng.randrange(8)
    return bytes(data[:LONGEST])


def fuzz(name: str, runs: int, seed: int) -> float:
    """Decode ``runs`` mutated inputs; return the seconds it took."""
    rng, corpus = random.Random(f"{seed} {name}"), seeds(name)
    make_decoder = registry.load_driver(name).DECODER
    begin_s = time.monotonic()
    for _ in range(runs):
        data = mutated(corpus, rng)
        check(make_decoder, data, [rng.randrange(LONGEST) for _ in range(rng.randint(0, 3))])
    return time.monotonic() - begin_s


def fuzz_guided(names: list[str], runs: int, seed: int) -> None:
    """Let atheris choose the inputs; the first byte chooses the decoder. Does not return."""
    atheris = importlib.import_module("atheris")

    decoders = [registry.load_driver(name).DECODER for name in names]

    def one_input(data: bytes) -> None:
        if data:
            check(decoders[data[0] % len(decoders)], data[1:], [len(data) // 2])

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-runs={runs}", f"-seed={seed}"], one_input)
    atheris.Fuzz()


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz and return 0; a failure ends with its traceback."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.meters", description=__doc__)
    parser.add_argument("drivers", nargs="*", metavar="DRIVER", help="(default: all)")
    parser.add_argument(
        "--runs", type=int, default=1_000_000, help="inputs over all drivers (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true", help="by coverage; needs atheris")
    arguments = parser.parse_args(argv)
    names = arguments.drivers or decoder_names()
    if arguments.guided:
        if importlib.util.find_spec("atheris") is None:
            parser.error("--guided: the package atheris is not installed")
        fuzz_guided(names, arguments.runs, arguments.seed)
    each = -(-arguments.runs // len(names))
    for name in names:
        print(f"{name}: {each} inputs in {fuzz(name, each, arguments.seed):.0f} s, no failure", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
