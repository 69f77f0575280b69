"""How a cell ended: exactly one outcome, from what the worker said, how it died and what the kernel knows."""

import re
import signal
from typing import Dict, List, Optional, Tuple

from edgebench_runner import known_failures, progress
from edgebench_runner.errors import CellFailureError

# What the runtimes print when an allocation fails, and when they lack an operator, from their sources.
_ALLOCATOR = re.compile(
    r"std::bad_alloc|MemoryError|Cannot allocate memory|can't allocate memory|not enough memory"
    r"|Failed to allocate memory|[Oo]ut of memory|Insufficient memory|alloc(?:ation)? failed"
    r"|cudaErrorMemoryAllocation"
)
_UNSUPPORTED = re.compile(
    r"NOT_IMPLEMENTED|NotImplemented|not implemented|doesn't support|not supported"
    r"|is not a registered function/op|No Op registered for|Unsupported model IR version"
    r"|ONNX Runtime only \*guarantees\*|[Uu]nknown builtin op|Unknown operator|[Uu]nresolved custom op"
    r"|Unsupported (?:operator|op|layer)|Didn't find op for builtin opcode|Can't create layer"
)
_MEANING_OF_PHASE = {"import": "backend_unavailable", "build": "load_failed", "load": "load_failed"}
_EXPLAINED = ("backend_unavailable", "load_failed", "unsupported", "crashed")
_SIGNAL_WORDS = {
    "SIGILL": "illegal instruction: the library was built for another processor",
    "SIGSEGV": "segmentation fault",
    "SIGBUS": "bus error",
    "SIGABRT": "aborted by its runtime",
    "SIGFPE": "arithmetic error",
    "SIGKILL": "killed by another process, not by the kernel for memory",
}


class WorkerEnd(object):
    """How a worker process ended.

    Attributes:
        exit_code: its exit status, ``None`` where a signal ended it.
        signal: name of the signal that ended it, or ``None``.
        timed_out: the runner killed it at its deadline.
        oom_evidence: what shows that the kernel killed it for memory, or ``None``.
        spawn_error: why it could not be started, or ``None``.
        refused: outcome and detail where it was not even tried, or ``None``.
        peak_rss_bytes: its largest resident set, or ``None``.
    """

    def __init__(self, status: int = 0, spawn_error: Optional[str] = None) -> None:
        self.exit_code: Optional[int] = status if status >= 0 and spawn_error is None else None
        self.signal: Optional[str] = signal_name(-status) if status < 0 else None
        self.timed_out = False
        self.oom_evidence: Optional[str] = None
        self.spawn_error = spawn_error
        self.refused: Optional[Tuple[str, str]] = None
        self.peak_rss_bytes: Optional[int] = None


def signal_name(number: int) -> str:
    """Return the name of a signal, ``signal 42`` for one without."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)


def signal_words(name: str) -> str:
    """Return what a signal means that ended a process by itself; its name where that says no more."""
    return _SIGNAL_WORDS.get(name, name)


def of_exception(error: Exception) -> Tuple[str, str]:
    """Return the outcome and its detail for an exception that ended a worker."""
    text = "{}: {}".format(type(error).__name__, error).strip()
    if isinstance(error, CellFailureError):
        return error.outcome, str(error)
    if isinstance(error, MemoryError) or _ALLOCATOR.search(text):
        return "out_of_memory", text
    if _UNSUPPORTED.search(text):
        return "unsupported", text
    return "crashed", text


def decide(end: WorkerEnd, events: List[Dict], stderr_tail: str) -> Tuple[str, str]:
    """Return the outcome of a cell and, in a few words, why and what is known to help.

    Args:
        end: how the worker process ended.
        events: what it said (``progress.read``).
        stderr_tail: the end of its standard error.
    """
    name, detail = end.refused or _decide(end, events, stderr_tail)
    return name, known_failures.explained(detail, stderr_tail) if name in _EXPLAINED else detail


def _decide(end: WorkerEnd, events: List[Dict], stderr_tail: str) -> Tuple[str, str]:
    phase = progress.phase_of_death(events)
    failed = progress.last(events, "failed")
    if end.spawn_error is not None:
        return "backend_unavailable", end.spawn_error
    if end.timed_out:
        return "timeout", "deadline passed in phase {}".format(phase)
    if failed is not None:
        return _said(failed, phase)
    if end.oom_evidence is not None:
        return "oom_killed", "in phase {}: {}".format(phase, end.oom_evidence)
    if end.exit_code == 0 and progress.last(events, "done") is not None:
        return "ok", ""
    if _ALLOCATOR.search(stderr_tail) and end.signal != "SIGKILL":
        return "out_of_memory", "in phase {}: {}".format(phase, _last_line(stderr_tail))
    if end.signal is not None:
        return "crashed", "in phase {}: {}".format(phase, signal_words(end.signal))
    return "crashed", "in phase {}: exited with {}: {}".format(phase, end.exit_code, _last_line(stderr_tail))


def _said(failed: Dict, phase: str) -> Tuple[str, str]:
    """An exception that is nothing known has the meaning of the phase it came from."""
    name = failed["outcome"]
    if name == "crashed":
        name = _MEANING_OF_PHASE.get(phase, name)
    return name, failed["detail"]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
