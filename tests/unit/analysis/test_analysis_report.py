import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.groups import summarise_groups
from analysis.ingest import ingest
from analysis.report.build import build_report
from analysis.statistics.comparison import compare_boots
from analysis.store import load_cells
from analysis.sweep import Sweep, load_sweep

ONE_MEGABYTE = 1_000_000


class Page(HTMLParser):
    """Collects what a browser would see: tags with attributes, and the text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get("id"))]


def report_of(sweep: Sweep) -> str:
    ingest(sweep)
    return build_report(sweep, *load_cells(sweep)).read_text()


@pytest.fixture(scope="module")
def page(good_results: Path) -> str:
    sweep = load_sweep(good_results)
    return build_report(sweep, *load_cells(sweep)).read_text()


def test_it_says_the_order_that_was_planned(small_lab: Callable[..., Sweep]) -> None:
    sweep = small_lab()
    assert "shuffled with seed 20230401" in report_of(sweep)
    sweep.manifest["profile"]["order"]["shuffle"] = False
    text = report_of(sweep)
    assert "as the profile lists it" in text
    assert "shuffled" not in text


def test_it_is_one_small_file_without_a_network(page: str) -> None:
    assert len(page.encode()) < ONE_MEGABYTE
    links = [
        value
        for tag, attributes in Page(page).tags
        for key, value in attributes.items()
        if key in ("src", "href", "xlink:href") and value and tag != "svg"
    ]
    assert links
    assert [link for link in links if re.match(r"(?:https?:)?//", link)] == []


def test_every_local_link_leads_somewhere(page: str, good_results: Path) -> None:
    parsed = Page(page)
    ids = parsed.ids()
    assert len(ids) == len(set(ids))
    for _, attributes in parsed.tags:
        link = attributes.get("href") or attributes.get("xlink:href") or ""
        if link.startswith("#"):
            assert link[1:] in ids
        elif link and not link.startswith("data:"):
            assert (good_results / "report" / link).is_file()


def test_sections_come_in_the_promised_order(page: str) -> None:
    order = ["verdict", "results", "contrasts", "energy", "boards", "figures", "runtimes", "cells"]
    order += ["conditions", "failures", "method"]
    assert [attributes["id"] for tag, attributes in Page(page).tags if tag == "section"] == order


def section_rows(page: str, name: str) -> list[str]:
    section = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    assert section
    return re.findall(r"<tr>.*?</tr>", section.group(), re.DOTALL)[1:]


def test_backends_are_compared_with_what_a_no_difference_could_have_missed(
    small_lab: Callable[..., Sweep],
) -> None:
    """Two backends of equal speed, four boots each: no difference, and the smallest that would have shown."""
    sweep = small_lab(backends=("alpha", "beta"), repeats=4)
    (row,) = section_rows(report_of(sweep), "contrasts")
    cells = load_cells(sweep)[0]
    boots = [
        cells.loc[cells.backend == name, "inference_ms_mean"].to_numpy(dtype=float)
        for name in ("beta", "alpha")
    ]
    expected = compare_boots(*boots)
    assert "no difference seen" in row
    for value in (expected.ratio.point, expected.ratio.low, expected.detectable):
        assert value is not None
        assert f'data-v="{value:.6g}"' in row


def test_boards_of_one_kind_stand_beside_their_average(small_lab: Callable[..., Sweep]) -> None:
    boards = {f"pi-{n}": {"kind": "raspberry_pi_4", "meter": None, "simulated": False} for n in "abc"}
    sweep = small_lab(boards=boards)
    page = report_of(sweep)
    (row,) = section_rows(page, "boards")
    cells = load_cells(sweep)[0]
    each = np.exp(np.log(cells.inference_ms_mean.astype(float)).groupby(cells.board).mean())
    for board, time in each.items():
        assert f"{board} {time:.3f}" in row
    assert f'data-v="{np.exp(np.log(each).mean()):.6g}"' in row


def test_every_measured_cell_can_be_looked_into(page: str, good_results: Path) -> None:
    script = (good_results / "report" / "drilldown" / "local.js").read_text()
    board, cells = json.loads(script.removeprefix("edgebench.take(").removesuffix(");\n"))
    linked = {attributes["data-cell"] for tag, attributes in Page(page).tags if attributes.get("data-cell")}
    assert board == "local"
    assert linked == set(cells) == set(load_cells(load_sweep(good_results))[0].cell_id)
    cell = cells["local/resnet50.fp32.pytorch.warm.r1"]
    frame = pd.read_parquet(good_results / "inferences")
    times = frame[frame.cell_id.astype(str) == "local/resnet50.fp32.pytorch.warm.r1"]
    assert cell["ms"] == pytest.approx(times.inference_ms.to_list(), rel=1e-4)
    assert (cell["n"], cell["warmup"]) == (35, 5)
    measured = times.loc[times.phase == "measured", "inference_ms"]
    assert cell["quantiles"][50] == pytest.approx(np.quantile(measured, 0.5), rel=1e-4)


def test_answers_placement_and_threads_of_each_backend(small_lab: Callable[..., Sweep]) -> None:
    sweep = small_lab(models=("digits_cnn", "resnet50"), backends=("onnxruntime", "pytorch"))
    for path in sweep.root.glob("cells/local/resnet50.fp32.pytorch.*/cell.json"):
        record = json.loads(path.read_text())
        record["check"] |= {"max_abs_diff": 0.0123, "tolerance_used": 1.23, "top1_agreement": 0.5}
        record["placement"] = [
            {"device": "CUDA", "nodes": 3, "time_share": 0.75},
            {"device": "CPU", "nodes": 1, "time_share": None},
        ]
        record["backend_info"]["threads_busy"] = 1 + record["repeat"]
        path.write_text(json.dumps(record))
    page = report_of(sweep)
    section = re.search(r'<section id="runtimes">.*?</section>', page, re.DOTALL)
    assert section
    rows = re.findall(r"<tr>.*?</tr>", section.group(), re.DOTALL)
    assert len(rows) == 1 + 4
    row = next(text for text in rows if "resnet50" in text and "pytorch" in text)
    for fact in (">0.012<", "123.0", "50", "CUDA: 3 nodes, 75 % of the time; CPU: 1 node", ">2 or 3<"):
        assert fact in row, fact
    assert "unknown" in next(text for text in rows if "digits_cnn" in text and "pytorch" in text)
    svg = (sweep.report / "figures/answers-local.svg").read_text()
    assert "0.012" in svg


def test_unsupported_percentiles_and_withheld_accuracy_say_so(page: str) -> None:
    assert "n &lt; 662" in page
    assert "withheld" in page
    assert "n_effective is 9: p50 needs 11" in page


def test_simulated_power_is_marked_wherever_it_stands(page: str, good_results: Path) -> None:
    rows = re.findall(r"<tr data-board.*?</tr>", page, re.DOTALL)
    cells = pd.read_parquet(good_results / "cells.parquet")
    groups = summarise_groups(cells)
    shown = cells[["power_idle_w", "power_mean_w", "energy_j_per_inference"]].notna().sum().sum()
    shown += (
        groups[["power_mean_w", "energy_j_per_inference", "images_per_joule_correct"]].notna().sum().sum()
    )
    assert shown > 0
    assert sum(row.count('class="sim"') for row in rows) == shown


def test_everything_from_a_board_is_escaped(small_lab: Callable[..., Sweep]) -> None:
    attack = "<script>alert('board')</script>"
    sweep = small_lab(outcomes={"local/digits_cnn.fp32.onnxruntime.warm.r1": "crashed"})
    for path in sweep.root.glob("cells/*/*/cell.json"):
        record = json.loads(path.read_text())
        record |= {"outcome_detail": attack, "signal": attack, "python": attack}
        record["validity"]["reasons"] = [attack]
        record["identity"] = {"model": attack, "os": f'"><img src=x onerror="{attack}">'}
        record["doctor"] = [{"check": attack, "status": "fail", "found": attack, "advice": attack}]
        path.write_text(json.dumps(record))
    manifest = json.loads((sweep.root / "manifest.json").read_text())
    manifest["boards"][attack] = {"kind": attack, "meter": attack, "simulated": False}
    manifest["cells"].append({**manifest["cells"][0], "board": attack, "model": attack, "cell_id": attack})
    (sweep.root / "manifest.json").write_text(json.dumps(manifest))
    html = report_of(load_sweep(sweep.root))
    assert "alert(" in html
    tags = [tag for tag, _ in Page(html).tags]
    assert tags.count("script") == 2  # the page's own and the one beside it
    assert tags.count("img") == 0
    assert "<script>alert" not in html


def test_boards_of_one_kind_that_differ_are_a_table_and_a_caution(small_lab: Callable[..., Sweep]) -> None:
    sweep = small_lab()
    assert "<h3>Boards of one kind</h3>" not in report_of(sweep)
    values = {"pi4-a": ["<numpy>-1.26.4"], "pi4-b": []}
    difference = {"kind": "raspberry_pi_4", "backend": "tflite", "part": "packages", "values": values}
    document = {"schema": "edgebench/fingerprints/1", "differences": [difference], "unknown": ["pi4-c"]}
    (sweep.root / "fingerprints.json").write_text(json.dumps(document))
    html = report_of(sweep)
    assert "&lt;numpy&gt;-1.26.4" in html
    assert "beforehand of pi4-c" in html
    assert "boards of kind raspberry_pi_4 differ in packages" in html
    assert json.loads((sweep.report / "verdict.json").read_text())["verdict"] == "green"
    (sweep.root / "fingerprints.json").write_text(json.dumps({**document, "differences": [], "unknown": []}))
    assert "no two boards of one kind differed" in report_of(sweep)


def test_failures_show_what_is_known(small_lab: Callable[..., Sweep]) -> None:
    crashed, missing = (f"local/digits_cnn.fp32.onnxruntime.warm.r{repeat}" for repeat in (1, 2))
    html = report_of(small_lab(outcomes={crashed: "crashed"}, missing={missing}))
    assert "the worker ended: crashed (SIGSEGV)" in html
    assert "12 of 30 measured inferences were completed and kept" in html
    assert "It left no record." in html


def test_a_sweep_in_which_nothing_was_measured_still_has_a_report(small_lab: Callable[..., Sweep]) -> None:
    cells = {f"local/digits_cnn.fp32.onnxruntime.warm.r{repeat}" for repeat in (1, 2)}
    html = report_of(small_lab(missing=cells))
    assert "Nothing was measured" in html
    assert "0 of 2 cells" in html


def test_tables_are_the_frames(page: str, good_results: Path) -> None:
    cells = pd.read_csv(good_results / "report/tables/cells.csv")
    assert len(cells) == 36
    assert len(pd.read_csv(good_results / "report/tables/summary.csv")) == 12
    expected = pd.read_parquet(good_results / "cells.parquet").inference_ms_mean
    assert cells.inference_ms_mean.to_numpy() == pytest.approx(expected.to_numpy(dtype=float))


def test_figures_are_vector_graphics_with_units(page: str, good_results: Path) -> None:
    files = sorted((good_results / "report/figures").glob("*.svg"))
    assert {path.stem for path in files} >= {
        "latency-local",
        "series-local",
        "distribution-local",
        "timeline-local",
    }
    for path in files:
        root = ET.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.findall(".//{http://www.w3.org/2000/svg}image") == []
        words = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
        assert any(unit in words for unit in ("(ms)", "(W)", "(%)", "(1)", "(1/J)", "(J)"))


def test_groups_rest_on_sound_boots_only(small_lab: Callable[..., Sweep]) -> None:
    died = "local/digits_cnn.fp32.onnxruntime.warm.r1"
    sweep = small_lab(outcomes={died: "oom_killed"}, repeats=3)
    ingest(sweep)
    cells = load_cells(sweep)[0]
    (row,) = summarise_groups(cells).to_dict("records")
    sound = cells.loc[cells.outcome == "ok", "inference_ms_mean"].to_numpy(dtype=float)
    assert (row["boots"], row["cells"], row["validity"]) == (2, 3, "failed")
    assert row["inference_ms"] == pytest.approx(np.exp(np.log(sound).mean()))
