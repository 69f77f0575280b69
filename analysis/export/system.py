"""What was measured on, in the field names of MLPerf Inference's system descriptions."""

from typing import Any

import pandas as pd

from analysis.cells import RECORD_SCHEMA
from analysis.errors import InputError
from analysis.files import read_json
from analysis.sweep import Sweep


def system_description(sweep: Sweep, board: str, cells: pd.DataFrame) -> dict[str, Any]:
    """Return the description of one board; what is not known is null, and ``complete`` says whether all is known.

    Args:
        sweep: the results directory.
        board: its name.
        cells: rows of ``cells.parquet``.
    """
    own = cells[(cells.board == board) & cells.fingerprint.notna()].sort_values("position")
    record = _first_record(sweep, list(own.cell_id))
    identity = record.get("identity") or {}
    before = (record.get("state") or {}).get("before") or {}
    entry = sweep.manifest["boards"].get(board) or {}
    fields = {
        "system_name": identity.get("model"),
        "system_type": "edge",
        "status": "simulated" if entry.get("simulated") else "measured",
        "number_of_nodes": 1,
        "host_processor_model_name": identity.get("cpu"),
        "host_processor_core_count": identity.get("cores"),
        "host_processors_per_node": 1,
        "host_memory_capacity": identity.get("memory_bytes"),
        "host_storage_type": identity.get("storage"),
        "operating_system": identity.get("os"),
        "kernel": identity.get("kernel"),
        "framework": ", ".join(_frameworks(own)) or None,
        "power_management": before.get("governor"),
        "other_software_stack": f"Python {record['python']}" if record.get("python") else None,
    }
    return {
        "board": board,
        "kind": entry.get("kind"),
        **fields,
        "complete": all(v is not None for v in fields.values()),
    }


def _frameworks(own: pd.DataFrame) -> list[str]:
    versions = own.groupby("runtime").backend_version.first().dropna()
    return [f"{runtime} {version}" for runtime, version in versions.items()]


def _first_record(sweep: Sweep, cell_ids: list[str]) -> dict[str, Any]:
    for cell_id in cell_ids:
        try:
            return read_json(sweep.root / "cells" / cell_id / "cell.json", RECORD_SCHEMA)
        except InputError:
            continue
    return {}
