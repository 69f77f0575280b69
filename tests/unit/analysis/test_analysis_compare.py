import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.cli import main
from analysis.comparison import compare_sources
from analysis.population import populations
from analysis.sources import load_source, load_sources
from analysis.statistics.comparison import compare_boots, compare_with_figure, detectable_change
from analysis.statistics.variance import variance_components
from tests.unit.analysis.analysis_factory import Lab


def test_compare_is_welch_on_logarithms() -> None:
    a, b = np.array([10.0, 10.2, 9.9, 10.1]), np.array([10.8, 11.0, 10.7])
    result = compare_boots(a, b)
    oracle = stats.ttest_ind(np.log(b), np.log(a), equal_var=False)
    limits = oracle.confidence_interval(0.95)
    assert result.p_value == pytest.approx(oracle.pvalue)
    assert (result.ratio.low, result.ratio.high) == (
        pytest.approx(np.exp(limits.low)),
        pytest.approx(np.exp(limits.high)),
    )
    assert result.differs


def test_one_boot_a_side_supports_no_interval() -> None:
    result = compare_boots(np.array([10.0]), np.array([11.0, 11.1]))
    assert result.ratio.point == pytest.approx(np.sqrt(11.0 * 11.1) / 10)
    assert (result.ratio.low, result.p_value, result.detectable, result.differs) == (None, None, None, None)


def test_a_published_figure_is_taken_as_it_stands() -> None:
    boots = np.array([10.0, 10.5, 11.0])
    result = compare_with_figure(10.0, boots)
    oracle = stats.ttest_1samp(np.log(boots / 10.0), 0)
    assert result.p_value == pytest.approx(oracle.pvalue)
    back = result.inverted()
    assert back.ratio.point == pytest.approx(1 / result.ratio.point)
    assert back.ratio.low == pytest.approx(1 / (result.ratio.high or 0))


@pytest.mark.parametrize(
    ("cv", "effect", "boots"),
    [(0.005, 0.01, 6), (0.01, 0.01, 17), (0.01, 0.02, 6), (0.01, 0.03, 4), (0.02, 0.02, 17), (0.02, 0.03, 9)],
)
def test_detectable_change_agrees_with_the_published_plan(cv: float, effect: float, boots: int) -> None:
    """The plan says how many boots a side find an effect with 80 % power: so many do, one fewer do not."""

    def detectable(n: int) -> float:
        return detectable_change(cv * np.sqrt(2 / n), 2 * n - 2)

    assert detectable(boots) <= effect * 1.01 < detectable(boots - 1) * 1.02


def test_variance_components_recover_what_was_put_in() -> None:
    rng = np.random.default_rng(8)
    n, means, deviations, boards = 400, [], [], []
    for board in range(60):
        board_effect = rng.normal(0, 0.03)
        for _ in range(12):
            times = np.exp(board_effect + rng.normal(0, 0.01) + rng.normal(0, 0.05, n))
            means.append(times.mean())
            deviations.append(times.std(ddof=1))
            boards.append(f"b{board}")
    counts = np.full(len(means), float(n))
    parts = variance_components(np.array(means), np.array(deviations), counts, boards)
    assert parts.iteration == pytest.approx(0.05, rel=0.05)
    assert parts.boot == pytest.approx(0.01, rel=0.15)
    assert parts.board == pytest.approx(0.03, rel=0.25)


def test_variance_components_without_repeats_or_boards_are_unknown() -> None:
    one = variance_components(np.array([10.0]), np.array([1.0]), np.array([30.0]), ["a"])
    assert (one.iteration, one.boot, one.board) == (pytest.approx(0.1), None, None)


def pair(tmp_path: Path, **changes: object) -> tuple[str, str]:
    a = Lab(tmp_path / "a", noise=0.01, boot_noise=0.002, repeats=4, **changes).write()  # type: ignore[arg-type]
    b = Lab(tmp_path / "b", noise=0.01, boot_noise=0.002, repeats=4, seed=9, effect=1.1, **changes).write()  # type: ignore[arg-type]
    return str(a), str(b)


def test_a_real_change_is_found_with_its_size(tmp_path: Path) -> None:
    result = compare_sources(*pair(tmp_path), mode="warm")
    assert result.verdict == "comparable"
    assert set(result.cases.finding) == {"slower"}
    assert ((result.cases.ratio_low < 1.1) & (result.cases.ratio_high > 1.1)).mean() >= 0.5
    assert result.cases.detectable_change.between(0, 0.05).all()
    assert set(result.health.health) == {"healthy"}


