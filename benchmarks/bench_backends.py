"""The runner beside a bare loop and beside the vendor's own tool, for every backend that is installed here.

Each backend runs in its own environment, found below ``--environments``; the model is the zoo's, in the first format
that the backend reads and the store has, else, and where that would take too long, a small network that the backends'
own converters make. Three figures:

* runner / bare loop: one process holds the loaded model and both loops in turn (A B B A);
* stages between: the runner's loop with pre- and post-processing between two inferences, and without, in one process;
* runner / tool: many processes of each in turn, because one model that is loaded twice differs by some per cent with
  where its memory comes to lie. Both run one constant input back to back, for that is what the tools do. The bound is
  for the tool with its clock around what the runner's clock is around; beside it the tool as it comes, and what its
  clock leaves out, are in ``runner_rivals``.

Printed are the ratio of the medians, which has the bound, and the median of the ratios of the rounds with the interval
that holds 95 % of its resamples: where that is wider than the bound, the machine was too busy to tell. What cannot be
run is named.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "benchmarks")]

import numpy as np  # noqa: E402
import runner_bare  # noqa: E402
import runner_loops  # noqa: E402
import runner_rivals  # noqa: E402
import runner_small  # noqa: E402
from runner_figures import Figures  # noqa: E402

from edgebench_runner import backend_probe, environment, plugins  # noqa: E402

WARM_UP = 10  # inferences before a process's figure
SLOW_NS = 300e6  # an inference of a reference implementation: the small network takes the model's place
LOOPS_NS = 60e9  # two pairs of loops take about this long each at most: fewer rounds then


def main() -> int:
    """Measure and print every backend that can run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = REPOSITORY / ".edgebench"
    parser.add_argument("--store", type=Path, default=root / "zoo", help="directory of the zoo")
    parser.add_argument("--environments", type=Path, default=root / "boards/local/envs")
    parser.add_argument("--model", default="mobilenet_v2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--options", type=json.loads, default={}, help='more of the backend, as {"device": "cuda"}'
    )
    parser.add_argument("--block", type=int, default=5, help="inferences between two changes of loop")
    parser.add_argument("--rounds", type=int, default=120, help="rounds of A B B A")
    parser.add_argument("--starts", type=int, default=40, help="processes of the runner, and of a tool")
    parser.add_argument("--count", type=int, default=60, help="inferences of such a process")
    parser.add_argument("--backends", nargs="+", default=plugins.names("backends"))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work(json.loads(arguments.worker))
    figures = Figures()
    pythons = (
        backend_probe.environments(str(arguments.environments)) if arguments.environments.is_dir() else {}
    )
    with tempfile.TemporaryDirectory() as directory:
        small = runner_small.SmallNetwork(Path(directory), pythons)
        for name in arguments.backends:
            try:
                bench(figures, name, pythons.get(name), small, arguments)
            except (CannotRunError, runner_small.NoConverterError, RuntimeError) as error:
                print(f"{name:34} not run: {error}", flush=True)
    return 1 if figures.missed else 0


class CannotRunError(Exception):
    """Why a backend has no figure here."""


def bench(
    figures: Figures,
    name: str,
    python: str | None,
    small: runner_small.SmallNetwork,
    arguments: argparse.Namespace,
) -> None:
    """Measure one backend and print its figures.

    Raises:
        CannotRunError: with the reason why it has none.
    """
    if name == "null":
        raise CannotRunError("its cost is the floor of bench_runner.py")
    found = backend_probe.probe(name, python or sys.executable)
    if not found["available"]:
        raise CannotRunError(found["reason"])
    if not hasattr(runner_bare, name):
        raise CannotRunError("no bare loop is written for it")
    python = python or sys.executable
    artifact = _artifact(name, arguments)
    options = {"threads": arguments.threads, **arguments.options}
    task = {"name": name, "artifact": artifact, "options": options, "block": arguments.block}
    if artifact is None or _inference_ns(python, task) > SLOW_NS:
        artifact = task["artifact"] = small.artifact(name)
    affordable = int(LOOPS_NS / (4 * arguments.block * _inference_ns(python, task)))
    loops, between = _worker(python, {**task, "rounds": max(8, min(arguments.rounds, affordable))})
    detail = f"{found['version']}, {artifact['model']}"
    _show(figures, f"{name}: runner / bare loop", loops, detail)
    _show(figures, f"{name}: stages between / none", between, detail, bound=None)
    tool = getattr(runner_rivals, name, None)
    if tool is not None and not arguments.options:  # the tools are told of threads alone
        ours, whole, as_it_comes = _starts(python, task, tool, arguments).T
        title = f"{name}: runner / {tool.__doc__.split('``')[1]}"
        _show(figures, title, np.column_stack([ours, whole]), detail)
        _show(figures, f"{title}, its own clock", np.column_stack([ours, as_it_comes]), detail, bound=None)


