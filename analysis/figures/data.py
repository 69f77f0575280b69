"""What the figures are drawn from: the frames of one sweep, read when a figure asks for them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.dataset as ds

from analysis.cells import RECORD_SCHEMA
from analysis.clock import wall_offset_ns
from analysis.energy import EnergySource
from analysis.errors import InputError
from analysis.figures.decimate import keep_extremes
from analysis.files import read_json
from analysis.groups import is_sound
from analysis.power import Trace
from analysis.scopes import scope_text
from analysis.sweep import Sweep
from analysis.telemetry import hottest_c, read_telemetry, slowest_hz, throttled_now

READINGS = ["cell_id", "index", "phase", "t_ns", "inference_ms"]
POWER_BUCKETS = 1000
TRAITS = ["model", "variant", "backend", "mode", "repeat"]


@dataclass
class SweepData:
    """One sweep's cells and readings.

    Attributes:
        sweep: the results directory.
        cells: rows of ``cells.parquet``.
    """

    sweep: Sweep
    cells: pd.DataFrame

    @cached_property
    def measured(self) -> pd.DataFrame:
        """The cells that have a mean inference time."""
        return self.cells[self.cells.inference_ms_mean.notna()]

    @cached_property
    def sound(self) -> pd.DataFrame:
        """The cells that may enter a statistic."""
        return self.measured[is_sound(self.measured)]

    def name(self, board: str) -> str:
        """Return how a figure calls a board: a simulated one is never shown as if it were hardware."""
        simulated = (self.sweep.manifest["boards"].get(board) or {}).get("simulated")
        return f"{board} (simulated)" if simulated else board

    def metered_name(self, board: str, cells: pd.DataFrame) -> str:
        """Return how a figure of power calls a board: with where the meter measures, and whether it was simulated."""
        name = f"{self.name(board)} · measured {scope_text(cells.meter_scope)}"
        simulated = cells.simulated_parts.fillna("").str.contains("meter").any()
        return f"{name}, simulated meter" if simulated else name

    @cached_property
    def boards(self) -> list[str]:
        """Boards that have measured something, in alphabetical order."""
        return sorted(self.measured.board.unique())

    @cached_property
    def backends(self) -> list[str]:
        """Every backend of the sweep, in the order in which they get their colours."""
        return sorted(self.cells.backend.unique())

    def inferences(self, board: str) -> pd.DataFrame:
        """Return the readings of one board, with the traits of its cells that tell lines apart.

        Columns: ``cell_id``, ``index``, ``phase``, ``t_ns`` (board's monotonic clock), ``inference_ms``, ``model``,
        ``variant``, ``backend``, ``mode``, ``repeat``.
        """
        folder = self.sweep.inferences / f"board={board}"
        if not folder.is_dir():
            return pd.DataFrame(columns=READINGS + TRAITS)
        frame = ds.dataset(folder, format="parquet").to_table(columns=READINGS).to_pandas()
        traits = self.cells.set_index("cell_id")[TRAITS]
        return frame.astype({"cell_id": "string", "phase": "string"}).join(traits, on="cell_id")

    def wall_offsets_ns(self, board: str) -> "pd.Series[int]":
        """Return, by ``cell_id``, what turns the board's monotonic clock into wall time; cells without are left out."""
        offsets = {cell_id: self._wall_offset_ns(cell_id) for cell_id in self._cell_ids(board)}
        known = {cell_id: offset for cell_id, offset in offsets.items() if offset is not None}
        return pd.Series(known, dtype="int64")

    def telemetry(self, board: str) -> pd.DataFrame:
        """Return one row per telemetry sample: ``wall_ns``, ``temperature_c``, ``frequency_hz``, ``throttled``."""
        rows = [
            (sample["t_ns"] + offset, hottest_c(sample), slowest_hz(sample), throttled_now(sample))
            for cell_id, offset in self.wall_offsets_ns(board).items()
            for sample in read_telemetry(self._directory(str(cell_id)) / "telemetry.jsonl")
        ]
        frame = pd.DataFrame(rows, columns=["wall_ns", "temperature_c", "frequency_hz", "throttled"])
        return frame.sort_values("wall_ns", ignore_index=True)

    def power(self, board: str) -> pd.DataFrame | None:
        """Return ``wall_ns`` and ``power_w`` of the board's meter, thinned to its extremes, or None without a trace.

        ``attrs`` of the frame: ``simulated``, whether the meter was a simulation, and ``scope``, where it measures.
        """
        placed = [
            (trace, times)
            for trace in EnergySource(self.sweep).traces(board)
            if (times := _wall_ns(trace)) is not None
        ]
        if not placed:
            return None
        watts = np.concatenate([trace.records["power_w"] for trace, _ in placed])
        kept = keep_extremes(watts, POWER_BUCKETS)
        wall_ns = np.concatenate([times for _, times in placed])
        frame = pd.DataFrame({"wall_ns": wall_ns[kept], "power_w": watts[kept]})
        frame = frame.sort_values("wall_ns", kind="stable", ignore_index=True)
        meter = placed[0][0].meter
        frame.attrs["simulated"] = bool(meter["simulated"])
        frame.attrs["scope"] = meter["scope"]
        return frame

    def _cell_ids(self, board: str) -> list[str]:
        return list(self.cells.loc[self.cells.board == board].sort_values("position").cell_id)

    def _directory(self, cell_id: str) -> Path:
        return self.sweep.root / "cells" / cell_id

    def _wall_offset_ns(self, cell_id: str) -> int | None:
        try:
            return wall_offset_ns(read_json(self._directory(cell_id) / "cell.json", RECORD_SCHEMA))
        except InputError:
            return None  # The ingest has already said so; a figure can only leave the cell out.


def _wall_ns(trace: Trace) -> npt.NDArray[np.int64] | None:
    """Return when each sample was taken, by the nearest pair of the recorder's clocks; None where there is neither."""
    pairs = [event for event in trace.events if event.get("event") == "clock"]
    if not pairs or not len(trace.records):
        return None
    times = trace.records["t_ns"]
    nearest = np.searchsorted([pair["t_ns"] for pair in pairs], times).clip(max=len(pairs) - 1)
    offsets = np.array([pair["realtime_ns"] - pair["t_ns"] for pair in pairs])[nearest]
    wall_ns: npt.NDArray[np.int64] = times + offsets
    return wall_ns
