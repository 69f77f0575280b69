"""Energies of different scopes are different quantities: figures say where, and nothing mixes them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.cli import main
from analysis.comparison import compare_sources
from analysis.energetics import LEAST_WINDOWS, energy_cases
from analysis.errors import InputError
from analysis.frame import combined
from analysis.frontier import pareto
from analysis.ingest import ingest
from analysis.report.build import build_report
from analysis.scopes import scope_text
from analysis.sources import load_sources
from analysis.store import load_cells
from analysis.sweep import load_sweep
from tests.unit.analysis.analysis_factory import Lab

LONG = {"warm": (5, 2000)}


@pytest.fixture
def two_scopes(tmp_path: Path) -> tuple[Path, Path]:
    """Two sweeps of one board; the second one's meter sees only the rails."""
    paths = []
    for number, scope in ((1, "dc_input"), (2, "pmic_rails")):
        made = Lab(
            tmp_path,
            f"2026112{number}t060000z-smoke",
            modes=LONG,
            models=("digits_cnn", "resnet50"),
            repeats=2,
        )
        path = made.write()
        meter = path / "power" / "usb0" / "meter.json"
        meter.write_text(json.dumps({**json.loads(meter.read_text()), "scope": scope}))
        ingest(load_sweep(path))
        paths.append(path)
    return paths[0], paths[1]


def test_comparing_energies_across_scopes_is_refused_and_times_are_compared(
    two_scopes: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = map(str, two_scopes)
    energy = compare_sources(a, b, of="energy")
    assert energy.verdict == "not comparable"
    assert energy.reasons == ["energies measured at the DC input and at the PMIC's rails"]
    assert {"a_j", "b_j"} <= set(energy.cases)
    assert compare_sources(a, b).verdict != "not comparable"
    assert compare_sources(a, a, of="energy").verdict == "comparable"
    assert main(["compare", a, b, "--of", "energy"]) == 0
    assert (
        "Verdict: not comparable (energies measured at the DC input and at the PMIC's rails)"
        in capsys.readouterr().out
    )


def test_a_frontier_of_energy_is_of_one_scope(two_scopes: tuple[Path, Path]) -> None:
    rows = combined(load_sources([str(path) for path in two_scopes]))
    assert len(pareto(rows, "latency"))
    with pytest.raises(InputError, match="at the DC input and at the PMIC's rails are different quantities"):
        pareto(rows, "energy")
    assert len(pareto(combined(load_sources([str(two_scopes[0])])), "energy"))


def test_cases_of_different_scopes_stay_apart(two_scopes: tuple[Path, Path]) -> None:
    cells = pd.concat([load_cells(load_sweep(path))[0] for path in two_scopes])
    cases = energy_cases(cells)
    assert sorted(cases[cases.model == "digits_cnn"].meter_scope.unique()) == ["dc_input", "pmic_rails"]
    assert (cases.boots == 2).all(), "two repeats of one sweep, not four of two"


def test_every_figure_of_power_says_where_it_was_measured(two_scopes: tuple[Path, Path]) -> None:
    sweep = load_sweep(two_scopes[1])
    build_report(sweep, load_cells(sweep)[0], [])
    for name in ("power", "energy", "merit", "timeline"):
        assert "measured at the PMIC" in (sweep.report / "figures" / f"{name}-local.svg").read_text(), name
    page = (sweep.report / "index.html").read_text()
    assert "at the PMIC&#39;s rails" in page.partition('id="all-energy"')[2]


def test_windows_have_a_median_and_a_range_from_five_on() -> None:
    row = {
        "board": "pi",
        "kind": "raspberry_pi_5",
        "model": "m",
        "variant": "fp32",
        "backend": "b",
        "mode": "warm",
        "meter": "m1",
        "meter_scope": "dc_input",
        "outcome": "ok",
        "validity": "valid",
        "energy_status": "measured",
        "simulated_parts": "",
    }
    from analysis.columns import typed

    texts = ["0.10;0.11;0.12", "0.30;0.10"]
    cases = energy_cases(typed([{**row, "energy_windows_j_per_inference": text} for text in texts])).iloc[0]
    assert (cases.windows, cases.window_median_j, cases.window_low_j, cases.window_high_j) == (
        5,
        0.11,
        0.10,
        0.30,
    )
    few = energy_cases(typed([{**row, "energy_windows_j_per_inference": texts[0]}])).iloc[0]
    assert pd.isna(few.window_median_j)
    assert few.windows_reason == f"3 of at least {LEAST_WINDOWS} windows"


def test_an_unknown_place_is_said_to_be_unknown() -> None:
    assert scope_text([None, pd.NA]) == "at an unknown place"
    assert scope_text(["wall_ac", "wall_ac"]) == "at the wall (AC)"
