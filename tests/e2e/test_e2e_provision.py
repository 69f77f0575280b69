from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.lab import Lab, Ran, Rehearsal

BACKENDS = ["onnxruntime", "null"]


def files_of(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def recap(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, int]]:
    """Ansible's own counts for each host."""
    counts = {}
    for line in done.stdout.partition("PLAY RECAP")[2].splitlines()[1:]:
        host, _, rest = line.partition(":")
        if rest:
            counts[host.strip()] = {
                key: int(value) for key, _, value in (pair.partition("=") for pair in rest.split())
            }
    return counts


def provision(lab: Lab, *arguments: str, **variables: Any) -> dict[str, dict[str, int]]:
    # With -v the console output is Ansible's own, recap included.
    done = lab.run("provision", "-v", *arguments, edgebench_backends=BACKENDS, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return recap(done)


def test_a_rehearsal_on_an_untouched_board_changes_nothing(rehearsal: Rehearsal) -> None:
    assert rehearsal.done.returncode == 0, rehearsal.done.stdout
    assert "8 of 8 cells to measure" in rehearsal.done.stdout
    assert rehearsal.made == []


def test_provisioning_twice_changes_nothing(lab: Lab, quick: Ran) -> None:
    counts = provision(lab)
    assert counts[lab.board]["changed"] == 0
    assert counts[lab.board]["failed"] == counts[lab.board]["rescued"] == 0
    assert counts[lab.board]["ok"] > 0


def test_a_rehearsal_after_provisioning_foretells_no_change(lab: Lab, quick: Ran) -> None:
    before = files_of(lab.board_root)
    assert provision(lab, "--check")[lab.board]["changed"] == 0
    assert files_of(lab.board_root) == before


def test_a_rehearsal_of_a_sweep_touches_neither_board_nor_results(lab: Lab, quick: Ran) -> None:
    board, results = files_of(lab.board_root), files_of(lab.results)
    done = lab.run("full_sweep", "--check", profile="quick")
    assert done.returncode == 0, done.stdout
    assert files_of(lab.board_root) == board
    assert files_of(lab.results) == results


def test_an_environment_that_was_damaged_is_made_anew(lab: Lab, quick: Ran) -> None:
    (environment,) = (lab.board_root / "envs").glob("null-*")
    (environment / "environment.json").unlink()
    assert provision(lab)[lab.board]["changed"] > 0
    assert (environment / "environment.json").is_file()
    assert provision(lab)[lab.board]["changed"] == 0


def test_a_limit_without_localhost_would_fail_nothing_and_is_refused(lab: Lab) -> None:
    done = lab.run("provision", "--limit", lab.board)
    assert done.returncode == 2, done.stdout
    assert f"valid: --limit {lab.board},localhost" in done.stdout


def test_only_the_boards_of_the_limit_are_judged(lab: Lab, quick: Ran) -> None:
    other = {
        "boards": {"children": {"generic_linux": {"hosts": {"elsewhere": {"ansible_host": "192.0.2.1"}}}}}
    }
    path = lab.folder / "inventory" / "other.yml"
    path.write_text(yaml.safe_dump(other), encoding="utf-8")
    try:
        done = lab.run("health_check", "--limit", f"{lab.board},localhost")
    finally:
        path.unlink()
    assert re.search(rf"{lab.board} +disk +pass", done.stdout), done.stdout
    assert "elsewhere" not in done.stdout


def test_a_board_that_another_sweep_holds_is_neither_examined_nor_restored(lab: Lab, quick: Ran) -> None:
    lab.runner("lease", "acquire", "--owner=ada@lab2", "--sweep=nightly", "--ttl-s=600")
    try:
        said = {name: lab.run(name).stdout for name in ("health_check", "restore")}
    finally:
        lab.runner("lease", "release", "--sweep=nightly")
    for name, text in said.items():
        assert "held by ada@lab2 for sweep nightly" in text, name
        assert "edgebench_runner.pyz lease release --sweep nightly" in text, name
    assert not re.search(r" disk +pass", said["health_check"])