def test_fingerprint_differences_are_named(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    for path in Path(b).glob("cells/*/*/cell.json"):
        record = json.loads(path.read_text())
        record["fingerprint_parts"]["kernel"] = "6.6.0"
        record["fingerprint"] = "f" * 64
        path.write_text(json.dumps(record))
    result = compare_sources(a, b)
    assert result.verdict == "conditionally comparable"
    assert {(d.part, d.a, d.b) for d in result.differences} == {("kernel", "6.1.0", "6.6.0")}


def test_cases_are_compared_with_their_own_fingerprint_whatever_was_measured_first(tmp_path: Path) -> None:
    """Of two models only one has another artifact; the manifests list them in opposite orders."""
    a, b = pair(tmp_path)
    for root in (a, b):
        for path in Path(root).glob("cells/*/*/cell.json"):
            record = json.loads(path.read_text())
            record["fingerprint_parts"] |= {"artifact": record["model"], "options": {"threads": 2}}
            if root == b and record["model"] == "mobilenet_v2":
                record["fingerprint_parts"] |= {"artifact": "other", "options": {"threads": 4}}
            path.write_text(json.dumps(record))
    manifest = Path(b) / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"cells": content["cells"][::-1]}))
    found = compare_sources(a, b).differences
    assert {(d.part, d.a, d.b) for d in found} == {
        ("artifact", "mobilenet_v2", "other"),
        ("options.threads", "2", "4"),
    }
    assert {d.cases for d in found} == {"2 of 6"}  # one of three models, in two modes


def test_a_simulated_board_is_not_comparable_with_a_real_one(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    manifest = json.loads((Path(b) / "manifest.json").read_text())
    manifest["boards"]["local"]["simulated"] = True
    (Path(b) / "manifest.json").write_text(json.dumps(manifest))
    assert compare_sources(a, b).verdict == "not comparable"


def test_a_board_is_held_against_the_published_figures_of_its_kind(tmp_path: Path) -> None:
    # The factory's MobileNetV2 takes 9 ms; the study's took 100.459 ms on a Raspberry Pi 4.
    boards = {"rpi4-01": {"kind": "raspberry_pi_4", "meter": None, "simulated": False}}
    root = Lab(
        tmp_path, boards=boards, models=("mobilenet_v2",), backends=("onnxruntime",), effect=100.459 / 9
    ).write()
    result = compare_sources("published:gia2023", str(root))
    (case,) = result.cases.to_dict("records")
    assert case["ratio"] == pytest.approx(1.0, abs=0.05)
    assert case["ratio_low"] < 1.05
    assert (case["boots_a"], case["boots_b"]) == (None, 3)
    assert result.verdict == "conditionally comparable"
    assert result.health.iloc[0].health == "unknown: one case is not enough"


def test_sources_with_nothing_in_common_are_an_error(
    good_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "published:gia2023", str(good_results)]) == 2
    assert "in common" in capsys.readouterr().err


def test_boards_of_one_kind_are_averaged(tmp_path: Path) -> None:
    boards = {f"rpi4-0{n}": {"kind": "raspberry_pi_4", "meter": None, "simulated": False} for n in (1, 2, 3)}
    root = Lab(tmp_path, boards=boards, models=("digits_cnn",), backends=("onnxruntime",)).write()
    frame = load_source(str(root))
    row = populations(frame).query("mode == 'warm'").iloc[0]
    means = np.log(frame[frame["mode"] == "warm"].inference_ms_mean.astype(float))
    per_board = means.groupby(frame.board).mean()
    assert (row.boards, row.boots) == (3, 9)
    assert row.inference_ms == pytest.approx(np.exp(per_board.mean()))
    half = stats.t.ppf(0.975, 2) * per_board.std(ddof=1) / 3**0.5
    assert row.inference_ms_high == pytest.approx(np.exp(per_board.mean() + half))
    assert row.iteration_cv == pytest.approx(0.02, rel=0.3)


def test_several_results_directories_are_one_source(tmp_path: Path) -> None:
    a, b = pair(tmp_path, models=("digits_cnn",))
    assert len(load_sources([a, b])) == len(load_source(a)) + len(load_source(b))


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"], ["--html"]])
def test_every_format_is_written(
    good_results: Path, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    assert main(["compare", str(good_results), str(good_results), *form]) == 0
    out = capsys.readouterr().out
    assert "no difference seen" in out
