from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller import lock
from controller.errors import BoardHeldError


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is told to end."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


@pytest.fixture
def other(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A second one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


def test_a_live_holder_is_named(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi", "nano"], "sweep-1", process.pid)
    with pytest.raises(BoardHeldError) as caught:
        lock.acquire(tmp_path, ["nano", "orin"], "sweep-2", other.pid)
    message = str(caught.value)
    assert "nano" in message
    assert "sweep-1" in message
    assert str(process.pid) in message
    assert lock.whoami() in message
    assert "pi is held" not in message


def test_all_boards_are_taken_or_none(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["nano"], "sweep-1", process.pid)
    with pytest.raises(BoardHeldError):
        lock.acquire(tmp_path, ["orin", "nano"], "sweep-2", other.pid)
    lock.acquire(tmp_path, ["orin"], "sweep-3", process.pid)


def test_a_dead_holder_holds_nothing(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    process.kill()
    process.wait()
    lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)


def test_a_holder_that_nobody_waited_for_holds_nothing(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)


def test_a_later_process_of_the_same_number_is_another(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    path = tmp_path / "pi.json"
    claim = json.loads(path.read_text())
    boot, _, ticks = claim["process_start"].partition("/")
    path.write_text(json.dumps({**claim, "process_start": f"{boot}/{int(ticks) - 1}"}))
    lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)


def test_a_process_of_an_earlier_boot_is_another(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    path = tmp_path / "pi.json"
    claim = json.loads(path.read_text())
    ticks = claim["process_start"].partition("/")[2]
    path.write_text(json.dumps({**claim, "process_start": f"an-earlier-boot/{ticks}"}))
    lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)


def test_the_same_process_takes_its_boards_again(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)


def test_release_gives_back_what_this_process_holds_and_nothing_else(
    tmp_path: Path, process: subprocess.Popen[bytes], other: subprocess.Popen[bytes]
) -> None:
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)
    lock.release(tmp_path, ["pi"], other.pid)
    with pytest.raises(BoardHeldError):
        lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)
    lock.release(tmp_path, ["pi", "never-held"], process.pid)
    lock.acquire(tmp_path, ["pi"], "sweep-2", other.pid)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"pid": 1}', '{"pid": "x", "process_start": 5}']
)
def test_a_lock_file_that_is_none_holds_nothing(
    tmp_path: Path, process: subprocess.Popen[bytes], content: str
) -> None:
    (tmp_path / "pi.json").write_text(content)
    lock.acquire(tmp_path, ["pi"], "sweep-1", process.pid)


def test_of_many_that_ask_at_once_one_gets_the_board(tmp_path: Path) -> None:
    asking = """
import os, sys
from pathlib import Path
from controller import lock
from controller.errors import BoardHeldError
try:
    lock.acquire(Path(sys.argv[1]), ["pi"], f"sweep-{os.getpid()}", os.getpid())
    print("mine", flush=True)
except BoardHeldError:
    print("held", flush=True)
input()
"""

    def ask(_: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", asking, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with ThreadPoolExecutor() as pool:
        running = list(pool.map(ask, range(4)))
    answers = [process.stdout.readline().strip() for process in running if process.stdout]
    for process in running:
        process.communicate("\n")
    assert sorted(answers) == ["held", "held", "held", "mine"]
