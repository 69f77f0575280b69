"""The verbs: what was there is on disk first, nothing half-done, and a reset leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_board import FakeBoard

from board_tuning import tuner
from board_tuning.cli import main
from board_tuning.errors import TuningError
from board_tuning.ledger import Ledger

WANTED: dict[str, Any] = {"governor": "performance", "frequency_limits": {"min": "highest"}, "fan": 255}


def statuses(results: list[dict[str, Any]]) -> dict[str, str]:
    return {result["knob"]: result["status"] for result in results}


def contents(board: FakeBoard) -> dict[str, str]:
    return {path: text.strip() for path, text in board.snapshot().items()}


def test_tune_twice_then_reset(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    before = contents(raspberry_pi)
    first = tuner.tune(raspberry_pi, Ledger(str(tmp_path)), WANTED, check=False)
    second = tuner.tune(raspberry_pi, Ledger(str(tmp_path)), WANTED, check=False)
    assert set(statuses(first).values()) == {"changed"}
    assert set(statuses(second).values()) == {"unchanged"}
    ledger = Ledger(str(tmp_path))
    tuner.reset(raspberry_pi, ledger, list(ledger.knobs), check=False)
    assert contents(raspberry_pi) == before
    assert Ledger(str(tmp_path)).knobs == {}


def test_what_was_there_first_is_what_comes_back(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    before = contents(raspberry_pi)
    tuner.tune(raspberry_pi, Ledger(str(tmp_path)), {"governor": "performance"}, check=False)
    tuner.tune(raspberry_pi, Ledger(str(tmp_path)), {"governor": "powersave"}, check=False)
    ledger = Ledger(str(tmp_path))
    tuner.reset(raspberry_pi, ledger, list(ledger.knobs), check=False)
    assert contents(raspberry_pi) == before


def test_a_knob_that_is_no_longer_wanted_is_put_back(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    tuner.tune(raspberry_pi, Ledger(str(tmp_path)), WANTED, check=False)
    results = tuner.tune(raspberry_pi, Ledger(str(tmp_path)), {"governor": "performance"}, check=False)
    assert statuses(results) == {"frequency_limits": "changed", "fan": "changed", "governor": "unchanged"}
    assert raspberry_pi.read("/sys/class/hwmon/hwmon2/pwm1") == "75"
    assert list(Ledger(str(tmp_path)).knobs) == ["governor"]


@pytest.mark.parametrize("verb", ["tune", "reset"])
def test_check_writes_nothing(raspberry_pi: FakeBoard, tmp_path: Path, verb: str) -> None:
    state = tmp_path / "state"
    if verb == "reset":
        tuner.tune(raspberry_pi, Ledger(str(state)), WANTED, check=False)
    before = (contents(raspberry_pi), Ledger(str(state)).knobs)
    ledger = Ledger(str(state))
    if verb == "tune":
        results = tuner.tune(raspberry_pi, ledger, WANTED, check=True)
    else:
        results = tuner.reset(raspberry_pi, ledger, list(ledger.knobs), check=True)
    assert set(statuses(results).values()) == {"changed"}
    assert (contents(raspberry_pi), Ledger(str(state)).knobs) == before


def test_one_refusal_and_nothing_is_written(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    before = contents(raspberry_pi)
    results = tuner.tune(raspberry_pi, Ledger(str(tmp_path)), {**WANTED, "governor": "turbo"}, check=False)
    assert statuses(results)["governor"] == "refused"
    assert contents(raspberry_pi) == before
    assert Ledger(str(tmp_path)).knobs == {}


def test_the_ledger_is_on_disk_before_the_first_write(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    def killed(path: str, text: str) -> None:
        raise KeyboardInterrupt

    raspberry_pi.write = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        tuner.tune(raspberry_pi, Ledger(str(tmp_path)), WANTED, check=False)
    assert set(Ledger(str(tmp_path)).knobs) == set(WANTED)


def test_what_does_not_take_has_failed_and_stays_in_the_ledger(
    raspberry_pi: FakeBoard, tmp_path: Path
) -> None:
    raspberry_pi.write = lambda path, text: None  # type: ignore[method-assign]
    results = tuner.tune(raspberry_pi, Ledger(str(tmp_path)), {"governor": "performance"}, check=False)
    assert statuses(results) == {"governor": "failed"}
    assert "governor" in Ledger(str(tmp_path)).knobs


def test_what_the_board_lacks_is_absent(board: FakeBoard, tmp_path: Path) -> None:
    results = tuner.tune(board, Ledger(str(tmp_path)), {"nvpmodel": "MAXN"}, check=False)
    assert statuses(results) == {"nvpmodel": "absent"}
    assert Ledger(str(tmp_path)).knobs == {}


def test_a_reboot_is_needed_until_there_was_one(raspberry_pi: FakeBoard, tmp_path: Path) -> None:
    wanted = {"boot_config": ["force_turbo=1"]}
    for boot_id, needed in (("boot-1", True), ("boot-1", True), ("boot-2", False)):
        raspberry_pi.put("/proc/sys/kernel/random/boot_id", boot_id)
        ledger = Ledger(str(tmp_path))
        results = tuner.tune(raspberry_pi, ledger, wanted, check=False)
        assert tuner.waits_for_reboot(raspberry_pi, ledger, results) is needed


def test_a_damaged_ledger_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text("{")
    with pytest.raises(TuningError, match="not JSON"):
        Ledger(str(tmp_path))


def test_the_command_line(
    raspberry_pi: FakeBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--root", raspberry_pi.root]
    state = ["--json", "--state", str(tmp_path / "state")]
    assert main([*common, "tune", "--wanted", '{"governor": "performance"}', *state]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True
    assert main([*common, "tune", "--again", *state]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
    assert main([*common, "reset", *state]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ('{"turbo": 1}', "unknown knob 'turbo'; valid: boot_config"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    raspberry_pi: FakeBoard, tmp_path: Path, capsys: pytest.CaptureFixture[str], wanted: str, message: str
) -> None:
    assert main(["--root", raspberry_pi.root, "tune", "--wanted", wanted, "--state", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_services_that_were_wanted_once_are_put_back(board: FakeBoard, tmp_path: Path) -> None:
    units = {name: ["enabled", "active"] for name in ("cups.service", "snapd.service", "apt-daily.timer")}
    before = {unit: list(state) for unit, state in units.items()}
    board.run_systemd(units)
    for wanted in (["cups.service"], ["cups.service", "snapd.service"], ["snapd.service", "apt-daily.timer"]):
        results = tuner.tune(board, Ledger(str(tmp_path)), {"services": wanted}, check=False)
        assert statuses(results) == {"services": "changed"}
        assert {unit for unit, state in units.items() if state[0] == "masked"} == set(wanted)
    ledger = Ledger(str(tmp_path))
    assert statuses(tuner.reset(board, ledger, ["services"], check=False)) == {"services": "changed"}
    assert units == before
    assert Ledger(str(tmp_path)).knobs == {}
