"""Where the spread comes from: iteration, boot or board."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.statistics.boots import PerBoot, positive_log


@dataclass(frozen=True)
class Components:
    """Standard deviations of logarithms at three levels; None where the data has no such level."""

    iteration: float | None
    boot: float | None
    board: float | None


def variance_components(
    means: PerBoot, deviations: PerBoot, counts: PerBoot, boards: list[str]
) -> Components:
    """Split the variance of one (model, backend) into iteration, boot and board (Kalibera and Jones 2013, revised).

    ``T² = S² - S²(level below) / n(below)``, clipped at zero, with unequal numbers replaced by their harmonic mean.

    Args:
        means: (R,) mean time of each boot.
        deviations: (R,) sample standard deviation within each boot.
        counts: (R,) effective number of inferences of each boot.
        boards: (R,) the board of each boot.
    """
    logs = positive_log(means)
    within = float(np.mean((deviations / means) ** 2))
    groups = [logs[np.array(boards) == board] for board in dict.fromkeys(boards)]
    repeated = [group for group in groups if len(group) > 1]
    if not repeated:
        return Components(within**0.5, None, None)
    between = sum(group.var(ddof=1) * (len(group) - 1) for group in repeated) / sum(
        len(g) - 1 for g in repeated
    )
    boot = max(0.0, between - within / float(stats.hmean(counts)))
    if len(groups) < 2:
        return Components(within**0.5, boot**0.5, None)
    centres = np.array([group.mean() for group in groups])
    board = max(
        0.0, float(centres.var(ddof=1)) - between / float(stats.hmean([len(group) for group in groups]))
    )
    return Components(within**0.5, boot**0.5, board**0.5)
