"""A cell whose idle power is unknown is drawn like the others."""

from __future__ import annotations

import pandas as pd

from analysis.figures import power


def test_unknown_idle_power_leaves_the_axis_finite() -> None:
    case = {"model": "digits_cnn", "variant": "fp32", "backend": "null", "mode": "warm"}
    watts = {"power_min_w": 2.0, "power_mean_w": 3.0, "power_max_w": 4.0, "power_idle_w": None}
    figure = power._board(pd.DataFrame([{**case, **watts}]), "pi4", ["null"])
    assert figure.axes[0].get_xlim() == (0.0, 4.2)
