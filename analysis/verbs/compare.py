"""``compare A B``: two sweeps, or a sweep and a study, case by case."""

import argparse
import json
import sys
from dataclasses import asdict, fields

import pandas as pd

from analysis.comparability import ENERGY, TIME, Difference
from analysis.comparison import SideBySide, compare_sources
from analysis.options import add_mode
from analysis.output import add_format_options, records, to_csv, to_html, to_text

HELP = "ratio of B over A with its interval per case; fingerprint differences and a verdict first"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("a", metavar="A", help="a results directory, or published:<study>")
    parser.add_argument("b", metavar="B", help="what is compared with it")
    add_mode(parser)
    parser.add_argument(
        "--of", choices=(TIME, ENERGY), default=TIME, help="what is compared (default: %(default)s)"
    )
    add_format_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the comparison."""
    result = compare_sources(args.a, args.b, args.mode, args.of)
    if args.format == "csv":
        sys.stdout.write(to_csv(result.cases))
    elif args.format == "json":
        print(json.dumps(_as_json(result), indent=2, allow_nan=False))
    else:
        write = to_html if args.format == "html" else to_text
        heading = "<h2>{}</h2>" if args.format == "html" else "{}"
        for title, frame in _sections(result, args.of):
            print(heading.format(title))
            print(write(frame))
    return 0


def _as_json(result: SideBySide) -> dict[str, object]:
    return {
        "verdict": result.verdict,
        "reasons": result.reasons,
        "differences": [asdict(difference) for difference in result.differences],
        "health": records(result.health),
        "cases": records(result.cases),
    }


def _sections(result: SideBySide, of: str) -> list[tuple[str, pd.DataFrame]]:
    verdict = f"Verdict: {result.verdict}" + (f" ({'; '.join(result.reasons)})" if result.reasons else "")
    differences = pd.DataFrame(
        [asdict(d) for d in result.differences], columns=[field.name for field in fields(Difference)]
    )
    worse = "B is slower" if of == TIME else "B takes more energy"
    return [
        (f"{verdict}\n\nFingerprint differences", differences),
        (f"Boards of B against the {of} of A", result.health),
        (f"Cases (ratio above 1: {worse})", result.cases),
    ]
