"""Fuzzes every parser of meter bytes: ``python -m fuzz.meters [--guided] [--runs N] [--seed S] [DRIVER …]``.

By mutation of valid frames that the simulators make, or, guided, by what atheris sees of the branches they take,
beginning with such frames. What counts as a failure is an exception, a value that is not finite, or a rejection
without a reason.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from power_meter import registry
from power_meter.contract import Decoder, MeterError, Reading
from power_meter.drivers.pi5_pmic import sum_of_rails
from power_meter.simulation.load import ScriptLoad
from power_meter.simulation.model import MeterModel

FNIRSI = (b"\xaa\x82" + bytes(61) + b"\x96",)
POWERZ = (bytes.fromhex("0c010200"),)
STARTERS = {
    **dict.fromkeys(("um24c", "um25c", "um34c"), (b"\xf0",)),
    **dict.fromkeys(("fnb58", "fnb48", "fnb48s", "c1"), FNIRSI),
    **dict.fromkeys(("km002c", "km003c"), POWERZ),
    "tc66c": (b"getva",),
    "ct2": (b"Get Meter Data",),
    "shizuku": (bytes.fromhex("a5080000000109010001000000085a"),),
    "ppk2": (b"\x06",),
    "ptdaemon": (b"Go,50,0,mark\r\n",),
}
RAILS = "".join(f"R{k}_A current({k})=0.5A\nR{k}_V volt({k})=2.0V\n" for k in range(12))
TEXTS = {
    "csv": b"voltage_v,current_a\n5.1,1.2\n",
    "pi5_pmic": (RAILS + "EXT5V_V volt(24)=5.0V\n").encode(),
}
LONGEST = {"ppk2": 1000, "pi5_pmic": 1000}  # bytes of an input; for the others:
LONGEST_OTHERWISE = 600
FINDINGS = Path(__file__).resolve().parents[1] / ".edgebench" / "fuzz"


class RailsText(Decoder):
    """What the power controller of a Raspberry Pi 5 prints, as a decoder."""

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        try:
            return [Reading(*sum_of_rails(data.decode("utf-8", "replace")))]
        except MeterError as error:
            self.reject("short_frames", str(error))
            return []


def parsers() -> dict[str, Callable[[], Decoder]]:
    """Return, by driver, what parses its bytes."""
    found: dict[str, Callable[[], Decoder]] = {"pi5_pmic": RailsText}
    for name in registry.driver_names():
        module = registry.load_driver(name)
        parser = getattr(module, "DECODER", None) or getattr(module, "PARSER", None)
        if parser is not None:
            found[name] = parser
    return found


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
    if name in TEXTS:
        return [TEXTS[name]]
    simulator = registry.load_simulator(name).SIMULATOR
    device = simulator(MeterModel(ScriptLoad([(1.0, 2.0)]), simulator.properties))
    packets: list[bytes] = []
    for start in STARTERS.get(name, (b"",)):
        device.receive(start, 0.0)
    for tick in range(40):
        device.advance(tick / 100)
        if name == "ptdaemon":
            device.receive(b"RL\r\n", tick / 100)
        packets += device.transmit(tick / 100)
    return packets


def mutated(corpus: list[bytes], rng: random.Random, longest: int) -> bytes:
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
    return bytes(data[:longest])


def longest(name: str) -> int:
    """Return how many bytes an input has at most."""
    return LONGEST.get(name, LONGEST_OTHERWISE)


def fuzz(name: str, runs: int, seed: int) -> float:
    """Decode ``runs`` mutated inputs; return the seconds it took."""
    rng, corpus, most = random.Random(f"{seed} {name}"), seeds(name), longest(name)
    make_decoder = parsers()[name]
    begin_s = time.monotonic()
    for _ in range(runs):
        data = mutated(corpus, rng, most)
        check(make_decoder, data, [rng.randrange(most) for _ in range(rng.randint(0, 3))])
    return time.monotonic() - begin_s


def fuzz_guided(name: str, runs: int, seed: int) -> float:
    """Decode ``runs`` inputs that atheris chooses, in a process of its own; return the seconds it took.

    Raises:
        SystemExit: there was a failure; its input is kept.
    """
    FINDINGS.mkdir(parents=True, exist_ok=True)
    begin_s = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus:
        for number, packet in enumerate(seeds(name)):
            (Path(corpus) / str(number)).write_bytes(packet[: longest(name)])
        options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={longest(name)}", "-verbosity=0"]
        command = [sys.executable, "-m", "fuzz.guided", name, corpus, *options]
        command.append(f"-artifact_prefix={FINDINGS}/{name}-")
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n{name}: failed; the input is in {FINDINGS}")
    return time.monotonic() - begin_s


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
    names = arguments.drivers or sorted(parsers())
    unknown = sorted(set(names) - set(parsers()))
    if unknown:
        parser.error(f"no parser {unknown[0]!r}; valid: {', '.join(sorted(parsers()))}")
    if arguments.guided and importlib.util.find_spec("atheris") is None:
        parser.error("--guided: the package atheris is not installed")
    each = -(-arguments.runs // len(names))
    run = fuzz_guided if arguments.guided else fuzz
    for name in names:
        print(f"{name}: {each} inputs in {run(name, each, arguments.seed):.0f} s, no failure", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
