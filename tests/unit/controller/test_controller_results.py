from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.records import controller_record, failure_record
from controller.results import DamagedError, Results
from tests.unit.controller.controller_factory import (
    FILES,
    SWEEP_ID,
    a_record,
    an_archive,
    pack,
    some_results,
)


@pytest.fixture
def sweep(tmp_path: Path) -> tuple[Results, list[str]]:
    return some_results(tmp_path)


def commit(results: Results, cell_id: str, archive: bytes) -> dict[str, object]:
    return results.commit(cell_id, archive, controller_record(cell_id, []))


def fail(results: Results, cell_id: str, outcome: str) -> None:
    cell = next(cell for cell in results.manifest()["cells"] if cell["cell_id"] == cell_id)
    record = failure_record({**cell, "sweep_id": SWEEP_ID}, outcome, f"made {outcome}")
    results.commit_without_board(record, controller_record(cell_id, []))


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_stands_before_anything_else_and_latest_names_the_sweep(
    sweep: tuple[Results, list[str]],
) -> None:
    results, cells = sweep
    assert [path.name for path in results.path.iterdir()] == ["manifest.json"]
    assert (results.path.parent / "latest").readlink() == Path(SWEEP_ID)
    assert [cell["cell_id"] for cell in results.outstanding()] == cells


def test_latest_moves_to_the_newest_sweep(sweep: tuple[Results, list[str]]) -> None:
    results, _ = sweep
    newer = Results(results.path.parent / "20261122-000000-made")
    newer.begin(results.manifest())
    assert (results.path.parent / "latest").resolve() == newer.path.resolve()


def test_a_fetched_cell_gets_its_final_name_with_every_file(sweep: tuple[Results, list[str]]) -> None:
    results, (first, second) = sweep
    commit(results, first, an_archive(first))
    cell = results.cell_dir(first)
    assert {path.name for path in cell.iterdir()} == {*FILES, "cell.json", "controller.json"}
    assert all((cell / name).read_bytes() == content for name, content in FILES.items())
    assert [cell["cell_id"] for cell in results.outstanding()] == [second]
    assert not list(cell.parent.glob(".*.part"))


@pytest.mark.parametrize("outcome", ["ok", "crashed", "oom_killed", "timeout", "unsupported", "wrong_answer"])
def test_a_cell_that_said_something_is_never_measured_again(
    sweep: tuple[Results, list[str]], outcome: str
) -> None:
    results, (first, _) = sweep
    commit(results, first, an_archive(first, outcome=outcome))
    assert not results.is_outstanding(first)


