"""Runs a worker in a process group of its own, kills it at its deadline, and says how it ended."""

import contextlib
import os
import signal
import subprocess
import threading
from typing import Dict, List

from edgebench_runner import memory_kills
from edgebench_runner.kernel_log import KernelLog
from edgebench_runner.outcome import WorkerEnd

_FIRST_TO_KILL = "1000"
_PROTECTED = "-500"


def protect_self() -> None:
    """Make this process a late choice of the kernel's memory killer, where that is permitted."""
    _set_oom_score(os.getpid(), _PROTECTED)


def supervise(
    command: List[str], environment: Dict[str, str], directory: str, deadline_s: float, log: KernelLog
) -> WorkerEnd:
    """Run ``command`` to its end.

    Args:
        command: program and arguments.
        environment: its environment variables.
        directory: its working directory; its standard output and error go to ``stderr.txt`` there.
        deadline_s: seconds after which its whole process group is killed.
        log: the kernel's log, watched since before this call.

    Returns:
        How the worker ended; never raises for anything the worker does.
    """
    before = memory_kills.counters(os.getpid())
    with open(os.path.join(directory, "stderr.txt"), "ab") as output:
        try:
            worker = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            return WorkerEnd(spawn_error="{}: {}".format(command[0], error.strerror))
    _set_oom_score(worker.pid, _FIRST_TO_KILL)
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        _kill_group(worker.pid)

    timer = threading.Timer(deadline_s, expire)
    timer.daemon = True
    timer.start()
    # The zombie keeps its process id until wait4, so that neither kill can hit a stranger.
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    timer.cancel()
    timer.join()
    _kill_group(worker.pid)
    _, status, usage = os.wait4(worker.pid, 0)
    worker.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    end = WorkerEnd(worker.returncode)
    end.timed_out = expired.is_set() and end.signal == "SIGKILL"
    end.peak_rss_bytes = usage.ru_maxrss * 1024
    if end.signal == "SIGKILL" and not end.timed_out:
        after = memory_kills.counters(os.getpid())
        end.oom_evidence = memory_kills.evidence(worker.pid, before, after, log.lines())
    return end


def _set_oom_score(pid: int, score: str) -> None:
    try:
        with open("/proc/{}/oom_score_adj".format(pid), "w") as file:
            file.write(score)
    except OSError:
        pass  # lowering needs a privilege; a worker that is gone already needs no score


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
