"""Writes ``report/``: the page, ``tables/*.csv``, ``figures/*.svg`` and ``verdict.json``."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import sameness
from analysis.energetics import LEAST_WINDOWS, energy_cases
from analysis.figures import figure_modules
from analysis.figures.data import SweepData
from analysis.figures.style import colours
from analysis.figures.svg import for_page, to_svg
from analysis.files import write_json, write_text
from analysis.groups import summarise_groups
from analysis.report.conditions import condition_cards
from analysis.report.contrasts import contrasts
from analysis.report.drilldown import SCRIPT, write_drilldown
from analysis.report.failures import failed_cells
from analysis.report.format import (
    bytes_text,
    detectable,
    duration,
    interval,
    is_known,
    number,
    percent,
    sortable,
    whole,
)
from analysis.report.found import found_rows
from analysis.report.population import population_rows
from analysis.report.runtimes import runtimes
from analysis.scopes import scope_text
from analysis.statistics.percentiles import required_n
from analysis.summary import PERCENTILES
from analysis.sweep import Sweep
from analysis.verdict import judge

TEMPLATES = Path(__file__).parent / "templates"
COMPLETE_PAGE = "all.html"
# Together these keep the page below one megabyte; what does not fit is on the complete page and in files.
INLINE_BUDGET_BYTES = 330_000
MOST_ROWS = 140
SIMULATED_TEXT = {
    "board": "A simulated board stands in for hardware, so its times are no statement about any device.",
    "meter": "Power and energy come from a simulated meter: the chain works, but they say nothing about the board.",
}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="{colour}"/>'
    '<path d="M4 11V8m4 3V5m4 6V7" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
)
ICON_COLOURS = {"green": "#17714a", "red": "#b3261e", "unknown": "#8a5a00"}


def build_report(sweep: Sweep, cells: pd.DataFrame, set_aside: list[str]) -> Path:
    """Write the whole report and return the path of its page.

    Args:
        sweep: the results directory.
        cells: rows of ``cells.parquet``.
        set_aside: messages about what could not be used.
    """
    verdict = judge(sweep.sweep_id, cells, set_aside, sameness.cautions(sweep))
    groups, energy = summarise_groups(cells), energy_cases(cells)
    write_json(sweep.report / "verdict.json", verdict)
    _write_tables(sweep.report / "tables", {"cells": cells, "summary": groups, "energy": energy})
    everything: dict[str, list[Any]] = {
        "groups": _with_shares(groups),
        "energy": energy_rows(energy),
        "contrasts": contrasts(cells),
        "population": population_rows(cells),
        "found": found_rows(cells),
        "runtimes": runtimes(cells),
        "cells": cells.sort_values(["model", "board", "backend", "mode", "repeat"]).to_dict("records"),
        "failures": failed_cells(sweep, cells),
    }
    data = SweepData(sweep, cells)
    shared = {
        **_overview(sweep, cells, verdict),
        "figures": list(_figures(data, sweep.report / "figures")),
        "drillable": write_drilldown(data, sweep.report, TEMPLATES / SCRIPT),
        "conditions": condition_cards(sweep, cells),
        "sameness": sameness.differences(sweep),
        "set_aside": set_aside[:MOST_ROWS],
        "colours": colours(list(cells.backend)),
        "least_windows": LEAST_WINDOWS,
    }
    template = environment().get_template("page.html.j2")
    (sweep.report / COMPLETE_PAGE).unlink(missing_ok=True)
    if any(len(rows) > MOST_ROWS for rows in everything.values()):
        write_text(sweep.report / COMPLETE_PAGE, template.render(**shared, **_first(everything, None)))
    write_text(sweep.report / "index.html", template.render(**shared, **_first(everything, MOST_ROWS)))
    return sweep.report / "index.html"


def _first(everything: dict[str, list[Any]], most: int | None) -> dict[str, Any]:
    """Return the rows that a page shows, doubtful ones before all others when not all fit, and how many it hides."""
    shown = {name: rows if most is None else _doubtful_first(rows, most) for name, rows in everything.items()}
    hidden = {f"hidden_{name}": len(rows) - len(shown[name]) for name, rows in everything.items()}
    return {**shown, **hidden}


def _doubtful_first(rows: list[Any], most: int) -> list[Any]:
    if len(rows) <= most:
        return rows
    return sorted(rows, key=lambda row: row.get("validity") == "valid")[:most]


def environment() -> Environment:
    """Return the template environment: everything is escaped, and a name that is not there is an error."""
    result = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters |= {"number": number, "percent": percent, "sortable": sortable, "whole": whole}
    result.filters |= {"bytes": bytes_text, "detectable": detectable}
    result.globals |= {
        "interval": interval,
        "needed": {name.removeprefix("inference_ms_"): required_n(p) for name, p in PERCENTILES.items()},
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
    }
    result.tests["known"] = is_known
    return result


def _overview(sweep: Sweep, cells: pd.DataFrame, verdict: dict[str, Any]) -> dict[str, Any]:
    manifest = sweep.manifest
    controller = manifest.get("controller") or {}
    parts = sorted({part for text in cells.simulated_parts.dropna() for part in text.split(";") if part})
    by_process = set(cells.isolation.dropna()) == {"process"}
    ok = verdict["outcomes"].get("ok", 0)
    return {
        "sweep_id": sweep.sweep_id,
        "profile_name": manifest.get("profile_name", "unnamed"),
        "created_utc": manifest.get("created_utc", ""),
        "scale": manifest.get("scale", 1.0),
        "version": controller.get("edgebench_version", ""),
        "commit": str(controller.get("git_commit") or "")[:12],
        "verdict": verdict,
        "icon": quote(ICON.format(colour=ICON_COLOURS[verdict["verdict"]])),
        "headline": f"{ok} of {len(cells)} cells measured and ended ok.",
        "tiles": _tiles(cells, verdict),
        "unit": "process" if by_process else "boot",
        "units": "processes" if by_process else "boots",
        "simulated_parts": parts,
        "simulated_text": " ".join(SIMULATED_TEXT[part] for part in parts if part in SIMULATED_TEXT),
    }


def _tiles(cells: pd.DataFrame, verdict: dict[str, Any]) -> list[dict[str, str]]:
    tiles = [
        (f"{verdict['outcomes'].get('ok', 0)} / {len(cells)}", "cells ended ok"),
        (str(verdict["validity"].get("valid", 0)), "of them valid beyond doubt"),
        (str(cells.board.nunique()), "board" if cells.board.nunique() == 1 else "boards"),
        (f"{cells.model.nunique()} × {cells.backend.nunique()}", "models × backends"),
        (whole(int(cells.n.fillna(0).sum())), "measured inferences"),
        (duration(_wall_s(cells)), "from first to last cell"),
    ]
    return [{"value": value, "label": label} for value, label in tiles]


def _wall_s(cells: pd.DataFrame) -> float | None:
    start = pd.to_datetime(cells.started_utc, errors="coerce", utc=True).min()
    end = pd.to_datetime(cells.ended_utc, errors="coerce", utc=True).max()
    return None if pd.isna(start) or pd.isna(end) else float((end - start).total_seconds())


def _with_shares(groups: pd.DataFrame) -> list[dict[str, Any]]:
    """Give each group the share of the slowest one of the same model, variant and mode, for the bar in the table."""
    slowest = groups.groupby(["model", "variant", "mode"]).inference_ms.transform("max")
    shared = groups.assign(share=groups.inference_ms / slowest)
    return [
        {str(key): value for key, value in row.items()}
        for row in shared.sort_values(["model", "variant", "board", "mode", "inference_ms"]).to_dict(
            "records"
        )
    ]


def energy_rows(cases: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the page's table of energies, each with where its power was measured."""
    placed = cases.assign(measured_at=[scope_text([scope]) for scope in cases.meter_scope])
    rows = placed.sort_values(["model", "variant", "board", "mode", "energy_j_per_inference"])
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _write_tables(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))


def _figures(data: SweepData, folder: Path) -> Iterator[dict[str, Any]]:
    """Write every figure; those that fit the page's budget come with their SVG, the rest are linked."""
    shutil.rmtree(folder, ignore_errors=True)
    spent = 0
    for module in figure_modules():
        for slug, drawing in module.draw(data):
            svg = to_svg(drawing, slug)
            write_text(folder / f"{slug}.svg", svg)
            inline = for_page(svg, module.TITLE)
            spent += len(inline)
            fits = spent <= INLINE_BUDGET_BYTES
            yield {
                "slug": slug,
                "title": module.TITLE,
                "caption": module.CAPTION,
                "inline": Markup(inline) if fits else None,
            }
