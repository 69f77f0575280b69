import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.statistics.boots import between_boot_cv, typical
from analysis.statistics.percentiles import required_n, supported_percentile
from analysis.statistics.series import effective_n, is_steady, steady_from


@pytest.mark.parametrize(("p", "n"), [(0.5, 11), (0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6636)])
def test_required_n_is_that_of_the_published_table(p: float, n: int) -> None:
    assert required_n(p) == n
    assert binom.cdf(1, n, 1 - p) <= 0.01 < binom.cdf(1, n - 1, 1 - p)


def test_percentile_is_withheld_one_below_its_threshold() -> None:
    values = np.arange(64.0)
    assert supported_percentile(values, 0.9, 63) is None
    assert supported_percentile(values, 0.9, 64) == pytest.approx(np.quantile(values, 0.9))
    assert supported_percentile(np.array([]), 0.5, 100) is None


def test_effective_n_of_independent_readings_is_close_to_n() -> None:
    values = np.random.default_rng(1).normal(10, 1, 10_000)
    assert effective_n(values) > 0.75 * len(values)


def test_effective_n_of_correlated_readings_follows_theory() -> None:
    rng, phi, n = np.random.default_rng(2), 0.6, 40_000
    values = np.zeros(n)
    for i in range(1, n):
        values[i] = phi * values[i - 1] + rng.normal()
    theory = n * (1 - phi) / (1 + phi)
    assert theory * 0.75 < effective_n(values) < theory * 1.35


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=300))
def test_effective_n_is_never_above_n(values: list[float]) -> None:
    assert 0 < effective_n(np.array(values)) <= len(values)


def test_constant_readings_are_worth_n() -> None:
    assert effective_n(np.full(400, 3.0)) == 400


def test_steady_from_finds_the_end_of_a_warm_up() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(100, 2, 2000)
    values[:60] *= 1.3
    assert 50 <= (steady_from(values) or 0) <= 300
    assert is_steady(values)


def test_a_drift_is_not_steady() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(100, 1, 2000) + 20 * np.exp(-np.arange(2000) / 900)
    assert is_steady(values) is False


def test_steadiness_of_few_readings_is_unknown() -> None:
    assert is_steady(np.ones(99)) is None


def test_typical_is_student_on_logarithms() -> None:
    interval = typical(np.array([10.0, 11.0, 12.1]))
    assert interval.point == pytest.approx(11.0)
    # Logs are log(11) -+ log(1.1), so s = log(1.1); t(0.975, 2) = 4.302653; half width = 4.302653 * s / sqrt(3).
    half = 4.302653 * np.log(1.1) / np.sqrt(3)
    assert interval.low == pytest.approx(11 * np.exp(-half), rel=1e-6)
    assert interval.high == pytest.approx(11 * np.exp(half), rel=1e-6)
    assert between_boot_cv(np.array([10.0, 11.0, 12.1])) == pytest.approx(np.log(1.1))


def test_one_boot_has_no_interval() -> None:
    interval = typical(np.array([5.0]))
    assert (interval.point, interval.low, interval.high) == (pytest.approx(5.0), None, None)
    assert between_boot_cv(np.array([5.0])) is None


@pytest.mark.parametrize("bad", [[], [0.0, 1.0], [-1.0, 2.0], [np.nan, 1.0]])
def test_impossible_summaries_are_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        typical(np.array(bad))
