"""One cell in, one row of ``cells.parquet`` out. Everything here is derived from raw readings and the record."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from analysis import found as found_by_task
from analysis.cells import PARALLEL_MODE, Cell, Readings, streams
from analysis.labels import LabelSource, accuracy
from analysis.statistics.percentiles import required_n, supported_percentile
from analysis.statistics.series import effective_n, is_steady
from analysis.telemetry import board_state

PERCENTILES = {"inference_ms_p50": 0.5, "inference_ms_p90": 0.9, "inference_ms_p99": 0.99}
COPIED = (
    "isolation",
    "task",
    "weights",
    "artifact_sha256",
    "fingerprint",
    "boot_id",
    "started_utc",
    "ended_utc",
    "outcome_detail",
    "signal",
    "peak_rss_bytes",
    "n_planned",
)
PLANNED = (
    "cell_id",
    "board",
    "kind",
    "model",
    "variant",
    "backend",
    "runtime",
    "mode",
    "repeat",
    "position",
)
NOT_RUN = "not_run"
MERIT_NEEDS = ("n", "measured_s", "power_mean_w", "energy_j_per_inference")
IDENTITY_TOLERANCE = 1e-3  # what two clocks may differ by

Row = dict[str, Any]


def summarise(
    cell: Cell, sweep_id: str, board: Mapping[str, Any], labels: LabelSource, energy: Mapping[str, Any]
) -> Row:
    """Return the row of one cell.

    Args:
        cell: what was read of it.
        sweep_id: identity of the sweep.
        board: the manifest's entry of its board.
        labels: where true classes are found.
        energy: the power and energy columns of the cell, with ``meter_simulated``.
    """
    verdict, reasons = cell.validity
    parts = _simulated_parts(cell, board, energy)
    row: Row = {
        "sweep_id": sweep_id,
        **{key: cell.planned[key] for key in PLANNED},
        "outcome": NOT_RUN,
        "validity": verdict,
        "validity_reasons": ";".join(reasons),
        "simulated": bool(parts),
        "simulated_parts": ";".join(sorted(parts)),
        **{key: value for key, value in energy.items() if key != "meter_simulated"},
    }
    if cell.record is None:
        row["outcome_detail"] = "; ".join(cell.set_aside) or None
        return row
    row |= _from_record(cell.record)
    row |= board_state(cell)
    row |= _from_readings(cell, labels)
    return row | _figures_of_merit(row)


def _simulated_parts(cell: Cell, board: Mapping[str, Any], energy: Mapping[str, Any]) -> set[str]:
    parts = set(map(str, (cell.record or {}).get("simulated") or []))
    parts |= {"board"} if board.get("simulated") else set()
    return parts | ({"meter"} if energy["meter_simulated"] else set())


def _from_record(record: Mapping[str, Any]) -> Row:
    backend, check = record.get("backend_info") or {}, record.get("check") or {}
    return {
        **{key: record.get(key) for key in COPIED},
        "outcome": record["outcome"],
        "dataset": (record.get("dataset") or {}).get("name"),
        "threads": backend.get("threads"),
        "streams": streams(record),
        "backend_version": backend.get("version"),
        "threads_busy": backend.get("threads_busy"),
        "check_max_abs_diff": check.get("max_abs_diff"),
        "check_tolerance_used": check.get("tolerance_used"),
        "check_top1_agreement": check.get("top1_agreement"),
        "placement": placement_text(record.get("placement")),
        "import_ms": _phase_ms(record, "import"),
        "build_ms": _phase_ms(record, "build"),
        "load_ms": _phase_ms(record, "load"),
        "cooldown_s": _seconds(_phase_ms(record, "cooldown")),
        "measured_s": _seconds(_phase_ms(record, "measured")),
    }


def placement_text(placement: list[Mapping[str, Any]] | None) -> str | None:
    """Return where a graph ran: for each device how many nodes, and what share of the time where that is known.

    >>> placement_text([{"device": "xnnpack", "nodes": 64, "time_share": 0.9}, {"device": "cpu", "nodes": None}])
    'xnnpack: 64 nodes, 90 % of the time; cpu'
    """
    parts = []
    for part in placement or []:
        nodes, share = part.get("nodes"), part.get("time_share")
        facts = [f"{nodes} node{'' if nodes == 1 else 's'}"] if nodes is not None else []
        facts += [f"{share:.0%} of the time".replace("%", " %")] if share is not None else []
        parts.append(part["device"] + (": " if facts else "") + ", ".join(facts))
    return "; ".join(parts) or None


def _from_readings(cell: Cell, labels: LabelSource) -> Row:
    if cell.readings is None or cell.record is None:
        return {"n": 0}
    measured = cell.readings.where(cell.readings.measured)
    if cell.record.get("task") in found_by_task.TASKS:
        found = found_by_task.accuracy(cell, labels)
    else:
        found = accuracy(measured, cell.record, labels)
    return {
        "n": len(measured.index),
        **_first_inference(cell.readings),
        **_latency(measured),
        **({"fps": _parallel_fps(measured)} if cell.planned["mode"] == PARALLEL_MODE else {}),
        "top1": found.top1,
        "top5": found.top5,
        "map": found.map,
        "map50": found.map50,
        "miou": found.miou,
        "accuracy_n": found.n,
        "accuracy_reason": found.reason,
    }


def _phase_ms(record: Mapping[str, Any], name: str) -> float | None:
    """Return the time spent in all phases called ``name``, or None when the record has none."""
    spans = [phase for phase in record.get("phases") or [] if phase.get("name") == name]
    if not spans or any(phase.get("end_ns") is None for phase in spans):
        return None
    return float(sum(phase["end_ns"] - phase["start_ns"] for phase in spans)) / 1e6


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1e3


def _first_inference(readings: Readings) -> Row:
    """The first inference after the load, warm-up or not; unknown when that one was not completed."""
    if not len(readings.index) or readings.index[0] != 0:
        return {"first_inference_ms": None, "first_total_ms": None}
    return {
        "first_inference_ms": float(readings.inference_ms[0]),
        "first_total_ms": float(readings.total_ms[0]),
    }


def _latency(measured: Readings) -> Row:
    """Statistics over the measured inferences, without the very first one after the load."""
    settled = measured.where(measured.index > 0).in_time_order()
    values = settled.inference_ms
    n = len(values)
    row: Row = {"n_statistics": n}
    if n == 0:
        return row | {"percentiles_reason": "no inference was completed after the first"}
    n_effective = effective_n(values)
    row |= {
        "preprocess_ms_mean": float(settled.preprocess_ms.mean()),
        "inference_ms_mean": float(values.mean()),
        "postprocess_ms_mean": float(settled.postprocess_ms.mean()),
        "inference_ms_min": float(values.min()),
        "inference_ms_max": float(values.max()),
        "inference_ms_log_mean": float(np.log(values).mean()) if (values > 0).all() else None,
        "fps": _fps(settled),
        "total_ms_mean": float(settled.total_ms.mean()),
        "n_effective": n_effective,
        "steady": is_steady(values),
    }
    if n > 1:
        deviation, of_total = float(values.std(ddof=1)), float(settled.total_ms.std(ddof=1))
        row |= {"total_ms_std": of_total, "total_ms_ste": of_total / n**0.5}
        row |= {"inference_ms_std": deviation, "inference_ms_ste": deviation / n**0.5}
    return row | _percentiles(values, n_effective)


def _fps(readings: Readings) -> float | None:
    total_ms = float(readings.total_ms.mean())
    return 1e3 / total_ms if total_ms > 0 else None


def _parallel_fps(readings: Readings) -> float | None:
    """Completed inferences over the time from the first reading to the last: those of several streams overlap."""
    if not len(readings.index):
        return None
    span_ns = int(readings.times_ns[:, 3].max() - readings.times_ns[:, 0].min())
    return len(readings.index) / span_ns * 1e9 if span_ns > 0 else None


def _percentiles(values: np.ndarray, n_effective: float) -> Row:
    row: Row = {name: supported_percentile(values, p, n_effective) for name, p in PERCENTILES.items()}
    unsupported = [p for name, p in PERCENTILES.items() if row[name] is None]
    needs = ", ".join(f"p{p * 100:.0f} needs {required_n(p)}" for p in unsupported)
    row["percentiles_reason"] = f"n_effective is {n_effective:.0f}: {needs}" if unsupported else None
    return row


def _figures_of_merit(row: Row) -> Row:
    """Correct images per joule = accuracy x throughput / mean power, all of the same measured phase.

    It must equal accuracy / energy per inference, which is computed on another way: where the two differ, the figure
    is withheld with both numbers.
    """
    merits: Row = {"merit_reason": None}
    for name, share in (("images_per_joule_correct", "top1"), ("images_per_joule_correct_top5", "top5")):
        merits[name] = None
        if not all(row.get(key) for key in MERIT_NEEDS) or row.get(share) is None:
            continue
        merit = row[share] * (row["n"] / row["measured_s"]) / row["power_mean_w"]
        by_energy = row[share] / row["energy_j_per_inference"]
        if math.isclose(merit, by_energy, rel_tol=IDENTITY_TOLERANCE):
            merits[name] = merit
        else:
            merits["merit_reason"] = (
                f"accuracy x throughput / power is {merit:.6g} 1/J, accuracy / energy per inference {by_energy:.6g} 1/J"
            )
    return merits
