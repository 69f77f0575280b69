"""Errors a user can act on, and failures of a worker that are outcomes of a cell."""

from typing import List


class UsageError(Exception):
    """Bad input: printed as it stands, without a traceback; the process exits with 2."""

    exit_code = 2

    def __init__(self, problems: List[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CellFailureError(Exception):
    """A failure of the worker that is a named outcome of the cell."""

    outcome = "crashed"


class BackendUnavailableError(CellFailureError):
    """The runtime cannot be imported or lacks what the options ask for."""

    outcome = "backend_unavailable"


class LoadFailedError(CellFailureError):
    """The artifact is damaged or cannot be read."""

    outcome = "load_failed"


class UnsupportedError(CellFailureError):
    """The runtime does not support an operator, an opset or the format of the artifact."""

    outcome = "unsupported"


class WrongAnswerError(CellFailureError):
    """The outputs differ from those of the source model by more than the tolerance."""

    outcome = "wrong_answer"


class FellBackError(CellFailureError):
    """An accelerator was asked for and the graph ran elsewhere."""

    outcome = "fell_back"
