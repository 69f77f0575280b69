"""The command line: ``list``, ``show``, ``tune``, ``reset``, ``package``."""

import argparse
import json
import os
import sys
from typing import Any, Dict, List, Optional

from board_tuning import boot_unit, knobs, package, tuner
from board_tuning.errors import TuningError
from board_tuning.ledger import Ledger
from board_tuning.system import System

DEFAULT_STATE = "/var/lib/edgebench/tuning"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="board_tuning", description="Tune a board for measuring, and put it back."
    )
    top.add_argument("--root", default="/", help="directory that stands for / (to try things out)")
    verbs = top.add_subparsers(dest="verb", metavar="VERB")
    verbs.required = True
    verbs.add_parser("list", help="list the knobs")
    show = verbs.add_parser("show", help="show the state of knobs (all where none is named)")
    show.add_argument("names", nargs="*", metavar="KNOB")
    tune = verbs.add_parser(
        "tune", help="put the board into a wanted state; what was there goes into the ledger first"
    )
    wanted = tune.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--wanted", metavar="JSON", help='such as {"governor": "performance"}; - reads it')
    wanted.add_argument("--again", action="store_true", help="as the ledger says: after a boot")
    reset = verbs.add_parser("reset", help="put the board back to what the ledger says was there")
    for verb in (show, tune, reset):
        verb.add_argument("--json", action="store_true", help="print JSON")
    for verb in (tune, reset):
        verb.add_argument(
            "--state", metavar="DIR", default=DEFAULT_STATE, help="the ledger's (default: %(default)s)"
        )
        verb.add_argument("--check", action="store_true", help="change nothing; say what would be changed")
    out = verbs.add_parser("package", help="write this tool as one file")
    out.add_argument("--out", metavar="FILE", required=True)
    return top


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command line: 0 done, 1 a knob did not take, 2 a mistake of the user's."""
    options = parser().parse_args(arguments)
    try:
        return {"list": _list, "show": _show, "tune": _tune, "reset": _reset, "package": _package}[
            options.verb
        ](options)
    except TuningError as error:
        sys.stderr.write("error: {}\n".format(error))
        return 2


def _list(options: argparse.Namespace) -> int:
    for name in knobs.names():
        sys.stdout.write("{:<24}{}\n".format(name, knobs.load(name, System(options.root)).HELP))
    return 0


def _show(options: argparse.Namespace) -> int:
    results = tuner.show(System(options.root), options.names)
    states = {result["knob"]: result["before"] for result in results}
    if options.json:
        sys.stdout.write(json.dumps(states, sort_keys=True) + "\n")
    else:
        for name in sorted(states):
            sys.stdout.write("{:<24}{}\n".format(name, json.dumps(states[name], sort_keys=True)))
    return 0


def _tune(options: argparse.Namespace) -> int:
    system, ledger = System(options.root), Ledger(options.state)
    if options.again:
        wanted = {name: entry["wanted"] for name, entry in ledger.knobs.items()}
    else:
        wanted = _wanted(sys.stdin.read() if options.wanted == "-" else options.wanted)
    results = tuner.tune(system, ledger, wanted, options.check)
    refused = any(result["status"] == "refused" for result in results)
    unit_changed = False
    if not options.check and not refused:
        unit_changed = _keep_boot_unit(system, ledger, options.state)
    return _report(options, system, ledger, results, unit_changed)


def _wanted(text: str) -> Dict[str, Any]:
    try:
        wanted = json.loads(text)
    except ValueError as error:
        raise TuningError("--wanted: not JSON: {}".format(error)) from error
    if not isinstance(wanted, dict):
        raise TuningError("--wanted: expected an object of knobs, found {!r}".format(wanted))
    return wanted


def _reset(options: argparse.Namespace) -> int:
    system, ledger = System(options.root), Ledger(options.state)
    results = tuner.reset(system, ledger, list(ledger.knobs), options.check)
    unit_changed = not options.check and _keep_boot_unit(system, ledger, options.state)
    return _report(options, system, ledger, results, unit_changed)


def _keep_boot_unit(system: System, ledger: Ledger, state: str) -> bool:
    if not ledger.knobs:
        return boot_unit.remove(system)
    tool = os.path.abspath(sys.argv[0])
    return boot_unit.install(
        system, [sys.executable, tool, "tune", "--again", "--state", os.path.abspath(state)]
    )


def _report(
    options: argparse.Namespace,
    system: System,
    ledger: Ledger,
    results: List[Dict[str, Any]],
    unit_changed: bool,
) -> int:
    statuses = {result["status"] for result in results}
    waits = tuner.waits_for_reboot(system, ledger, results)
    if options.json:
        changed = "changed" in statuses or unit_changed
        report = {"changed": changed, "reboot_needed": waits, "knobs": results}
        sys.stdout.write(json.dumps(report, sort_keys=True) + "\n")
    else:
        for result in results:
            sys.stdout.write("{:<24}{:<12}{}\n".format(result["knob"], result["status"], result["detail"]))
        if waits:
            sys.stdout.write("a reboot is needed\n")
    if "refused" in statuses:
        return 2
    return 1 if "failed" in statuses else 0


def _package(options: argparse.Namespace) -> int:
    temporary = "{}.{}".format(options.out, os.getpid())
    with open(temporary, "wb") as file:
        file.write(package.build())
    os.chmod(temporary, 0o755)
    os.replace(temporary, options.out)
    return 0
