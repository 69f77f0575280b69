"""Runs a cell at most once at a time in its directory, and lets any number of callers wait for it.

Who measures holds an exclusive flock on ``run.lock`` for its life; who waits blocks in a shared flock, so
nothing polls during the measured window. The lock dies with its process, so a lock that is free beside a
missing ``cell.json`` means that the runner died: its files are kept as ``attempt-<n>`` and the cell starts
afresh, once.
"""

import fcntl
import os
import sys
import traceback
from typing import Any, Dict, List, Optional

from edgebench_runner import atomic, launcher, progress, records
from edgebench_runner.errors import UsageError
from edgebench_runner.records import RECORD

LOCK = "run.lock"
MAX_ATTEMPTS = 2


class CellDiedError(Exception):
    """The runner of this cell died, more often than it may be started again."""


def run_here(spec: Dict, directory: str) -> Dict:
    """Measure a cell in this process, or wait for the process that is measuring it; return the record."""
    lock = _open_lock(spec, directory)
    if _try_lock(lock):
        return _complete(directory) or _measure(spec, directory, _put_aside(directory))
    return _wait(lock, directory)


def run_detached(spec: Dict, directory: str) -> Dict:
    """Like ``run_here``, but measured by a process in a session of its own, which outlives the caller."""
    lock = _open_lock(spec, directory)
    if _try_lock(lock):
        done = _complete(directory)
        if done is not None:
            return done
        previous = _put_aside(directory)
        _spawn_holder(lock, lambda: _measure(spec, directory, previous), directory)
        lock = _open_lock(spec, directory)
    return _wait(lock, directory)


def run_in_service(spec: Dict, spec_path: str, directory: str) -> Dict:
    """Like ``run_detached``, but measured by a transient systemd service."""
    lock = _open_lock(spec, directory)
    free = _try_lock(lock)
    done = _complete(directory) if free else None
    if done is not None:
        return done
    status = 0
    if free:
        fcntl.flock(lock, fcntl.LOCK_UN)
        status = launcher.run_service(spec, spec_path, directory)
    return _wait(lock, directory, " (systemd-run: exit status {})".format(status) if status else "")


def head(record: Dict) -> Dict:
    """Return the few fields of a record that a caller decides on."""
    keys = ("cell_id", "outcome", "outcome_detail", "validity", "n_planned", "n_completed", "check")
    return {key: record[key] for key in keys}


def _measure(spec: Dict, directory: str, previous: List[Dict]) -> Dict:
    from edgebench_runner.cell import Cell  # here, because who only waits need not load what measures

    return Cell(spec, directory, previous).run()


def _open_lock(spec: Dict, directory: str) -> int:
    """Open the lock file of a cell directory, after making sure that the directory belongs to this spec."""
    os.makedirs(directory, exist_ok=True)
    lock = os.open(os.path.join(directory, LOCK), os.O_RDWR | os.O_CREAT, 0o644)
    path = os.path.join(directory, "spec.json")
    if os.path.exists(path) and atomic.sha256_json(atomic.read_json(path)) != atomic.sha256_json(spec):
        os.close(lock)
        raise UsageError(
            ["{}: holds another cell spec; valid: an empty directory, or the same spec".format(directory)]
        )
    return lock


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _wait(lock: int, directory: str, how: str = "") -> Dict:
    fcntl.flock(lock, fcntl.LOCK_SH)
    os.close(lock)
    done = _complete(directory)
    if done is None:
        line = "{}: the runner died before it wrote {}{}; run the same command again to start afresh"
        raise CellDiedError(line.format(directory, RECORD, how))
    return done


def _complete(directory: str) -> Optional[Dict]:
    path = os.path.join(directory, RECORD)
    return atomic.read_json(path) if os.path.exists(path) else None


def _put_aside(directory: str) -> List[Dict]:
    """Move what a dead runner left into ``attempt-<n>``, and say what it was."""
    earlier = sorted(name for name in os.listdir(directory) if name.startswith("attempt-"))
    if os.path.exists(os.path.join(directory, "spec.json")):
        name = "attempt-{}".format(len(earlier) + 1)
        os.mkdir(os.path.join(directory, name))
        for entry in os.listdir(directory):
            if entry != LOCK and not entry.startswith("attempt-"):
                os.rename(os.path.join(directory, entry), os.path.join(directory, name, entry))
        earlier.append(name)
    if len(earlier) >= MAX_ATTEMPTS:
        line = "{}: the runner died {} times; its partial files are in {}"
        raise CellDiedError(line.format(directory, len(earlier), ", ".join(earlier)))
    return [_describe(os.path.join(directory, name)) for name in earlier]


def _describe(attempt: str) -> Dict:
    return {
        "directory": os.path.basename(attempt),
        "reason": "the runner died before it wrote " + RECORD,
        "phase": progress.phase_of_death(progress.read(attempt)),
        "n_rows": records.completed_rows(attempt),
    }


def _spawn_holder(lock: int, measure: Any, directory: str) -> None:
    """Run ``measure`` in a grandchild with a session of its own, which inherits the locked descriptor."""
    child = os.fork()
    if child:
        os.close(lock)
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _quieten(directory)
            measure()
    except BaseException:  # nobody is left to catch it: it must reach the log, and the lock must go
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _quieten(directory: str) -> None:
    """Part from the caller's terminal or connection, which may go away."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(os.path.join(directory, "stderr.txt"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
