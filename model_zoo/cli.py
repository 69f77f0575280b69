"""The command line: ``list``, ``page``, ``datasets``, ``build``, ``verify``, ``trace``, ``prune``."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_zoo import build as building
from model_zoo import catalogue, catalogue_page, dataset, listing, plugins, tracing
from model_zoo.errors import ZooError
from model_zoo.source import WEIGHTS
from model_zoo.store import Store

PAGE = Path(__file__).parents[1] / "docs" / "catalogue.md"
DEFAULT_STORE, DEFAULT_RESULTS = Path(".edgebench/zoo"), Path("results")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")
_NAMES = "a digest or its leading digits, or a model, as resnet50, resnet50.int8 or resnet50.int8.onnx"


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

    catalogued = verbs.add_parser("list", help="print the catalogue")
    catalogued.set_defaults(verb=_list)
    catalogued.add_argument("names", nargs="*", metavar="NAME", help="models; default: all")
    formats = verbs.add_parser("formats", help="print the formats that artifacts can have")
    formats.set_defaults(verb=_formats)
    page = verbs.add_parser("page", help="print the page of the catalogue, docs/catalogue.md")
    page.set_defaults(verb=_page)
    page.add_argument(
        "--store", type=Path, metavar="DIR", help="a build of all; default: the page's own sizes"
    )
    build = verbs.add_parser("build", help="export and verify artifacts that the store lacks")
    build.set_defaults(verb=_build)
    build.add_argument(
        "names",
        nargs="*",
        metavar="NAME|SHA256",
        help="models, or: all; model.variant.format[.opset]; or what is in the store",
    )
    build.add_argument(
        "--models", nargs="+", default=[], metavar="NAME", help="the same, where options follow"
    )
    build.add_argument(
        "--variants", nargs="+", default=["fp32"], metavar="NAME", help="names, or: all (default: fp32)"
    )
    build.add_argument(
        "--formats", nargs="+", default=["onnx"], metavar="NAME", help="names, or: all (default: onnx)"
    )
    build.add_argument(
        "--opset", type=int, nargs="+", default=[building.DEFAULT_OPSET], help="of ONNX files (default: 17)"
    )
    build.add_argument(
        "--weights",
        choices=WEIGHTS,
        default="auto",
        help="auto: pretrained where they can be fetched, else seeded",
    )
    build.add_argument(
        "--datasets",
        nargs="+",
        default=[],
        metavar="TASK=NAME",
        help="of the models whose entry names none, as classification=imagenet; see: datasets",
    )
    build.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    datasets = verbs.add_parser(
        "datasets", help="print which data sets there are, and whether their files are here"
    )
    datasets.set_defaults(verb=_datasets)
    verify = verbs.add_parser("verify", help="read every file again and compare its digest and its answers")
    verify.set_defaults(verb=_verify)
    verify.add_argument("names", nargs="*", metavar="NAME|SHA256", help=f"{_NAMES}; default: everything")
    trace = verbs.add_parser("trace", help="print where an artifact comes from and what was measured with it")
    trace.set_defaults(verb=_trace)
    trace.add_argument("names", nargs="+", metavar="NAME|SHA256", help=_NAMES)
    trace.add_argument(
        "--results",
        type=Path,
        default=DEFAULT_RESULTS if DEFAULT_RESULTS.is_dir() else None,
        metavar="DIR",
        help=f"search the cells of these results (default: {DEFAULT_RESULTS}, where it is)",
    )
    prune = verbs.add_parser("prune", help="remove what a later build has superseded")
    prune.set_defaults(verb=_prune)
    prune.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    for verb in (build, verify, trace, prune):
        verb.add_argument(
            "--store", type=Path, default=DEFAULT_STORE, metavar="DIR", help=f"default: {DEFAULT_STORE}"
        )
    for verb in (catalogued, formats, datasets, build, verify, trace):
        verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    for verb in (catalogued, build):
        verb.add_argument(
            "--catalogue", type=Path, action="append", default=[], metavar="DIR", help="more entries"
        )
    return parser


def _list(options: argparse.Namespace) -> int:
    models = catalogue.load(options.catalogue)
    chosen = catalogue.select(models, options.names or ["all"])
    if options.json:
        _print_json([listing.row(model) for model in chosen])
    else:
        print("\n".join(listing.lines(chosen)))
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
    models = catalogue.load()
    if options.store is not None:
        built = catalogue_page.of_store(Store(options.store), models)
    else:
        built = catalogue_page.kept(PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else ""
    print(catalogue_page.render(models, built), end="")
    return 0


def _build(options: argparse.Namespace) -> int:
    names = [*options.names, *options.models]
    if not names:
        raise ZooError("build: nothing is named; valid: names of models, digests, or: all")
    store, models = Store(options.store), catalogue.load(options.catalogue)
    digests = [name for name in names if _DIGEST.fullmatch(name) and name not in models]
    targets = building.again(tracing.find(store, digests) if digests else [], models)
    others = [name for name in names if name not in digests]
    chosen = {model.name: model for model in catalogue.with_datasets([*models.values()], options.datasets)}
    targets += building.named(others, chosen, options.variants, options.formats, options.opset)
    result = building.build(store, list(dict.fromkeys(targets)), options.weights, options.jobs)
    for refusal in result.unsupported:
        name = f"{refusal['model']} {refusal['variant']} {refusal['format']}"
        print(f"{name}: unsupported: {refusal['reason']}", file=sys.stderr)
    for error in result.errors:
        print(f"model_zoo: {error}", file=sys.stderr)
    cached = len(result.artifacts) - result.built
    counts = f"{result.built} built, {cached} from the cache, {len(result.unsupported)} unsupported"
    print(f"{counts}, {len(result.errors)} failed: {options.store}", file=sys.stderr)
    if options.json:
        _print_json(result.artifacts)
    return 2 if result.errors else 0


def _datasets(options: argparse.Namespace) -> int:
    found = dataset.described()
    if options.json:
        _print_json(found)
    else:
        print("\n".join(listing.datasets(found)))
    return 0


def _verify(options: argparse.Namespace) -> int:
    findings = []
    for finding in tracing.verify(Store(options.store), options.names):
        findings.append(finding)
        if not options.json:
            print(f"{finding['sha256'][:16]}  {finding['name']:45}  {finding['problem'] or 'ok'}", flush=True)
    bad = sum(finding["problem"] is not None for finding in findings)
    if options.json:
        _print_json(findings)
    print(f"{len(findings)} artifacts, {bad} with a problem", file=sys.stderr)
    return 1 if bad else 0


def _trace(options: argparse.Namespace) -> int:
    chains = tracing.trace(tracing.find(Store(options.store), options.names), options.results)
    if options.json:
        _print_json(chains)
    else:
        print("\n\n".join("\n".join(tracing.lines(chain)) for chain in chains))
    return 0


def _prune(options: argparse.Namespace) -> int:
    store = Store(options.store)
    if not store.root.is_dir():
        raise ZooError(f"--store: {store.root}: no such directory")
    with store.lock():
        superseded = store.superseded()
        for path, n_bytes in superseded.items():
            print(f"{n_bytes / 1e6:9.1f} MB  {path.relative_to(store.root)}")
        if not options.dry_run:
            store.prune(superseded)
    done = "would be removed" if options.dry_run else "removed"
    print(f"{len(superseded)} directories, {sum(superseded.values()) / 1e6:.1f} MB {done}", file=sys.stderr)
    return 0


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=1)
    print()
