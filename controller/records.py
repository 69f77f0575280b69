"""The records that the controller writes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from controller.plan import utc_now
from controller.spec import IDENTITY


def controller_record(
    cell_id: str,
    attempts: list[dict[str, Any]],
    reboot: dict[str, Any] | None = None,
    clocks: dict[str, list[dict[str, int]]] | None = None,
) -> dict[str, Any]:
    """What the controller saw of a cell: ``controller.json``.

    Args:
        cell_id: which cell.
        attempts: what happened, in order.
        reboot: the boot ids before and after, where it rebooted the board.
        clocks: readings of both clocks before and after the cell.
    """
    return {
        "schema": "edgebench/controller_record/1",
        "cell_id": cell_id,
        "attempts": attempts,
        "reboot": reboot,
        "clock_exchanges": clocks or {"before": [], "after": []},
        "controller_boot_id": Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        "fetched_utc": utc_now(),
    }


def failure_record(
    cell: dict[str, Any], outcome: str, detail: str, started_utc: str | None = None
) -> dict[str, Any]:
    """The ``cell.json`` of a cell that no board could write.

    Args:
        cell: its spec, or its entry in the manifest with the sweep's id.
        outcome: one that the controller may give.
        detail: why, for people.
        started_utc: when it was begun; None where it never was.
    """
    return {
        "schema": "edgebench/cell_record/1",
        "sweep_id": cell["sweep_id"],
        **{key: cell[key] for key in IDENTITY},
        "isolation": cell.get("isolation"),
        "outcome": outcome,
        "outcome_detail": detail,
        "validity": {"verdict": "invalid", "reasons": ["not_measured"]},
        "started_utc": started_utc,
        "ended_utc": utc_now(),
        "n_completed": 0,
        "simulated": cell.get("simulated", []),
        "files": {},
    }
