"""Power and energy of the cells of one sweep, as columns; unknown with a reason when there is nothing to say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.cells import Cell, Int64
from analysis.errors import InputError
from analysis.files import read_json
from analysis.power import CellEnergy, PulseView, Trace, cell_energy, read_trace, view_pulses
from analysis.sweep import NAME, Sweep

CONTROLLER_SCHEMA = "edgebench/controller_record/1"
MINIMUM_WINDOW_S = 60.0
UNKNOWN = "unknown"
OWN = "power"
"""The folder of a cell in which the board's own record of its meter lies."""


class EnergySource:
    """The power traces of a sweep, each read once.

    Attributes:
        set_aside: messages about traces that cannot be read.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._traces: dict[str, Trace | None] = {}
        self._earlier: dict[str, list[Trace]] = {}
        self.set_aside: list[str] = []
        profile = sweep.manifest.get("profile") or {}
        self._minimum_window_s = (profile.get("power") or {}).get("minimum_window_s", MINIMUM_WINDOW_S)
        # A rehearsal has shorter windows; that they are shorter than they ought to be, the status says.
        self._window_s = self._minimum_window_s * float(sweep.manifest.get("scale") or 1.0)

    def columns(self, cell: Cell) -> dict[str, Any]:
        """Return the power and energy columns of one cell, and ``meter_simulated``."""
        entry = self._sweep.manifest["boards"].get(cell.planned["board"]) or {}
        meter = entry.get("meter")
        energy = self._energy(cell, meter)
        return {
            "meter": meter,
            "meter_scope": energy.scope,
            "meter_simulated": energy.simulated,
            "power_idle_w": energy.power_idle_w,
            "power_min_w": energy.power_min_w,
            "power_mean_w": energy.power_mean_w,
            "power_max_w": energy.power_max_w,
            "power_above_idle_w": _difference(energy.power_mean_w, energy.power_idle_w),
            "energy_j_per_inference": energy.energy_j_per_inference,
            "energy_above_idle_j_per_inference": energy.energy_j_per_inference_net,
            "energy_uncertainty_j_per_inference": energy.energy_uncertainty_j,
            "energy_above_idle_uncertainty_j_per_inference": energy.energy_net_uncertainty_j,
            "energy_window_s": energy.window_s,
            "energy_windows_j_per_inference": ";".join(
                f"{value:.9g}" for value in energy.windows_j_per_inference
            )
            or None,
            "energy_coverage": energy.coverage,
            "energy_status": energy.energy_status,
            "energy_reason": energy.energy_reason,
            "accumulator_j": energy.accumulator_j,
            "accumulator_integral_j": energy.accumulator_integral_j,
            **_alignment_columns(energy.alignment or {}),
        }

    def pulses(self, cell: Cell) -> PulseView | None:
        """Return the pulse fit that placed a cell on its meter's trace, or None where there is none."""
        meter = (self._sweep.manifest["boards"].get(cell.planned["board"]) or {}).get("meter")
        if not meter or cell.record is None:
            return None
        controller = self._controller_record(cell)
        trace = self._trace_of(cell, cell.record, controller, meter)
        return view_pulses(cell.record, controller, trace) if trace else None

    def trace(self, meter: str) -> Trace | None:
        """Return the trace of a meter, or None when there is none that can be read."""
        if meter not in self._traces:
            self._traces[meter] = self._read(meter)
        return self._traces[meter]

    def _read(self, meter: str) -> Trace | None:
        if NAME.match(meter.partition("/boot-")[0]):
            return self._read_at(self._sweep.root / "power" / meter)
        self.set_aside.append(f"meter {meter!r} is not a name of the form [a-z0-9][a-z0-9_-]*")
        return None

    def _read_at(self, directory: Path) -> Trace | None:
        try:
            return read_trace(directory)
        except InputError as error:
            self.set_aside.append(str(error).replace(f"{self._sweep.root}/", ""))
            return None

    def traces(self, board: str) -> list[Trace]:
        """Return the traces of a board's meter: one of the whole sweep, or one a cell where the board recorded it."""
        meter = (self._sweep.manifest["boards"].get(board) or {}).get("meter")
        if not meter:
            return []
        if not on_board(self._sweep.manifest, meter):
            found = [self.trace(meter)]
        else:
            cells = (self._sweep.root / "cells" / board).glob(f"*/{OWN}")
            found = [self._read_at(directory) for directory in sorted(cells)]
        return [trace for trace in found if trace is not None]

    def _trace_of(
        self, cell: Cell, record: Mapping[str, Any], controller: Mapping[str, Any] | None, meter: str
    ) -> Trace | None:
        """Return the trace that was being recorded when the cell ran: its meter host may have rebooted since."""
        if on_board(self._sweep.manifest, meter):
            assert cell.directory is not None
            own = cell.directory / OWN
            return self._read_at(own) if own.is_dir() else None
        newest = self.trace(meter)
        boots = {record.get("boot_id"), (controller or {}).get("controller_boot_id")} - {None}
        if newest is None or newest.meter.get("boot_id") in boots:
            return newest
        earlier = (trace for trace in self._earlier_boots(meter) if trace.meter.get("boot_id") in boots)
        return next(earlier, newest)

    def _earlier_boots(self, meter: str) -> list[Trace]:
        """Return the traces that the recorder set aside because the clock of its machine had begun anew."""
        if meter not in self._earlier:
            directories = sorted((self._sweep.root / "power" / meter).glob("boot-*/"))
            found = (self._read(f"{meter}/{directory.name}") for directory in directories)
            self._earlier[meter] = [trace for trace in found if trace is not None]
        return self._earlier[meter]

    def _energy(self, cell: Cell, meter: str | None) -> CellEnergy:
        if not meter:
            return CellEnergy(UNKNOWN, "the board has no meter")
        if cell.record is None:
            return CellEnergy(UNKNOWN, "the cell has no record")
        record, controller = _with_finished_phases(cell.record), self._controller_record(cell)
        trace = self._trace_of(cell, record, controller, meter)
        if trace is None:
            why = (record.get("board_meter") or {}).get("error") or "its trace cannot be read"
            return CellEnergy(UNKNOWN, f"meter {meter}: {why}")
        try:
            return cell_energy(
                record,
                controller,
                trace,
                minimum_window_s=self._minimum_window_s,
                window_s=self._window_s,
                inferences_ns=_measured_ns(cell),
            )
        except KeyError as missing:
            return CellEnergy(UNKNOWN, f"the trace of meter {meter} lacks {missing}")

    @staticmethod
    def _controller_record(cell: Cell) -> dict[str, Any] | None:
        assert cell.directory is not None
        try:
            return read_json(cell.directory / "controller.json", CONTROLLER_SCHEMA)
        except InputError:
            return None  # Its absence is a fact that the alignment takes into account, not a fault.


