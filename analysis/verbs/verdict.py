"""``verdict RESULTS_DIR``: green or red, in a few lines and as ``report/verdict.json``."""

import argparse
from pathlib import Path

from analysis import sameness
from analysis.files import write_json
from analysis.store import load_cells
from analysis.sweep import load_sweep
from analysis.verdict import judge

HELP = "say whether a sweep is green (exit status 0) or red (1), and write verdict.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS_DIR")


def run(args: argparse.Namespace) -> int:
    """Judge the sweep, write the verdict and print it."""
    sweep = load_sweep(args.results)
    cells, set_aside = load_cells(sweep)
    verdict = judge(sweep.sweep_id, cells, set_aside, sameness.cautions(sweep))
    write_json(sweep.report / "verdict.json", verdict)
    print(f"{verdict['verdict'].upper()}: sweep {sweep.sweep_id}, {verdict['cells']} cells")
    print("  outcomes  " + ", ".join(f"{name} {n}" for name, n in verdict["outcomes"].items()))
    print("  validity  " + ", ".join(f"{name} {n}" for name, n in verdict["validity"].items()))
    for reason in verdict["reasons"]:
        print(f"  reason    {reason}")
    for caution in verdict["cautions"]:
        print(f"  caution   {caution}")
    if verdict["simulated"]:
        print("  simulated some of what these numbers come from is simulated; the report marks which")
    return 0 if verdict["verdict"] == "green" else 1
