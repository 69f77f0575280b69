"""The kernel kills a worker for memory: a real limit of a real control group, a real kill."""

import os
from pathlib import Path

import pytest
import runner_process
from runner_factory import onnx_spec, write_spec

pytestmark = pytest.mark.fault

LIMIT_BYTES = 150_000_000
HOARD = """
def fault():
    hoard = []
    while True: hoard.append(b"x" * (1 << 24))
"""


@pytest.fixture
def limited_group():
    """A memory control group, v1 or v2, with a limit below this process's own."""
    parent, limit_file = own_memory_group()
    group = parent / f"edgebench-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit_file).write_text(str(LIMIT_BYTES))
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        lacking = f"no memory control group can be made here: {error}"
        if os.environ.get("CI") and os.geteuid() == 0:  # there it has to be: a skip would hide a hole
            pytest.fail(lacking)
        pytest.skip(lacking)
    yield group
    group.rmdir()


def own_memory_group() -> tuple[Path, str]:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return Path("/sys/fs/cgroup/memory") / path.lstrip("/"), "memory.limit_in_bytes"
    return Path("/sys/fs/cgroup") / path.lstrip("/"), "memory.max"


def test_kernel_kills_the_worker_not_the_runner(tmp_path, limited_group):
    environment = tmp_path / "environment"
    environment.mkdir()
    spec = onnx_spec(tmp_path)
    spec["artifact"]["check"] = None
    spec["protocol"] = {"warmup": 1, "inferences": 5, "deadline_s": 60}
    module = runner_process.FAULTY_RUNTIME + HOARD
    spec["environment"]["python"] = runner_process.faulty_python(environment, module=module)

    def join_group():
        (limited_group / "cgroup.procs").write_text(str(os.getpid()))

    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out", preexec_fn=join_group)
    assert (record["outcome"], record["signal"]) == ("oom_killed", "SIGKILL")
    assert "phase measured" in record["outcome_detail"]
    assert record["n_completed"] == 1
    assert record["peak_rss_bytes"] > LIMIT_BYTES / 3
