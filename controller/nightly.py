"""One sweep without anybody watching: through ansible-runner, alone, with a deadline and kept logs."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.plan import new_sweep_id

ROOT = Path(__file__).resolve().parent.parent
NO_REPORT = 70
"""Exit status (``EX_SOFTWARE``) when there is nothing to judge: the one that is a broken service."""
BUSY = 75
"""Exit status (``EX_TEMPFAIL``) when the sweep of another night still runs."""

PLAN_ACTION = "edgebench_preflight"
REPORT_DEADLINE_S, KEEP_DEADLINE_S = 1800.0, 600.0


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
    parser.add_argument("--lake", type=Path, default=ROOT / "lake", help="the readings of all nights")
    parser.add_argument("--data", type=Path, default=ROOT / ".edgebench" / "nightly", help="lock and logs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep; 0 when its verdict is green, 1 when not, 70 without a report, 75 when one is running already."""
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
    sweep_id = new_sweep_id(arguments.profile)
    status, directory = _play(arguments, "full_sweep", sweep_id, sweep_id, arguments.deadline_h * 3600)
    if directory and verdict_of(directory) is None and (directory / "manifest.json").is_file():
        # It ended at its deadline, or was killed: what was measured until then is reported all the same.
        _play(arguments, "report", sweep_id, f"{sweep_id}-report", REPORT_DEADLINE_S)
    verdict = verdict_of(directory) if directory else None
    log = arguments.data / "artifacts" / sweep_id / "stdout"
    print(f"nightly: {sweep_id} {status}, verdict {verdict or 'none: there is no report'}; log: {log}")
    if directory is None or verdict is None:
        return NO_REPORT
    keep(directory, arguments.lake)
    return 0 if status == "successful" and verdict == "green" else 1


def keep(directory: Path, lake: Path) -> None:
    """Take a sweep into the lake, write the page of all nights anew, make its power traces small.

    What fails is said, and changes nothing in how the night is judged: the results stay, and can be archived later.
    """
    page = lake / "history.html"
    for words in (
        ["archive", directory, "--lake", lake],
        ["history", lake, "--page", page],
        ["compact", directory],
    ):
        command = [sys.executable, "-m", "analysis", *map(str, words)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=KEEP_DEADLINE_S
            )
            said, failed = done.stderr, done.returncode
        except (OSError, subprocess.SubprocessError) as error:
            said, failed = str(error), 1
        if said or failed:
            print(
                f"nightly: {words[0]} {'failed' if failed else 'said'}: {said.strip() or 'no reason given'}"
            )
    print(f"nightly: all nights: {page}")


def _play(
    arguments: argparse.Namespace, playbook: str, sweep_id: str, ident: str, deadline_s: float
) -> tuple[str, Path | None]:
    """Run a playbook; ansible-runner's word for how it ended, and where the sweep's results are, once planned."""
    import ansible_runner  # takes a second to import

    planned: list[Path] = []

    def note_plan(event: dict[str, Any]) -> bool:
        """Where results go is the inventory's to say (``edgebench_results``), so the plan is asked."""
        said = event.get("event_data", {})
        if event.get("event") == "runner_on_ok" and said.get("task_action") == PLAN_ACTION:
            planned.append(Path(said["res"]["directory"]))
        return True  # the event is kept

    done = ansible_runner.run(
        private_data_dir=str(arguments.data),
        project_dir=str(ROOT),
        playbook=f"playbooks/{playbook}.yml",
        inventory=str(arguments.inventory.resolve()),
        extravars={"profile": arguments.profile, "sweep_id": sweep_id},
        envvars={
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            # ansible-runner sets a callback of its own, which prints what this one would.
            "ANSIBLE_STDOUT_CALLBACK": "edgebench",
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "plugins" / "callback"),
            # Neither systemd nor cron knows of the environment whose ansible-playbook is meant.
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        },
        ident=ident,
        rotate_artifacts=arguments.keep,
        # Not idle_timeout: a sweep says nothing while a long cell measures.
        timeout=max(1, int(deadline_s)),
        # ansible-runner would keep what it is told in files, and go by those of the first night ever after.
        suppress_env_files=True,
        event_handler=note_plan,
    )
    return str(done.status), planned[-1] if planned else None


def verdict_of(directory: Path) -> str | None:
    """What the records say, since an exit status of Ansible does not judge a sweep; None where there is no report."""
    try:
        found = json.loads((directory / "report" / "verdict.json").read_text(encoding="utf-8"))
    except OSError:
        return None
    return str(found["verdict"])
