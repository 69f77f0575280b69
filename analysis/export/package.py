"""Writes the directory that ``export`` is asked for."""

import shutil
from pathlib import Path

from analysis.errors import InputError
from analysis.export.crate import METADATA, crate
from analysis.export.system import system_description
from analysis.files import write_json, write_text
from analysis.groups import summarise_groups
from analysis.output import to_csv
from analysis.report.build import build_report
from analysis.store import load_cells
from analysis.sweep import NAME, Sweep

DESCRIPTIONS = {
    "manifest.json": "what was planned, in which order, on which boards",
    "cells.csv": "one row per cell and repeat",
    "cells.parquet": "one row per cell and repeat, typed",
    "summary.csv": "repeats taken together, the boot as the unit",
    "verdict.json": "green or red, with reasons",
    "report.html": "the report, one page that needs no network",
}


def export(sweep: Sweep, target: Path) -> list[Path]:
    """Write tables, raw readings, figures, report, system descriptions and RO-Crate metadata; return the files.

    Raises:
        InputError: when ``target`` exists and is not empty, since an export never mixes with what was there.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is not an empty directory")
    cells, set_aside = load_cells(sweep)
    page = build_report(sweep, cells, set_aside)
    write_text(target / "cells.csv", to_csv(cells))
    write_text(target / "summary.csv", to_csv(summarise_groups(cells)))
    copies = {
        "cells.parquet": sweep.cells_parquet,
        "manifest.json": sweep.root / "manifest.json",
        "verdict.json": sweep.report / "verdict.json",
        "report.html": page,
    }
    for name, source in copies.items():
        shutil.copyfile(source, target / name)
    shutil.copytree(sweep.report / "figures", target / "figures", dirs_exist_ok=True)
    if sweep.inferences.is_dir():
        shutil.copytree(sweep.inferences, target / "inferences")
    for board in sorted(filter(NAME.match, sweep.manifest["boards"])):
        write_json(target / "systems" / f"{board}.json", system_description(sweep, board, cells))
    write_json(target / METADATA, crate(sweep, target, DESCRIPTIONS))
    return sorted(path for path in target.rglob("*") if path.is_file())
