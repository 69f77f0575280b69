"""The worker keeps to the CPUs that the tuning keeps free, and says so where it cannot."""

import os
from pathlib import Path

import pytest
from runner_factory import onnx_spec

from board_tuning.knobs import cpu_affinity
from edgebench_runner import affinity
from edgebench_runner.backends import onnxruntime
from edgebench_runner.errors import BackendUnavailableError


@pytest.fixture
def drop_in(tmp_path):
    """What the knob writes, for a CPU."""

    def write(cpu):
        path = tmp_path / "drop-in.conf"
        path.write_text(cpu_affinity.TEXT.format(others="0", measured=cpu))
        return str(path)

    return write


@pytest.fixture(autouse=True)
def given_back():
    """Give this process its CPUs back."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


def test_tuning_and_runner_mean_the_same_file(drop_in):
    assert affinity.DROP_IN == cpu_affinity.DROP_IN
    assert affinity.measured_cpus(drop_in("2 3")) == [2, 3]
    assert affinity.measured_cpus("/nowhere") is None


def test_the_worker_moves_to_the_cpus_to_measure_on(drop_in):
    last = max(os.sched_getaffinity(0))
    assert affinity.keep_to_measured_cpus(drop_in(str(last))) == [last]


def test_without_the_knob_every_cpu_will_do():
    assert affinity.keep_to_measured_cpus("/nowhere") == sorted(os.sched_getaffinity(0))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a process cannot be kept to some of one CPU")
def test_onnx_runtime_stays_on_the_cpus_it_was_given(tmp_path, drop_in):
    last = max(os.sched_getaffinity(0))
    affinity.keep_to_measured_cpus(drop_in(str(last)))
    before = {path.name for path in Path("/proc/self/task").iterdir()}
    backend = onnxruntime.Backend({})
    backend.import_runtime()
    backend.load(onnx_spec(tmp_path)["artifact"])
    own = {path.name for path in Path("/proc/self/task").iterdir()} - before or {"0"}
    assert all(os.sched_getaffinity(int(task)) == {last} for task in own)
    assert backend.describe()["threads"] == 1


def test_cpus_that_are_offline_are_an_error(drop_in):
    with pytest.raises(BackendUnavailableError, match=r"\(1023\) cannot be used"):
        affinity.keep_to_measured_cpus(drop_in("1023"))
