"""A sweep of many cells: the page that is mailed stays small, and nothing is lost."""

from pathlib import Path

from analysis.ingest import ingest
from analysis.report.build import MOST_ROWS, build_report
from analysis.store import load_cells
from analysis.sweep import load_sweep
from tests.unit.analysis.analysis_factory import Lab

ONE_MEGABYTE = 1_000_000


def test_a_great_sweep_keeps_a_small_page_and_a_complete_one(tmp_path: Path) -> None:
    models = tuple(f"model_with_a_long_name_{number:02d}" for number in range(34))
    lab = Lab(tmp_path, models=models, backends=("a", "b", "c"), repeats=1)
    lab.outcomes = {cell["cell_id"]: "crashed" for cell in lab.cells()[:190]}
    sweep = load_sweep(lab.write())
    ingest(sweep)
    html = build_report(sweep, *load_cells(sweep)).read_text()
    assert len(html.encode()) < ONE_MEGABYTE
    complete = (sweep.report / "all.html").read_text()
    assert 'href="all.html#cells"' in html
    assert 'href="all.html' not in complete
    assert complete.count("<tr data-board") == 2 * 34 * 3 * 2
    assert html.count("<tr data-board") == 2 * MOST_ROWS
