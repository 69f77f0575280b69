"""One sweep without anybody watching: through ansible-runner, alone, with a deadline and kept logs."""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.plan import new_sweep_id

ROOT = Path(__file__).resolve().parent.parent
BUSY = 75
"""Exit status (``EX_TEMPFAIL``) when the sweep of another night still runs."""


class BusyError(Exception):
    """The last nightly sweep has not ended."""


def add_command(commands: Any) -> None:
    """Describe ``nightly`` to the command line."""
    parser = commands.add_parser(
        "nightly", help="run one sweep without anybody watching", description=__doc__
    )
    parser.add_argument("--inventory", type=Path, default=ROOT / "inventory" / "local")
    parser.add_argument("--profile", default="smoke")
    parser.add_argument(
        "--deadline-h", type=float, default=10.0, help="the sweep is ended after so many hours"
    )
    parser.add_argument(
        "--keep", type=int, default=30, help="logs of so many nights (results are never removed)"
    )
    parser.add_argument("--data", type=Path, default=ROOT / ".edgebench" / "nightly", help="lock and logs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep; 0 when its verdict is green, 1 when not, 75 when one is running already."""
    try:
        with only_one(arguments.data / "lock"):
            return _sweep(arguments)
    except BusyError as error:
        print(f"nightly: {error}", file=sys.stderr)
        return BUSY


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock that the kernel releases however this process ends.

    Raises:
        BusyError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"a nightly sweep is still running ({path} is locked); this one is skipped"
            ) from None
        yield


def _sweep(arguments: argparse.Namespace) -> int:
    import ansible_runner  # takes a second to import

    sweep_id = new_sweep_id(arguments.profile)
    done = ansible_runner.run(
        private_data_dir=str(arguments.data),
        project_dir=str(ROOT),
        playbook="playbooks/full_sweep.yml",
        inventory=str(arguments.inventory.resolve()),
        extravars={"profile": arguments.profile, "sweep_id": sweep_id},
        envvars={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        ident=sweep_id,
        rotate_artifacts=arguments.keep,
        # Not idle_timeout: a sweep says nothing while a long cell measures.
        settings={"job_timeout": int(arguments.deadline_h * 3600)},
    )
    verdict = verdict_of(ROOT / "results" / sweep_id)
    log = arguments.data / "artifacts" / sweep_id / "stdout"
    print(f"nightly: {sweep_id} {done.status}, verdict {verdict}; log: {log}")
    return 0 if verdict == "green" else 1


def verdict_of(directory: Path) -> str:
    """What the records say; an exit status of Ansible does not judge a sweep."""
    try:
        found = json.loads((directory / "report" / "verdict.json").read_text(encoding="utf-8"))
    except OSError:
        return "none, the sweep wrote no report"
    return str(found["verdict"])
