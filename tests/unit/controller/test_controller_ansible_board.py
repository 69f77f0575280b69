"""The parts of a board's connection that need no Ansible."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from controller.ansible_board import AnsibleBoard
from controller.board import UnreachableError

WORST_CASE_S = 300.0  # other requests of the device, then off, a long delay, and on, each confirmed late


def board(switch: dict[str, Any] | None) -> AnsibleBoard:
    return AnsibleBoard("pi", None, {}, switch)  # type: ignore[arg-type]


def switch(**options: Any) -> dict[str, Any]:
    return {"driver": "command", "off_delay_s": 0.0, "verify": False, "options": options}


def test_a_slow_power_switch_is_not_stopped_between_off_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: list[str], timeout: float | None = None, **_: Any) -> subprocess.CompletedProcess[str]:
        if timeout is not None and timeout < WORST_CASE_S:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", slow)
    assert board(switch(on=["true"], off=["true"])).power_cycle()


def test_a_power_switch_that_fails_says_why() -> None:
    with pytest.raises(UnreachableError, match=r"the power switch failed: .*exit code 1"):
        board(switch(on=["true"], off=["false"])).power_cycle()


def test_a_board_without_a_power_switch_cannot_be_cycled() -> None:
    assert not board(None).power_cycle()
