"""The role that lets meters be recorded: dry, twice, and removed, into a file of the test's own."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.lab import Lab


def test_rules_are_installed_once_and_removed_on_request(lab: Lab, tmp_path: Path) -> None:
    rules = tmp_path / "71-edgebench-meters.rules"

    def run(*arguments: str, **variables: object) -> str:
        variables |= {"meter_access_path": str(rules), "meter_access_users": [], "ansible_become": False}
        done = lab.run("meters", *arguments, environment={"ANSIBLE_STDOUT_CALLBACK": "default"}, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return next(line for line in done.stdout.splitlines() if line.startswith("localhost"))

    assert " changed=1 " in run("--check")
    assert not rules.exists()
    assert " changed=1 " in run()
    assert 'SYMLINK+="edgebench/km003c-$attr{serial}"' in rules.read_text()
    assert " changed=0 " in run()
    assert " changed=1 " in run(meter_access_state="absent")
    assert not rules.exists()
