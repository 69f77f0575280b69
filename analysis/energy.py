"""Power and energy of the cells of one sweep, as columns; unknown with a reason when there is nothing to say."""

from collections.abc import Mapping
from typing import Any

from analysis.cells import Cell
from analysis.errors import InputError
from analysis.files import read_json
from analysis.power import CellEnergy, Trace, cell_energy, read_trace
from analysis.sweep import NAME, Sweep

CONTROLLER_SCHEMA = "edgebench/controller_record/1"
MINIMUM_WINDOW_S = 60.0
UNKNOWN = "unknown"


class EnergySource:
    """The power traces of a sweep, each read once.

    Attributes:
        set_aside: messages about traces that cannot be read.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._traces: dict[str, Trace | None] = {}
        self.set_aside: list[str] = []
        profile = sweep.manifest.get("profile") or {}
        self._minimum_window_s = (profile.get("power") or {}).get("minimum_window_s", MINIMUM_WINDOW_S)

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
            "energy_coverage": energy.coverage,
            "energy_status": energy.energy_status,
            "energy_reason": energy.energy_reason,
        }

    def trace(self, meter: str) -> Trace | None:
        """Return the trace of a meter, or None when there is none that can be read."""
        if meter not in self._traces:
            self._traces[meter] = self._read(meter)
        return self._traces[meter]

    def _read(self, meter: str) -> Trace | None:
        try:
            if not NAME.match(meter):
                raise InputError(f"meter {meter!r} is not a name of the form [a-z0-9][a-z0-9_-]*")
            return read_trace(self._sweep.root / "power" / meter)
        except InputError as error:
            self.set_aside.append(str(error).replace(f"{self._sweep.root}/", ""))
            return None

    def _energy(self, cell: Cell, meter: str | None) -> CellEnergy:
        if not meter:
            return CellEnergy(UNKNOWN, "the board has no meter")
        if cell.record is None:
            return CellEnergy(UNKNOWN, "the cell has no record")
        trace = self.trace(meter)
        if trace is None:
            return CellEnergy(UNKNOWN, f"the trace of meter {meter} cannot be read")
        record, controller = _with_finished_phases(cell.record), self._controller_record(cell)
        try:
            return cell_energy(record, controller, trace, minimum_window_s=self._minimum_window_s)
        except KeyError as missing:
            return CellEnergy(UNKNOWN, f"the trace of meter {meter} lacks {missing}")

    @staticmethod
    def _controller_record(cell: Cell) -> dict[str, Any] | None:
        assert cell.directory is not None
        try:
            return read_json(cell.directory / "controller.json", CONTROLLER_SCHEMA)
        except InputError:
            return None  # Its absence is a fact that the alignment takes into account, not a fault.


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
