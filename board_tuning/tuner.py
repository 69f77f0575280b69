"""Tune, look and put back: the verbs over all knobs.

Every verb returns one result per knob: ``{"knob", "status", "before", "after", "detail"}`` with status ``unchanged``,
``changed``, ``absent`` (the board has no such knob), ``refused`` (it cannot be set as asked) or ``failed`` (it was
written, and reads back differently).
"""

from typing import Any, Dict, List

from board_tuning import knobs
from board_tuning.errors import TuningError
from board_tuning.ledger import Ledger
from board_tuning.system import System

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Step(object):
    """One knob on its way from the state it is in to another.

    Attributes:
        result: what will be said about it.
    """

    def __init__(self, name: str, knob: Any) -> None:
        self.name = name
        self.knob = knob
        self.before = knob.read()
        self.goal = self.before
        self.result: Dict[str, Any] = {
            "knob": name,
            "status": "absent" if self.before is None else "unchanged",
            "before": self.before,
            "after": self.before,
            "detail": "",
        }

    @property
    def differs(self) -> bool:
        """Whether there is something to write."""
        return self.result["status"] != "refused" and self.goal != self.before

    def refuse(self, error: TuningError) -> None:
        """Note that the knob cannot be set as asked."""
        self.result.update(status="refused", detail=str(error))

    def write(self) -> None:
        """Write the goal; a refusal of the board is a failure."""
        try:
            self.knob.write(self.goal)
        except TuningError as error:
            self.result.update(status="failed", detail=str(error))

    def verify(self) -> None:
        """Read back what was written, once every knob has been."""
        after = self.knob.read()
        if after == self.goal:
            self.result.update(status="changed", after=after)
        else:
            detail = self.result["detail"] or "written, but reads back differently"
            self.result.update(status="failed", after=after, detail=detail)


def show(system: System, names: List[str]) -> List[Dict[str, Any]]:
    """Return the state of the named knobs, of all where none is named."""
    steps = [Step(name, knobs.load(name, system)) for name in names or knobs.names()]
    return [step.result for step in steps]


def tune(system: System, ledger: Ledger, wanted: Dict[str, Any], check: bool) -> List[Dict[str, Any]]:
    """Put the board into the wanted state; knobs that are no longer wanted are put back.

    Nothing is written when one knob is refused, and what was there is on disk before the first change.
    """
    steps = [
        Step(name, knobs.load(name, system, value, ledger.found(name))) for name, value in wanted.items()
    ]
    steps = sorted(steps, key=lambda step: (step.knob.ORDER, step.name))
    for step in steps:
        if step.before is not None:
            try:
                step.goal = step.knob.target(step.before)
            except TuningError as error:
                step.refuse(error)
    if any(step.result["status"] == "refused" for step in steps):
        return [step.result for step in steps]
    dropped = reset(system, ledger, [name for name in ledger.knobs if name not in wanted], check)
    if not check:
        for step in steps:
            if step.before is not None:
                ledger.record(step.name, step.before, step.knob.wanted)
        ledger.save()
    _carry_out(system, ledger, steps, check)
    return dropped + [step.result for step in steps]


def reset(system: System, ledger: Ledger, names: List[str], check: bool) -> List[Dict[str, Any]]:
    """Put the named knobs back to what the ledger says was there, and forget those that are."""
    steps = [
        Step(name, knobs.load(name, system, ledger.knobs[name]["wanted"], ledger.found(name)))
        for name in names
    ]
    steps = sorted(steps, key=lambda step: (-step.knob.ORDER, step.name))
    for step in steps:
        step.goal = step.knob.restored(step.before, ledger.found(step.name))
    _carry_out(system, ledger, steps, check)
    if not check:
        for step in steps:
            if step.result["status"] in ("changed", "unchanged"):
                ledger.forget(step.name)
        ledger.save()
    return [step.result for step in steps]


def _carry_out(system: System, ledger: Ledger, steps: List[Step], check: bool) -> None:
    differing = [step for step in steps if step.differs]
    if check:
        for step in differing:
            step.result.update(status="changed", after=step.goal)
        return
    for step in differing:
        step.write()
    for step in differing:
        step.verify()
        ledger.note_change(step.name, system.read(BOOT_ID))
    ledger.save()


def waits_for_reboot(system: System, ledger: Ledger, results: List[Dict[str, Any]]) -> bool:
    """Return whether something was changed, now or earlier in this boot, that only the next boot will honour."""
    changed = {result["knob"] for result in results if result["status"] == "changed"}
    boot_id = system.read(BOOT_ID)
    pending = {name for name, entry in ledger.knobs.items() if entry["changed_in_boot"] == boot_id}
    return any(knobs.load(name, system).AFTER_REBOOT for name in changed | pending)
