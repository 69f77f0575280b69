"""The command line of the virtual lab."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from virtual_lab import hardware, lab, network, power
from virtual_lab.config import Lab, load
from virtual_lab.errors import LabError
from virtual_lab.supervisor import Supervisor

DEFAULT_DIRECTORY = Path(__file__).parents[1] / ".edgebench" / "virtual_lab"
EXIT_BAD_INPUT = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except LabError as error:
        print(f"virtual_lab: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m virtual_lab", description="Boards that really boot, without hardware."
    )
    parser.add_argument(
        "--lab", type=Path, default=DEFAULT_DIRECTORY, help="directory of the lab (default: %(default)s)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, text: str, board: bool = True) -> argparse.ArgumentParser:
        child = commands.add_parser(name, help=text, description=text)
        child.set_defaults(run=run)
        if board:
            child.add_argument("board")
        return child

    command("up", _up, "bring the lab up; print what changed and the boards as JSON", board=False)
    remove = command("down", _down, "remove the lab, also after a crash; images stay", board=False)
    remove.add_argument("--name", required=True, help="name of the lab")
    switch = commands.add_parser("power", help="operate the virtual power switch of a board")
    switch.add_argument("action", choices=power.REQUESTS)
    switch.add_argument("board")
    switch.set_defaults(run=_power)
    command("get", _get, "print the state of a board's hardware as JSON")
    command("set", _set, "change the state of a board's hardware").add_argument(
        "changes", nargs="+", metavar="KEY=VALUE", help="such as temperature_c=80 throttled=0x50005"
    )
    command("cable", _cable, "pull the network cable of a board, or plug it back").add_argument(
        "position", choices=["out", "in"]
    )
    command("supervise", _supervise, "run a board in the foreground (what `up` starts in the background)")
    return parser


def _lab(options: argparse.Namespace) -> Lab:
    return load(options.lab)


def _up(options: argparse.Namespace) -> int:
    here = _lab(options)
    changes = lab.up(here)
    print(json.dumps({"changes": changes, "boards": lab.describe(here)}, indent=1))
    return 0


def _down(options: argparse.Namespace) -> int:
    print(json.dumps({"changes": lab.down(options.name, options.lab.resolve())}, indent=1))
    return 0


def _power(options: argparse.Namespace) -> int:
    here = _lab(options)
    print(json.dumps(power.request(here, here.board(options.board), options.action)))
    return 0


def _get(options: argparse.Namespace) -> int:
    here = _lab(options)
    directory = here.board_directory(here.board(options.board).name)
    print(json.dumps(dataclasses.asdict(hardware.read_state(directory))))
    return 0


def _set(options: argparse.Namespace) -> int:
    here = _lab(options)
    board = here.board(options.board)
    changes = hardware.parse_changes(options.changes)

    def change(state: hardware.State) -> hardware.State:
        return dataclasses.replace(state, **changes)  # type: ignore[arg-type]

    hardware.change_state(here.board_directory(board.name), hardware.load_kind(board.kind), change)
    return 0


def _cable(options: argparse.Namespace) -> int:
    here = _lab(options)
    network.set_cable(here, here.board(options.board), options.position == "in")
    return 0


def _supervise(options: argparse.Namespace) -> int:
    here = _lab(options)
    return Supervisor(here, here.board(options.board)).run()
