"""Standard uncertainties of an energy, term by term (docs/power.md derives them)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from analysis.power.alignment import Alignment
from analysis.power.integrate import Energies
from analysis.power.window import Window

K_95 = 1.96
SQRT_3 = math.sqrt(3)


def root_sum_of_squares(parts: dict[str, float]) -> float:
    """Combine independent standard uncertainties."""
    return math.sqrt(sum(part**2 for part in parts.values()))


def meter_relative(caps: dict[str, Any]) -> float:
    """Return the meter's relative standard uncertainty; its limits of error are taken as rectangular."""
    return math.hypot(caps["u_v_pct"], caps["u_i_pct"]) / 100 / SQRT_3


def gross_parts(
    caps: dict[str, Any], window: Window, alignment: Alignment, shifted: Energies, idle_w: float | None
) -> dict[str, float]:
    """Return the standard uncertainties, in joules, of a window's energy.

    Args:
        caps: of the meter.
        window: the measured phase.
        alignment: how it was placed on the trace.
        shifted: energies of the window moved by minus, no and plus the alignment's 95 % uncertainty.
        idle_w: idle power, which stands for the power outside the window.
    """
    outside_w = window.min_w if idle_w is None else idle_w
    edge_w = abs(window.mean_w - (outside_w or 0.0))
    moved = float(np.max(np.abs(shifted.observed_j - shifted.observed_j[1])))
    return {
        "meter": window.energy_j * meter_relative(caps),
        "sampling": window.noise_w / math.sqrt(window.distinct) * window.seconds,
        "alignment": moved / K_95,
        "smoothing": edge_w * caps["group_delay_s"] / 2 / SQRT_3,  # a moving average spills over both edges
        "gaps": window.spread_w * window.gap_s,
    }


def net_uncertainty_j(
    parts: dict[str, float], caps: dict[str, Any], window: Window, idle_w: float, idle_drift_w: float | None
) -> float:
    """Return the standard uncertainty of the energy above idle.

    The meter's gain error is common to both powers.
    """
    net_w = window.mean_w - idle_w
    idle = abs(idle_drift_w or 0.0) / 2 * window.seconds
    return root_sum_of_squares(
        parts | {"meter": abs(net_w) * window.seconds * meter_relative(caps), "idle": idle}
    )
