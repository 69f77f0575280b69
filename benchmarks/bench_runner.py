"""What the runner itself costs: its floor, its loop against a bare one, telemetry on against off.

Run on a quiet machine: ``python benchmarks/bench_runner.py``. Exits with 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "benchmarks")]

import numpy as np  # noqa: E402
import runner_loadgen  # noqa: E402
import runner_loops  # noqa: E402
from runner_figures import Figures  # noqa: E402

from edgebench_runner import floor  # noqa: E402

TURNS = 9
TELEMETRY_BLOCK = 16  # calls of a loop between two changes: longer than the interval between samples


def main() -> int:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--store", type=Path, default=REPOSITORY / ".edgebench/zoo", help="directory of the zoo"
    )
    parser.add_argument("--model", default="mobilenet_v2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--block", type=int, default=5, help="inferences between two changes of loop")
    parser.add_argument("--rounds", type=int, default=80, help="rounds of A B B A")
    arguments = parser.parse_args()
    figures = Figures()
    bench_floor(figures)
    artifact = runner_loops.find_artifact(arguments.store, arguments.model, "onnx")
    subject = runner_loops.Subject("onnxruntime", artifact, {"threads": arguments.threads}, arguments.block)
    bench_loop(figures, subject, arguments.rounds)
    bench_telemetry(figures, subject, arguments.rounds)
    return 1 if figures.missed else 0


def bench_floor(figures: Figures) -> None:
    """The floor beside LoadGen's, taken in turns; both from the start to the records in their files."""
    ours, theirs = [], []
    for _ in range(TURNS):
        theirs.append(runner_loadgen.cost_ns())
        ours.append(floor.floor(inferences=200000, repeats=3)["median_ns"])
    ours_ns, theirs_ns = statistics.median(ours), statistics.median(theirs)
    figures.show("floor, ns per null inference", ours_ns, None, 1000, "recording included")
    detail = f"{theirs_ns:.0f} ns per query of a Python null system under test, recording included"
    figures.show("LoadGen / floor", theirs_ns / ours_ns, 20, None, detail)


def bench_loop(figures: Figures, subject: runner_loops.Subject, rounds: int) -> None:
    """The runner's loop against a bare one, over one session."""
    ours, bare = runner_loops.interleaved(subject.runner_loop_ns, subject.bare_loop_ns, rounds)
    detail = f"medians {ours / 1e6:.3f} ms and {bare / 1e6:.3f} ms"
    figures.show("runner / bare loop", ours / bare, 0.995, 1.005, detail)


def bench_telemetry(figures: Figures, subject: runner_loops.Subject, rounds: int) -> None:
    """The runner's loop with telemetry on against off."""
    with runner_loops.telemetry_switch(interval_s=0.5) as switch:

        def sampled() -> np.ndarray:
            switch(True)
            return np.concatenate([subject.runner_loop_ns() for _ in range(TELEMETRY_BLOCK)])

        def unsampled() -> np.ndarray:
            switch(False)
            return np.concatenate([subject.runner_loop_ns() for _ in range(TELEMETRY_BLOCK)])

        on, off = runner_loops.interleaved(sampled, unsampled, max(1, rounds // TELEMETRY_BLOCK))
    detail = f"medians {on / 1e6:.3f} ms and {off / 1e6:.3f} ms"
    figures.show("telemetry on / off", on / off, None, 1.005, detail)


if __name__ == "__main__":
    sys.exit(main())
