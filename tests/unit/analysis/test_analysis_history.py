"""Simulated histories: what did not change is not reported, what did is, with its night and its cause."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.files import write_json
from analysis.lake.causes import PARTS_SCHEMA
from analysis.lake.history import EVERY_SERIES, KEY, QUIET, history
from analysis.lake.page import history_page
from analysis.statistics.nights import ALPHA, find_shift, judge

FIRST = date(2026, 1, 1)
NIGHTS = 50
Logs = np.ndarray


def night(number: int) -> str:
    return str(FIRST + timedelta(number))


def lab(
    seed: int,
    boards: int = 2,
    models: int = 10,
    nights: int = NIGHTS,
    effect: Callable[[Logs], None] = lambda logs: None,
    autocorrelation: float = 0.0,
) -> pd.DataFrame:
    """Return nightly rows: a shock of 1 % per board and night, 0.5 % of each series' own, then ``effect`` on the
    logarithms (boards, models, backends, nights)."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 0.005, (boards, models, 2, nights))
    for n in range(1, nights):
        own[..., n] = autocorrelation * own[..., n - 1] + (1 - autocorrelation**2) ** 0.5 * own[..., n]
    logs = np.log(10) + own + rng.normal(0, 0.01, (boards, 1, 1, nights))
    effect(logs)
    rows = [
        (f"pi-{b}", f"m{m}", "fp32", backend, "warm", night(n), float(np.exp(logs[b, m, k, n])))
        for b in range(boards)
        for m in range(models)
        for k, backend in enumerate(("onnxruntime", "pytorch"))
        for n in range(nights)
    ]
    frame = pd.DataFrame(rows, columns=[*KEY, "night", "inference_ms"])
    return frame.assign(fingerprint="f" * 64, backend_version="1.0", artifact_sha256="a" * 64)


def changed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame.status.isin(QUIET)]


@pytest.mark.parametrize("autocorrelation", [0.0, 0.3])
def test_histories_without_a_change_report_one_at_the_nominal_rate(autocorrelation: float) -> None:
    """Where nothing changed every report is false, so that the false-discovery rate is the share of labs with one;
    there are four families: nights and shifts of series, each held to 5 %, and of boards, each held to 1 %."""
    labs = 25
    false = sum(
        len(changed(history(lab(seed, models=6, autocorrelation=autocorrelation)))) > 0
        for seed in range(labs)
    )
    assert false <= stats.binom.ppf(0.999, labs, 1 - 0.95**2 * 0.99**2)


def test_one_series_slower_last_night_waits_for_confirmation() -> None:
    def effect(logs: Logs) -> None:
        logs[1, 3, 0, -1:] += 0.05

    (row,) = changed(history(lab(1, effect=effect))).to_dict("records")
    assert (row["board"], row["model"], row["backend"]) == ("pi-1", "m3", "onnxruntime")
    assert row["status"] == "slower, to be confirmed"
    assert row["since"] == night(NIGHTS - 1)
    assert row["change"] == pytest.approx(0.05, abs=0.02)


def test_two_nights_confirm() -> None:
    def effect(logs: Logs) -> None:
        logs[1, 3, 0, -2:] -= 0.05

    (row,) = changed(history(lab(2, effect=effect))).to_dict("records")
    assert row["status"] == "faster, confirmed"
    assert row["since"] == night(NIGHTS - 2)


def test_a_whole_board_is_one_event_and_its_series_stay_quiet() -> None:
    def effect(logs: Logs) -> None:
        logs[0, :, :, -1] += 0.06

    (row,) = changed(history(lab(3, effect=effect))).to_dict("records")
    assert (row["board"], row["model"]) == ("pi-0", EVERY_SERIES)
    assert row["status"] == "board event: slower, to be confirmed"
    assert row["change"] == pytest.approx(0.06, abs=0.03)


def test_a_change_of_software_is_named_with_its_night(tmp_path: Path) -> None:
    """The second backend was updated ten nights ago on both boards, and is 4 % slower since."""
    since = NIGHTS - 10

    def effect(logs: Logs) -> None:
        logs[:, :3, 1, since:] += 0.04

    frame = lab(4, effect=effect)
    updated = (frame.backend == "pytorch") & (frame.night >= night(since))
    frame = frame.assign(
        fingerprint=np.where(updated, "b" * 64, "f" * 64),
        backend_version=np.where(updated, "1.1", "1.0"),
    )
    for digest, version in (("f" * 64, "1.0"), ("b" * 64, "1.1")):
        parts = {"kernel": "6.1", "packages": ["numpy-2.4.6", f"torch-{version}"]}
        write_json(tmp_path / "fingerprint" / f"{digest}.json", {"schema": PARTS_SCHEMA, "parts": parts})
    found = changed(history(frame, tmp_path))
    assert set(zip(found.board, found.model, found.backend, strict=True)) == {
        (board, model, "pytorch") for board in ("pi-0", "pi-1") for model in ("m0", "m1", "m2")
    }
    assert set(found.status) == {"slower, confirmed"}
    assert set(found.since) == {night(since)}
    assert set(found.what_changed) == {"packages torch-1.0 → torch-1.1"}
    unexplained = changed(history(frame)).what_changed
    assert set(unexplained) == {f"version of the backend 1.0 → 1.1; fingerprint {'f' * 12} → {'b' * 12}"}
    page = history_page(frame, tmp_path)
    assert "torch-1.0 → torch-1.1" in page
    assert night(since) in page


def test_no_change_of_the_configuration_points_to_the_environment() -> None:
    def effect(logs: Logs) -> None:
        logs[0, 0, 0, -1] += 0.08

    (row,) = changed(history(lab(5, effect=effect))).to_dict("records")
    assert row["what_changed"] == "same configuration: look at the environment"


def test_a_series_that_was_not_measured_is_never_steady() -> None:
    frame = lab(6)
    lost = (frame.board == "pi-0") & (frame.model == "m0") & (frame.night == night(NIGHTS - 1))
    statuses = history(frame[~lost]).set_index(KEY).status
    assert set(statuses["pi-0", "m0"]) == {"not measured last night"}


def test_every_steady_series_says_what_it_could_have_shown() -> None:
    steady = history(lab(7)).query("status == 'steady'")
    assert len(steady) >= 38
    assert steady.detectable_change.between(0.005, 0.06).all()


def test_detectable_changes_are_detected_as_often_as_stated() -> None:
    """A change of the stated size has a p-value below 1 % in about four of five nights."""
    rng = np.random.default_rng(9)
    hits: list[bool] = []
    for _ in range(150):
        logs = rng.normal(0, 0.01, (40, 30))
        size = np.log1p(judge(logs).detectable)
        logs[-1, ::15] += size[::15]
        hits += list(judge(logs).p_values[-1, ::15] < ALPHA)
    assert 0.72 < np.mean(hits) < 0.88


def test_a_shift_is_placed_on_its_night_and_needs_three() -> None:
    rng = np.random.default_rng(8)
    values = rng.normal(0, 0.005, 40)
    values[33:] += 0.03
    shift = find_shift(values)
    assert shift is not None
    assert shift.position == 33
    assert shift.p_value < 1e-6
    assert find_shift(values[:12]) is None
