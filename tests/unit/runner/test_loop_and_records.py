"""The measured loop stores four ordered readings a row, and the files say what was completed."""

import tracemalloc

import numpy as np
import pytest

from edgebench_runner import loop, records


def nothing(value):
    return value


def test_four_readings_a_row_in_order_and_answers_with_their_items(tmp_path):
    kept = records.Records(str(tmp_path), 5)
    items = [(index, index * 10) for index in range(3)]
    row = loop.measure(
        items, nothing, nothing, lambda value: [value, value + 1], kept.times, 2, kept.keep_answer
    )
    assert row == 5
    times = np.fromfile(tmp_path / "inferences.bin", "<i8").reshape(5, 4)
    assert (times[:2] == 0).all()
    assert (np.diff(times[2:].reshape(-1)) >= 0).all()
    answers = np.fromfile(tmp_path / "outputs.bin", "<i4").reshape(5, 6)
    assert (answers[:2] == -1).all()
    assert answers[2:].tolist() == [
        [0, 0, 1, -1, -1, -1],
        [1, 10, 11, -1, -1, -1],
        [2, 20, 21, -1, -1, -1],
    ]


def test_stage_order(tmp_path):
    kept, calls = records.Records(str(tmp_path), 1), []

    def stage(name):
        def act(value):
            calls.append((name, value))
            return value + 1

        return act

    loop.measure(
        [(0, 1)],
        stage("prepare"),
        stage("infer"),
        lambda v: calls.append(("finish", v)),
        kept.times,
        0,
        print,
    )
    assert calls == [("prepare", 1), ("infer", 2), ("finish", 3)]


def test_failing_inference_leaves_the_rows_before_it(tmp_path):
    kept = records.Records(str(tmp_path), 4)

    def infer(value):
        if value == 2:
            raise RuntimeError("third")

    with pytest.raises(RuntimeError, match="third"):
        loop.measure([(i, i) for i in range(4)], nothing, infer, nothing, kept.times, 0, kept.keep_answer)
    assert records.completed_rows(str(tmp_path)) == 2
    assert records.completed_rows(str(tmp_path), start=1) == 1


def test_no_inference_starts_after_the_stop(tmp_path):
    kept = records.Records(str(tmp_path), 4)
    row = loop.measure(
        [(-1, None)] * 4, nothing, nothing, nothing, kept.times, 0, kept.keep_answer, stop_ns=1
    )
    assert row == 1


@pytest.mark.parametrize("content", [None, b"", b"\x01" * 31])
def test_missing_or_torn_record_file_has_no_completed_rows(tmp_path, content):
    if content is not None:
        (tmp_path / "inferences.bin").write_bytes(content)
    assert records.completed_rows(str(tmp_path)) == 0


def test_making_the_files_takes_no_memory_of_their_size(tmp_path):
    tracemalloc.start()
    kept = records.Records(str(tmp_path), 100000)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(kept.times) == 3200000
    assert peak_bytes < 1000000


def test_every_row_beyond_one_page_is_mapped_and_filled(tmp_path):
    kept = records.Records(str(tmp_path), 1000)
    assert len(kept.times) == 1000 * 32
    assert (np.fromfile(tmp_path / "outputs.bin", "<i4") == -1).all()
    assert (tmp_path / "outputs.bin").stat().st_size == 1000 * 6 * 4
