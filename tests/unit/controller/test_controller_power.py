"""The supply of a board."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from controller.board import UnreachableError
from controller.power import power_cycle

WORST_CASE_S = 300.0  # other requests of the device, then off, a long delay, and on, each confirmed late


def switch(**options: Any) -> dict[str, Any]:
    return {"driver": "command", "off_delay_s": 0.0, "verify": False, "options": options}


def test_a_slow_power_switch_is_not_stopped_between_off_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: list[str], timeout: float | None = None, **_: Any) -> subprocess.CompletedProcess[str]:
        if timeout is not None and timeout < WORST_CASE_S:
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", slow)
    assert power_cycle("pi", switch(on=["true"], off=["true"]))


def test_a_power_switch_that_fails_says_why() -> None:
    with pytest.raises(UnreachableError, match=r"the power switch failed: .*exit code 1"):
        power_cycle("pi", switch(on=["true"], off=["false"]))


def test_a_board_without_a_power_switch_cannot_be_cycled() -> None:
    assert not power_cycle("pi", None)
