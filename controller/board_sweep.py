"""One board's part of a sweep: its outstanding cells in their order, whatever happens to any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from controller import progress, spec
from controller.board import Board, UnreachableError
from controller.cell import CellRun, folder_on_board, lease, name_on_board
from controller.errors import BoardHeldError
from controller.link import BoardBrokenError, Link
from controller.records import controller_record, failure_record
from controller.results import Results


class BoardSweep:
    """Takes a board through its outstanding cells."""

    def __init__(
        self,
        board: Board,
        setup: spec.BoardSetup,
        results: Results,
        zoo: dict[str, Any],
        say: Callable[[str], None],
        before_cell: Callable[[], None],
    ):
        self.board = board
        self.setup = setup
        self.results = results
        self.zoo = zoo
        self.say = say
        self.before_cell = before_cell
        self.manifest = results.manifest()
        self.cells = [cell for cell in self.manifest["cells"] if cell["board"] == board.name]
        self.link = self._link([])

    def run(self) -> dict[str, Any]:
        """Measure what is outstanding.

        Returns:
            ``measured`` (cells), ``outcomes`` (outcome to count), ``broken`` (why the board left the sweep, or None).
        """
        total = len(self.cells)
        cells = [cell for cell in self.cells if self.results.is_outstanding(cell["cell_id"])]
        self.link = self._link(cells)
        taken = progress.durations_s(self.results, self.cells)
        outcomes: Counter[str] = Counter()
        for index, cell in enumerate(cells):
            left_s = progress.time_left_s(cells[index:], taken)
            head = f"{self.board.name}  cell {total - len(cells) + index + 1}/{total}"
            self.say(f"{head}  {_title(cell)}  ({progress.say_duration(left_s)})")
            try:
                self.before_cell()
                record = self._measure(cell)
            except OSError as error:
                # The controller's disk: the cell stays on the board, where a resume finds it.
                why = f"the controller cannot write to {self.results.path}: {error}"
                self.say(f"{head}  out of this sweep: {progress.brief(why)}")
                return {"measured": index, "outcomes": dict(outcomes), "broken": why}
            except (BoardBrokenError, BoardHeldError, UnreachableError) as error:
                self.say(f"{head}  out of this sweep: {progress.brief(str(error))}")
                outcomes.update(["board_lost"] * isinstance(error, BoardBrokenError))
                return {"measured": index, "outcomes": dict(outcomes), "broken": str(error)}
            outcomes[record["outcome"]] += 1
            progress.add_duration(taken, self.results, cell)
            self.say(f"{head}  {_verdict(record)}")
        self._give_back()
        return {"measured": len(cells), "outcomes": dict(outcomes), "broken": None}

    def _link(self, outstanding: list[dict[str, Any]]) -> Link:
        left = {cell["cell_id"] for cell in outstanding}
        kept = {name_on_board(cell["cell_id"]) for cell in self.cells if cell["cell_id"] not in left}
        folder = folder_on_board(self.setup, self.manifest["sweep_id"])
        return Link(self.board, self.setup.reconnect_s, folder, kept)

    def _give_back(self) -> None:
        release = lease("release", self.setup, self.manifest["sweep_id"])
        with suppress(UnreachableError, BoardBrokenError):  # the lease ends by itself, and with a reboot
            self.link.begun(lambda _: None)  # finds what a controller left that was killed before this
            self.board.execute(f"{self.link.cleaning(last=True)}{release}")

    def _measure(self, cell: dict[str, Any]) -> dict[str, Any]:
        try:
            cell_spec = spec.build(cell, self.manifest, self.zoo, self.setup)
        except spec.NoArtifactError as error:
            return self._refuse(cell, "unsupported", str(error))
        except spec.NoEnvironmentError as error:
            return self._refuse(cell, "backend_unavailable", str(error))
        except KeyError as error:
            return self._refuse(
                cell, "infrastructure", f"the zoo's index lacks {error} of the artifact; build it again"
            )
        return CellRun(self.link, self.setup, self.results, cell_spec).measure(self.manifest["profile"])

    def _refuse(self, cell: dict[str, Any], outcome: str, detail: str) -> dict[str, Any]:
        record = failure_record({**cell, "sweep_id": self.manifest["sweep_id"]}, outcome, detail)
        self.results.commit_without_board(record, controller_record(cell["cell_id"], []))
        return record


def _title(cell: dict[str, Any]) -> str:
    return f"{cell['model']} {cell['variant']} on {cell['backend']}, {cell['mode']}, repeat {cell['repeat']}"


def _verdict(record: dict[str, Any]) -> str:
    if record["outcome"] != "ok":
        return f"{record['outcome']}: {progress.brief(record['outcome_detail'])}"
    validity = record["validity"]
    reasons = f" ({', '.join(validity['reasons'])})" if validity["reasons"] else ""
    return f"ok, {record['n_completed']} inferences, {validity['verdict']}{reasons}"
