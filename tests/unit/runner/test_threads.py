"""How many threads computed, from the kernel's own accounts."""

import threading
import time

import pytest

from edgebench_runner import threads
from edgebench_runner.records import Records
from edgebench_runner.streams import Stages, measure_streams


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ({"1": 5}, {"1": 105, "2": 90, "3": 1}, 2),
        ({"1": 5}, {"1": 6, "2": 100, "3": 80}, 2),
        ({"1": 5}, {"1": 5}, None),
        ({}, {}, None),
    ],
)
def test_threads_that_computed(before, after, count):
    assert threads.busy(before, after) == count


def test_kernel_without_accounts(tmp_path):
    (tmp_path / "17").mkdir()
    assert threads.cpu_ns(str(tmp_path)) == {}


def test_this_process():
    stop, burnt = threading.Event(), threading.Event()

    def burn():
        start = time.thread_time()
        while time.thread_time() - start < 0.05:
            pass
        burnt.set()
        stop.wait()

    before = threads.cpu_ns()
    thread = threading.Thread(target=burn)
    thread.start()
    burnt.wait()
    assert threads.busy(before, threads.cpu_ns()) == 1
    stop.set()
    thread.join()


def test_streams_account_for_their_threads(tmp_path):
    def burn(tensor):
        start = time.thread_time()
        while time.thread_time() - start < 0.02:
            pass

    stages = [Stages(lambda item: item, burn, lambda output: None, lambda *answer: None)] * 2
    ended = measure_streams(stages, [(-1, None)] * 2, Records(str(tmp_path), 2), 0, 2**63 - 1)
    assert len(ended) == 2
    assert min(ended.values()) >= 20_000_000
