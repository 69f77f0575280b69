"""The command line: ``list``, ``page``, ``build``, ``verify``, ``trace``."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_zoo import build as building
from model_zoo import catalogue, catalogue_page, plugins, tracing
from model_zoo.errors import ZooError
from model_zoo.source import WEIGHTS
from model_zoo.store import Store

DEFAULT_STORE = Path(".edgebench/zoo")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb. Exit code 0: done; 1: does not verify; 2: bad input or failed; 130: interrupted."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.verb(options)
        return code
    except ZooError as error:
        print(f"model_zoo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("model_zoo: interrupted; what was finished is kept, the same command goes on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_zoo", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")

    listing = verbs.add_parser("list", help="print the catalogue")
    listing.set_defaults(verb=_list)
    formats = verbs.add_parser("formats", help="print the formats that artifacts can have")
    formats.set_defaults(verb=_formats)
    page = verbs.add_parser("page", help="print the page of the catalogue, docs/catalogue.md")
    page.set_defaults(verb=_page)
    build = verbs.add_parser("build", help="export and verify artifacts that the store lacks")
    build.set_defaults(verb=_build)
    build.add_argument("--models", nargs="+", required=True, metavar="NAME", help="names, or: all")
    build.add_argument("--variants", nargs="+", default=["fp32"], metavar="NAME", help="default: fp32")
    build.add_argument("--formats", nargs="+", default=["onnx"], metavar="NAME", help="default: onnx")
    build.add_argument(
        "--opset", type=int, nargs="+", default=[building.DEFAULT_OPSET], help="of ONNX files (default: 17)"
    )
    build.add_argument(
        "--weights",
        choices=WEIGHTS,
        default="auto",
        help="auto: pretrained where they can be fetched, else seeded",
    )
    build.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    verify = verbs.add_parser("verify", help="read every file again and compare its digest and its answers")
    verify.set_defaults(verb=_verify)
    verify.add_argument("digests", nargs="*", metavar="SHA256", help="leading digits; default: everything")
    trace = verbs.add_parser("trace", help="print where an artifact comes from and what was measured with it")
    trace.set_defaults(verb=_trace)
    trace.add_argument("digest", metavar="SHA256", help="the digest or its leading digits")
    trace.add_argument("--results", type=Path, metavar="DIR", help="search the cells of these results")
    for verb in (build, verify, trace):
        verb.add_argument(
            "--store", type=Path, default=DEFAULT_STORE, metavar="DIR", help=f"default: {DEFAULT_STORE}"
        )
    for verb in (listing, formats, build, verify, trace):
        verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    for verb in (listing, build):
        verb.add_argument(
            "--catalogue", type=Path, action="append", default=[], metavar="DIR", help="more entries"
        )
    return parser


def _list(options: argparse.Namespace) -> int:
    rows = [
        {
            "model": model.name,
            "task": model.task,
            "variants": catalogue.variants_of(model),
            "formats": catalogue.formats_of(model),
            "weights": plugins.load("sources", model.source_kind).declared_weights(model),
            "dataset": model.dataset,
            "parameters": model.parameters,
            "macs": model.macs,
            "input_shape": list(model.input_shape),
            "origin": model.origin,
        }
        for model in catalogue.load(options.catalogue).values()
    ]
    if options.json:
        _print_json(rows)
    else:
        for row in rows:
            size = "x".join(map(str, row["input_shape"][1:]))
            parameters = "?" if row["parameters"] is None else f"{row['parameters'] / 1e6:.2f} M"
            print(
                f"{row['model']:32} {row['task']:15} {size:12} {parameters:>10}  {' '.join(row['formats'])}"
            )
    return 0


def _formats(options: argparse.Namespace) -> int:
    rows = [
        {
            "format": name,
            "file_format": exporter.FILE_FORMAT,
            "layout": exporter.LAYOUT,
            "opset": exporter.OPSET,
            "precisions": list(exporter.PRECISIONS),
            "environment": getattr(exporter, "ENVIRONMENT", None),
            "description": str(exporter.__doc__).partition("\n")[0],
        }
        for name, exporter in ((name, plugins.load("exporters", name)) for name in plugins.names("exporters"))
    ]
    if options.json:
        _print_json(rows)
    else:
        for row in rows:
            print(f"{row['format']:20} {' '.join(row['precisions']):24} {row['description']}")
    return 0


def _page(options: argparse.Namespace) -> int:
    print(catalogue_page.render(catalogue.load()), end="")
    return 0


def _build(options: argparse.Namespace) -> int:
    models = catalogue.select(catalogue.load(options.catalogue), options.models)
    targets = building.plan(models, options.variants, options.formats, options.opset)
    result = building.build(Store(options.store), targets, options.weights, options.jobs)
    for error in result.errors:
        print(f"model_zoo: {error}", file=sys.stderr)
    cached = len(result.artifacts) - result.built
    counts = f"{result.built} built, {cached} from the cache, {len(result.unsupported)} unsupported"
    print(f"{counts}, {len(result.errors)} failed: {options.store}", file=sys.stderr)
    if options.json:
        _print_json(result.artifacts)
    return 2 if result.errors else 0


def _verify(options: argparse.Namespace) -> int:
    findings = tracing.verify(Store(options.store), options.digests)
    if options.json:
        _print_json(findings)
    else:
        for finding in findings:
            print(f"{finding['sha256'][:16]} {finding['name']:40} {finding['problem'] or 'ok'}")
    return 1 if any(finding["problem"] for finding in findings) else 0


def _trace(options: argparse.Namespace) -> int:
    chain = tracing.trace(Store(options.store), options.digest, options.results)
    if options.json:
        _print_json(chain)
    else:
        print("\n".join(tracing.lines(chain)))
    return 0


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=1)
    print()
