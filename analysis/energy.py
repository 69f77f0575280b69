"""Power and energy of one cell, as columns; unknown with a reason when there is nothing to say."""

from dataclasses import asdict, dataclass
from typing import Any

UNKNOWN = "unknown"


@dataclass(frozen=True)
class CellEnergy:
    """What a power trace says about a cell; a value that cannot be supported is None, never zero."""

    status: str = UNKNOWN
    reason: str | None = "no power trace"
    simulated: bool = False
    meter: str | None = None
    meter_scope: str | None = None
    power_idle_w: float | None = None
    power_min_w: float | None = None
    power_mean_w: float | None = None
    power_max_w: float | None = None
    power_above_idle_w: float | None = None
    energy_j_per_inference: float | None = None
    energy_above_idle_j_per_inference: float | None = None
    energy_uncertainty_j_per_inference: float | None = None
    energy_coverage: float | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns of ``cells.parquet`` that this fills."""
        columns = asdict(self)
        del columns["simulated"]
        return columns | {"energy_status": columns.pop("status"), "energy_reason": columns.pop("reason")}