def on_board(manifest: Mapping[str, Any], meter: str) -> bool:
    """Whether the board itself recorded the meter: its trace is then the cell's, in the board's own clock."""
    return ((manifest.get("meters") or {}).get(meter) or {}).get("host") == "board"


def _measured_ns(cell: Cell) -> Int64 | None:
    """Return when each measured inference began, on the board's clock."""
    return None if cell.readings is None else cell.readings.times_ns[cell.readings.measured, 0]


def _alignment_columns(alignment: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the cell was placed on the trace: by which evidence, and the lag with half of its 95 % interval."""
    return {
        "alignment_method": alignment.get("method"),
        "alignment_lag_ms": alignment.get("offset_ms"),
        "alignment_uncertainty_ms": alignment.get("uncertainty_ms"),
        "clock_method": alignment.get("clock_method"),
        "clock_uncertainty_ms": alignment.get("clock_uncertainty_ms"),
    }


def _with_finished_phases(record: Mapping[str, Any]) -> dict[str, Any]:
    """A worker that died leaves a phase without an end; such a phase has no energy."""
    finished = [
        phase
        for phase in record.get("phases") or []
        if isinstance(phase.get("start_ns"), int) and isinstance(phase.get("end_ns"), int)
    ]
    return {**record, "phases": finished}


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