def test_a_completed_cell_is_never_overwritten(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    commit(results, first, an_archive(first))
    before = everything_in(results.cell_dir(first))
    with pytest.raises(DamagedError, match="never overwritten"):
        commit(results, first, an_archive(first, {"inferences.bin": b"other"}))
    fail(results, first, "board_lost")
    assert everything_in(results.cell_dir(first)) == before


@pytest.mark.parametrize("outcome", ["board_lost", "infrastructure", "not_run"])
def test_a_cell_of_which_nothing_is_known_is_retried_and_its_record_set_aside(
    sweep: tuple[Results, list[str]], outcome: str
) -> None:
    results, (first, _) = sweep
    fail(results, first, outcome)
    assert results.is_outstanding(first)
    fail(results, first, "board_lost")
    commit(results, first, an_archive(first))
    assert not results.is_outstanding(first)
    aside = [results.cell_dir(first).with_name(f".{Path(first).name}.attempt{n}") for n in (1, 2)]
    kept = [json.loads((path / "cell.json").read_text())["outcome"] for path in aside]
    assert kept == [outcome, "board_lost"]


@pytest.mark.parametrize("name", list(FILES))
def test_a_file_with_other_bytes_is_refused(sweep: tuple[Results, list[str]], name: str) -> None:
    results, (first, _) = sweep
    record = json.dumps(a_record(first, FILES)).encode()
    with pytest.raises(DamagedError, match=f"{name} has SHA-256"):
        commit(results, first, pack({**FILES, name: FILES[name] + b"!", "cell.json": record}))
    assert results.is_outstanding(first)
    assert not results.cell_dir(first).exists()


def test_a_file_that_is_missing_is_refused(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    record = json.dumps(a_record(first, FILES)).encode()
    with pytest.raises(DamagedError, match=r"inferences\.bin did not arrive"):
        commit(results, first, pack({"stderr.txt": FILES["stderr.txt"], "cell.json": record}))


def test_the_record_of_another_cell_is_refused(sweep: tuple[Results, list[str]]) -> None:
    results, (first, second) = sweep
    with pytest.raises(DamagedError, match="of another cell"):
        commit(results, first, an_archive(second))


def test_the_record_of_another_sweep_is_refused(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    with pytest.raises(DamagedError, match=r"of another cell: .* of sweep 20200101-000000-old"):
        commit(results, first, an_archive(first, sweep_id="20200101-000000-old"))


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'{"cell_id": 1}',
        b'{"sweep_id": "s", "cell_id": "x", "files": []}',
        b'{"sweep_id": "s", "cell_id": "x", "files": {"a": null}}',
    ],
)
def test_a_record_that_is_none_is_refused(sweep: tuple[Results, list[str]], record: bytes) -> None:
    results, (first, _) = sweep
    with pytest.raises(DamagedError, match="cannot be read"):
        commit(results, first, pack({"cell.json": record}))


@pytest.mark.parametrize("name", ["../escaped.txt", "a/../../escaped.txt"])
def test_an_archive_that_writes_outside_is_refused(sweep: tuple[Results, list[str]], name: str) -> None:
    results, (first, _) = sweep
    with pytest.raises(DamagedError):
        commit(results, first, pack({name: b"out", "cell.json": json.dumps(a_record(first, {})).encode()}))
    assert not list(results.path.parent.rglob("escaped.txt"))
    assert not results.cell_dir(first).exists()


def test_a_link_that_leads_outside_is_refused(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    record = json.dumps(a_record(first, {})).encode()
    with pytest.raises(DamagedError):
        commit(results, first, pack({"cell.json": record}, links={"out": "../../../manifest.json"}))


def test_a_record_that_names_a_file_outside_is_refused(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    manifest = results.manifest_path.read_bytes()
    record = a_record(first, {"../../../manifest.json": manifest})
    with pytest.raises(DamagedError):
        commit(results, first, pack({"cell.json": json.dumps(record).encode()}))


def test_what_an_interrupted_fetch_left_is_replaced(sweep: tuple[Results, list[str]]) -> None:
    results, (first, _) = sweep
    leftover = results.cell_dir(first).with_name(f".{Path(first).name}.part")
    leftover.mkdir(parents=True)
    (leftover / "half.bin").write_bytes(b"half")
    commit(results, first, an_archive(first))
    assert not leftover.exists()
    assert not (results.cell_dir(first) / "half.bin").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_complete(
    sweep: tuple[Results, list[str]], data: st.DataObject
) -> None:
    results, (first, _) = sweep
    whole = an_archive(first)
    cut = data.draw(st.integers(0, len(whole)))
    damaged = bytearray(whole[:cut] if data.draw(st.booleans()) else whole)
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=4)):
        if damaged:
            damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        commit(results, first, bytes(damaged))
    except DamagedError:
        return
    cell = results.cell_dir(first)
    assert all((cell / name).read_bytes() == content for name, content in FILES.items())
    shutil.rmtree(cell)


def test_cells_that_were_not_reached_get_a_record_with_the_reason(tmp_path: Path) -> None:
    results, cells = some_results(tmp_path, boards=("pi", "nano"))
    by_board = {board: [cell for cell in cells if cell.startswith(board)] for board in ("pi", "nano")}
    commit(results, by_board["pi"][0], an_archive(by_board["pi"][0]))
    fail(results, by_board["nano"][0], "board_lost")
    assert results.note_not_run({"nano": "no answer for 180 s", "pi": ""}) == 2
    details = {cell: results.record(cell) or {} for cell in cells}
    assert details[by_board["nano"][0]]["outcome"] == "board_lost"
    assert details[by_board["nano"][1]]["outcome_detail"] == "no answer for 180 s"
    assert details[by_board["pi"][1]]["outcome"] == "not_run"
    assert details[by_board["pi"][1]]["outcome_detail"] == "the sweep ended before it"
    assert results.note_not_run({}) == 0


def test_what_was_fetched_is_on_the_disk_before_it_has_its_name(
    sweep: tuple[Results, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    results, (cell_id, _) = sweep
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(f"/proc/self/fd/{fd}").readlink()))
    commit(results, cell_id, an_archive(cell_id, {"inferences.bin": b"x", "attempt-1/stderr.txt": b"y"}))
    final = results.cell_dir(cell_id)
    staging = final.with_name(f".{final.name}.part")
    for name in ("", "attempt-1", "attempt-1/stderr.txt", "cell.json", "inferences.bin"):
        assert staging / name in synced
    assert synced[-1] == final.parent
