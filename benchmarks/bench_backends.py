"""The runner's loop against a bare loop over the same loaded model, for every backend of this environment.

Run with the interpreter of each environment; the artifacts must be in the zoo's store. A backend that is not
in the environment, or whose format the store lacks, is named as not run. Exits with 1 where a ratio is not
within 1 %.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "benchmarks")]

import runner_bare  # noqa: E402
import runner_loops  # noqa: E402
from runner_figures import Figures  # noqa: E402

from edgebench_runner import backend_probe, plugins  # noqa: E402


def main() -> int:
    """Measure and print every backend that can run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--store", type=Path, default=REPOSITORY / ".edgebench/zoo", help="directory of the zoo"
    )
    parser.add_argument("--model", default="mobilenet_v2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--block", type=int, default=5, help="inferences between two changes of loop")
    parser.add_argument("--rounds", type=int, default=60, help="rounds of A B B A")
    parser.add_argument("--backends", nargs="+", default=plugins.names("backends"))
    arguments = parser.parse_args()
    figures = Figures()
    for name in arguments.backends:
        reason = bench(figures, name, arguments)
        if reason:
            print(f"{name:34} not run: {reason}", flush=True)
    return 1 if figures.missed else 0


def bench(figures: Figures, name: str, arguments: argparse.Namespace) -> str | None:
    """Measure one backend, or return why it cannot be."""
    if not hasattr(runner_bare, name):
        return "no bare loop is written for it"
    found = backend_probe.probe(name)
    if not found["available"]:
        return found["reason"]
    artifact = None
    for kind in plugins.load("backends", name).Backend.formats:
        try:
            artifact = runner_loops.stored_artifact(arguments.store, arguments.model, kind)
            break
        except StopIteration:
            continue
    if artifact is None:
        return f"the store has no {arguments.model} in a format it reads"
    subject = runner_loops.Subject(name, artifact, arguments.threads, arguments.block)
    ours, bare = runner_loops.interleaved(subject.runner_loop_ns, subject.bare_loop_ns, arguments.rounds)
    detail = f"{found['version']}, medians {ours / 1e6:.3f} ms and {bare / 1e6:.3f} ms"
    figures.show(f"{name}: runner / bare loop", ours / bare, 0.99, 1.01, detail)
    return None


if __name__ == "__main__":
    sys.exit(main())