def _inference_ns(python: str, task: dict[str, Any]) -> float:
    return float(_worker(python, {**task, "block": 3, "rounds": 0}))


def _starts(
    python: str, task: dict[str, Any], tool: Callable[..., float], arguments: argparse.Namespace
) -> np.ndarray:
    """Start the runner's loop and the tool in turn; return the medians of their processes (n, 3), ns.

    The columns are the runner's, the tool's with the runner's clock, and the tool's as it comes.
    """

    def ours() -> float:
        return float(_worker(python, {**task, "block": WARM_UP + arguments.count, "rounds": 0}))

    def rival(whole: bool) -> float:
        return tool(python, task["artifact"], arguments.threads, arguments.count, whole)

    turns = [ours, functools.partial(rival, True), functools.partial(rival, False)]
    found = []
    for start in range(arguments.starts):
        order = [(start + turn) % len(turns) for turn in range(len(turns))]
        taken = {turn: turns[turn]() for turn in order}
        found.append([taken[turn] for turn in sorted(taken)])
    return np.array(found)


def _artifact(name: str, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return the zoo's artifact in the first format that the backend reads and the store has."""
    for kind in plugins.load("backends", name).Backend.formats:
        try:
            return runner_loops.stored_artifact(arguments.store, arguments.model, kind)
        except (StopIteration, OSError):
            continue
    return None


def _show(figures: Figures, name: str, pairs: np.ndarray, detail: str, bound: float | None = 0.01) -> None:
    """Print the figure of rounds (n, 2): medians of ours and of the rival, ns."""
    ours, rival = np.median(pairs, axis=0)
    ratios = pairs[:, 0] / pairs[:, 1]
    drawn = np.random.default_rng(0).choice(ratios, (2000, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    medians = f"medians {ours / 1e6:.3f} ms and {rival / 1e6:.3f} ms"
    paired = f"paired {np.median(ratios):.4f} ({low:.4f} to {high:.4f})"
    low_bound, high_bound = (None, None) if bound is None else (1 - bound, 1 + bound)
    figures.show(name, ours / rival, low_bound, high_bound, f"{medians}, {paired}, {detail}")


def _worker(python: str, task: dict[str, Any]) -> np.ndarray:
    """Run this file under an environment's interpreter and return what it prints: rounds (2, n, 2) or one time, ns."""
    command = [python, str(Path(__file__).resolve()), "--worker", json.dumps(task)]
    variables = dict(environment.variables(python), TF_CPP_MIN_LOG_LEVEL="2")
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise CannotRunError(lines[-1] if lines else f"exit code {done.returncode}")
    return np.array(json.loads(done.stdout.splitlines()[-1]))


def work(task: dict[str, Any]) -> int:
    """Load one artifact and print what was asked for, ns: rounds of two pairs of loops, or one process's median."""
    subject = runner_loops.Subject(task["name"], task["artifact"], task["options"], task["block"])
    alone = functools.partial(subject.runner_loop_ns, stages=False)
    if task["rounds"]:
        pairs = ((subject.runner_loop_ns, subject.bare_loop_ns), (subject.runner_loop_ns, alone))
        found = [runner_loops.rounds(*pair, task["rounds"]).tolist() for pair in pairs]
    else:
        found = float(np.median(alone()[WARM_UP if task["block"] > WARM_UP else 0 :]))
    print(json.dumps(found), flush=True)
    os._exit(0)  # a runtime that crashes at its interpreter's end has nothing to do with its figures


if __name__ == "__main__":
    sys.exit(main())
