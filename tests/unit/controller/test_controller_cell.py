from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller import spec
from controller.board import Answer, UnreachableError
from controller.cell import CellRun
from controller.clock import EXCHANGES
from controller.errors import BoardHeldError
from controller.link import BoardBrokenError, Link
from controller.results import Results
from tests.unit.controller.controller_factory import ROOT, a_setup, a_zoo, an_archive, some_results
from tests.unit.controller.fake_board import HELD, LOST, FakeBoard

RECORD_SCHEMA = json.loads((ROOT / "schemas" / "controller_record.json").read_text(encoding="utf-8"))


class Bench:
    """One cell, its board and its results directory."""

    def __init__(self, folder: Path):
        self.results, (self.cell_id, self.next_id) = some_results(folder)
        self.board = FakeBoard()
        self.rest_s = 0.0
        self.folder = f"/var/lib/edgebench/cells/{self.results.path.name}"

    def measure(self, **setup: Any) -> dict[str, Any]:
        manifest, board_setup = self.results.manifest(), a_setup(**setup)
        built = spec.build(manifest["cells"][0], manifest, a_zoo(), board_setup)
        link = Link(self.board, board_setup.reconnect_s, self.folder, kept=set())
        record = CellRun(link, board_setup, self.results, built).measure(
            {**manifest["profile"], "rest_s": self.rest_s}
        )
        self.cleaning = link.cleaning()
        return record

    def record(self) -> dict[str, Any]:
        return self.results.record(self.cell_id) or {}

    def controller_record(self) -> dict[str, Any]:
        path = self.results.cell_dir(self.cell_id) / "controller.json"
        record: dict[str, Any] = json.loads(path.read_text())
        Draft202012Validator(RECORD_SCHEMA).validate(record)
        return record

    def events(self) -> list[str]:
        return [attempt["event"] for attempt in self.controller_record()["attempts"]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_cell_is_run_fetched_and_kept_and_may_then_go_from_the_board(bench: Bench) -> None:
    assert bench.measure()["outcome"] == "ok"
    assert bench.record()["outcome"] == "ok"
    remote = f"{bench.folder}/{bench.cell_id.partition('/')[2]}"
    assert bench.cleaning == f"rm -rf {remote} {remote}.json; "
    assert bench.events() == ["started", "fetched"]
    assert bench.controller_record()["reboot"] is None


def test_a_connection_that_drops_is_taken_up_again_and_nothing_measured_twice(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST, LOST]
    assert bench.measure()["outcome"] == "ok"
    assert bench.board.measured == {bench.cell_id: 1}
    assert bench.board.count("power_cycle") == 0
    assert [event for event in bench.events() if event == "reconnected"] == ["reconnected"] * 2


def test_a_connection_that_keeps_dropping_ends_the_cell_not_the_board(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST] * 3
    record = bench.measure()
    assert record["outcome"] == "infrastructure"
    assert "connection was lost 3 times" in record["outcome_detail"]
    assert bench.results.is_outstanding(bench.cell_id)


@pytest.mark.parametrize("moment", ["look", "run", "boot_id"])
def test_a_connection_may_drop_at_any_moment(bench: Bench, moment: str) -> None:
    bench.board.faults[moment] = [LOST]
    assert bench.measure(can_reboot=True)["outcome"] == "ok"
    assert bench.board.measured == {bench.cell_id: 1}


def test_a_board_that_hangs_is_power_cycled_once(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST]
    bench.board.faults["reconnect"] = [LOST]
    assert bench.measure()["outcome"] == "ok"
    assert bench.board.count("power_cycle") == 1
    assert "power cycled" in bench.events()


def test_a_board_that_stays_away_is_lost(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST]
    bench.board.faults["reconnect"] = [LOST] * 9
    with pytest.raises(BoardBrokenError, match="nor after one power cycle"):
        bench.measure()
    assert bench.board.count("power_cycle") == 1
    assert bench.record()["outcome"] == "board_lost"
    assert "connection closed" in bench.record()["outcome_detail"]
    assert bench.results.is_outstanding(bench.cell_id)


def test_a_board_that_hangs_again_is_not_power_cycled_again(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST, LOST]
    bench.board.faults["reconnect"] = [LOST, None, LOST]
    with pytest.raises(BoardBrokenError):
        bench.measure()
    assert bench.board.count("power_cycle") == 1


def test_a_board_without_a_power_switch_is_lost_when_it_does_not_answer(bench: Bench) -> None:
    bench.board.has_power_switch = False
    bench.board.faults["look"] = [LOST]
    bench.board.faults["reconnect"] = [LOST]
    with pytest.raises(BoardBrokenError, match="no answer for 180 s"):
        bench.measure()
    assert bench.record()["outcome"] == "board_lost"


def test_a_power_switch_that_fails_leaves_the_board_lost(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST]
    bench.board.faults["reconnect"] = [LOST]
    bench.board.faults["power_cycle"] = [UnreachableError("the power switch failed: no such port")]
    with pytest.raises(BoardBrokenError, match="no such port"):
        bench.measure()
    assert bench.record()["outcome"] == "board_lost"


def test_a_reboot_is_proven_by_its_boot_id(bench: Bench) -> None:
    bench.measure(can_reboot=True)
    reboot = bench.controller_record()["reboot"]
    assert (reboot["boot_id_before"], reboot["boot_id_after"]) == ("boot-1", "boot-2")


def test_a_reboot_that_changed_nothing_is_no_reboot(bench: Bench) -> None:
    same = Answer(0, "boot-1\n", "")
    bench.board.faults["boot_id"] = [same, same]
    record = bench.measure(can_reboot=True)
    assert record["outcome"] == "infrastructure"
    assert "boot_id did not change" in record["outcome_detail"]
    assert bench.board.measured == {}


def test_what_a_board_says_besides_its_boot_id_proves_nothing(bench: Bench) -> None:
    bench.board.faults["boot_id"] = [
        Answer(0, '{"sweep_id": "s"}\r\nboot-1\r\n', ""),
        Answer(0, "warning\r\nboot-1\r\n", ""),
    ]
    assert "boot_id did not change" in bench.measure(can_reboot=True)["outcome_detail"]


def test_a_boot_id_that_cannot_be_read_is_no_proof(bench: Bench) -> None:
    bench.board.faults["boot_id"] = [None, Answer(1, "", "cat: no such file")]
    assert bench.measure(can_reboot=True)["outcome"] == "infrastructure"
    assert bench.board.measured == {}


def test_a_board_that_does_not_return_from_a_reboot_is_power_cycled(bench: Bench) -> None:
    bench.board.faults["reboot"] = [LOST]
    bench.board.faults["reconnect"] = [LOST]
    assert bench.measure(can_reboot=True)["outcome"] == "ok"
    assert bench.board.count("power_cycle") == 1


def test_a_cell_that_an_earlier_controller_began_is_not_rebooted_away(bench: Bench) -> None:
    remote = f"{bench.folder}/{bench.cell_id.partition('/')[2]}"
    bench.board.stored[remote] = an_archive(bench.cell_id)
    assert bench.measure(can_reboot=True)["outcome"] == "ok"
    assert bench.board.count("reboot") == 0
    assert bench.board.measured == {}


@pytest.mark.parametrize("can_reboot", [False, True])
def test_a_board_that_another_sweep_holds_is_left_alone(bench: Bench, can_reboot: bool) -> None:
    bench.board.faults["run"] = bench.board.faults["boot_id"] = [HELD]
    with pytest.raises(BoardHeldError, match=r"ada@lab2 for sweep 20261120-nightly"):
        bench.measure(can_reboot=can_reboot)
    assert bench.board.count("reboot") == 0
    assert bench.record() == {}


@pytest.mark.parametrize(
    "damaged",
    [
        base64.b64encode(b"no archive").decode(),
        "n@t base64",
        "",
        base64.b64encode(an_archive("pi/digits_cnn.fp32.onnxruntime.warm.r1")[:-30]).decode(),
    ],
)
def test_a_damaged_transfer_is_fetched_once_more(bench: Bench, damaged: str) -> None:
    bench.board.faults["run"] = [Answer(0, damaged, "")]
    assert bench.measure()["outcome"] == "ok"
    assert bench.board.count("fetch") == 1
    assert bench.board.measured == {bench.cell_id: 1}


def test_a_transfer_that_is_damaged_twice_ends_the_cell_and_leaves_it_on_the_board(bench: Bench) -> None:
    bad = Answer(0, base64.b64encode(b"no archive").decode(), "")
    bench.board.faults["run"], bench.board.faults["fetch"] = [bad], [bad]
    record = bench.measure()
    assert record["outcome"] == "infrastructure"
    assert "damaged in transfer twice" in record["outcome_detail"]
    assert bench.measure()["outcome"] == "ok"
    assert bench.board.measured == {bench.cell_id: 1}


def test_a_runner_that_fails_ends_the_cell_with_its_last_words(bench: Bench) -> None:
    bench.board.faults["run"] = [Answer(1, "", "warming up\nthe runner died 2 times\n")]
    record = bench.measure()
    assert record["outcome"] == "infrastructure"
    assert record["outcome_detail"] == "exit status 1: the runner died 2 times"


def test_a_cell_whose_runner_failed_starts_afresh_when_it_is_retried(bench: Bench) -> None:
    bench.board.faults["run"] = [Answer(1, "", "the runner died 2 times\n")]
    bench.measure()
    assert bench.board.count("set_aside") == 1
    assert bench.measure()["outcome"] == "ok"
    assert bench.board.measured == {bench.cell_id: 2}


def test_a_runner_that_does_not_end_is_named(bench: Bench) -> None:
    bench.board.faults["run"] = [Answer(124, "", "")]
    assert "did not end within" in bench.measure()["outcome_detail"]


def test_clocks_are_exchanged_where_a_meter_watches(bench: Bench) -> None:
    bench.measure(metered=True)
    exchanges = bench.controller_record()["clock_exchanges"]
    for reading in (*exchanges["before"], *exchanges["after"]):
        assert reading["t0_ns"] <= reading["t1_ns"]
        assert reading["board_ns"] == 123456789
    assert len(exchanges["before"]) == len(exchanges["after"]) == EXCHANGES


def test_a_clock_that_says_nothing_is_no_reading(bench: Bench) -> None:
    bench.board.faults["clock"] = [["", "soon", "123456789"]]
    bench.measure(metered=True)
    assert len(bench.controller_record()["clock_exchanges"]["before"]) == 1


def test_a_connection_that_drops_while_clocks_are_exchanged_is_taken_up_again(bench: Bench) -> None:
    bench.board.faults["clock"] = [None, LOST]
    assert bench.measure(metered=True)["outcome"] == "ok"
    assert bench.board.measured == {bench.cell_id: 1}
    assert "reconnected" in bench.events()


def test_a_machine_that_is_its_own_board_has_one_clock(bench: Bench) -> None:
    own = Path("/proc/sys/kernel/random/boot_id").read_text()
    bench.board.faults["look"] = [Answer(2, own, "")]
    bench.measure(metered=True)
    assert bench.controller_record()["clock_exchanges"] == {"before": [], "after": []}
    assert bench.board.count("clock") == 0


def test_a_failure_record_follows_the_schema_of_records(bench: Bench) -> None:
    bench.board.faults["run"] = [LOST] * 3
    bench.measure()
    schema = json.loads((ROOT / "schemas" / "cell_record.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(bench.record())


def test_the_results_of_a_completed_cell_are_not_touched_by_a_failure(bench: Bench) -> None:
    bench.measure()
    before = bench.results.cell_dir(bench.cell_id).stat().st_mtime_ns
    assert isinstance(bench.results, Results)
    assert [cell["cell_id"] for cell in bench.results.outstanding()] == [bench.next_id]
    assert bench.results.cell_dir(bench.cell_id).stat().st_mtime_ns == before


def test_a_board_that_rests_is_held(bench: Bench) -> None:
    bench.rest_s = 0.01
    assert bench.measure()["outcome"] == "ok"
    assert [call for call in bench.board.calls if call in ("hold", "run")] == ["hold", "run"]


def test_a_board_that_another_sweep_took_while_it_rebooted_is_left_alone(bench: Bench) -> None:
    bench.rest_s = 0.01
    bench.board.faults["hold"] = [HELD]
    with pytest.raises(BoardHeldError, match="held by ada@lab2"):
        bench.measure(can_reboot=True)
    assert bench.board.count("run") == 0
