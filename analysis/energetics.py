"""Power and energy of each case: repeats taken together, windows with their median and spread, one scope at a time."""

import numpy as np
import pandas as pd

from analysis.groups import KEY, is_sound

LEAST_WINDOWS = 5
MEANS = [
    "power_idle_w",
    "power_mean_w",
    "energy_j_per_inference",
    "energy_uncertainty_j_per_inference",
    "energy_above_idle_j_per_inference",
    "energy_above_idle_uncertainty_j_per_inference",
    "images_per_joule_correct",
    "images_per_joule_correct_top5",
]
COLUMNS = [
    *KEY,
    "meter",
    "meter_scope",
    "boots",
    *MEANS[:2],
    "power_min_w",
    "power_max_w",
    *MEANS[2:],
    "windows",
    "window_s",
    "window_median_j",
    "window_low_j",
    "window_high_j",
    "windows_reason",
    "status",
    "reason",
    "simulated_parts",
]
RANK = ("unknown", "degraded", "measured")


def energy_cases(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each case and scope that a meter was there for.

    Means are over sound repeats and lacking where one of them lacks the value; minimum and maximum power are those of
    any repeat. The uncertainties are means, because what they mostly consist of, the meter's own error, is common to
    all repeats and does not average out. The median and the range of energy per inference are over all windows of all
    repeats, and withheld below `LEAST_WINDOWS` windows.

    Args:
        cells: rows of ``cells.parquet``.
    """
    metered = cells[cells.meter.notna()]
    # Energies of different scopes are different quantities: they are never in one row.
    groups = metered.groupby([*KEY, "meter", "meter_scope"], sort=True, dropna=False)
    return pd.DataFrame([_row(key, repeats) for key, repeats in groups], columns=COLUMNS)


def _row(key: tuple[object, ...], repeats: pd.DataFrame) -> dict[str, object]:
    sound = repeats[is_sound(repeats)]
    statuses = set(repeats.energy_status.fillna("unknown"))
    return {
        **dict(zip([*KEY, "meter", "meter_scope"], key, strict=True)),
        "boots": len(sound),
        **{name: _mean(sound[name]) for name in MEANS},
        "power_min_w": _extreme(sound.power_min_w, "min"),
        "power_max_w": _extreme(sound.power_max_w, "max"),
        **_windows(sound),
        "status": next(status for status in RANK if status in statuses),
        "reason": _reasons(list(dict.fromkeys(repeats.energy_reason.dropna()))),
        "simulated_parts": ";".join(
            sorted({p for t in repeats.simulated_parts.dropna() for p in t.split(";")})
        ),
    }


def _reasons(found: list[str]) -> str | None:
    """Return the first reason in full: repeats differ in their numbers, and each has its own in the table of cells."""
    if len(found) > 1:
        return f"{found[0]}; other repeats: {len(found) - 1} more reasons, see the cells"
    return found[0] if found else None


def _windows(sound: pd.DataFrame) -> dict[str, object]:
    found = [
        float(text) for texts in sound.energy_windows_j_per_inference.dropna() for text in texts.split(";")
    ]
    row: dict[str, object] = {"windows": len(found), "window_s": _extreme(sound.energy_window_s, "min")}
    if len(found) < LEAST_WINDOWS:
        return row | {"windows_reason": f"{len(found)} of at least {LEAST_WINDOWS} windows"}
    low, median, high = np.quantile(found, [0, 0.5, 1])
    return row | {"window_median_j": float(median), "window_low_j": float(low), "window_high_j": float(high)}


def _mean(values: "pd.Series[float]") -> float | None:
    return None if values.empty or values.isna().any() else float(values.mean())


def _extreme(values: "pd.Series[float]", which: str) -> float | None:
    known = values.dropna()
    return float(getattr(known, which)()) if len(known) else None
