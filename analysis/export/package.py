"""Writes the directory that ``export`` is asked for."""

import re
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

NAME_OF_CELL = re.compile(r"[a-z0-9_-]+/[a-z0-9_.-]+\Z")
DESCRIPTIONS = {
    "manifest.json": "what was planned, in which order, on which boards",
    "cells.csv": "one row per cell and repeat",
    "cells.parquet": "one row per cell and repeat, typed",
    "summary.csv": "repeats taken together, the boot as the unit",
    "report/index.html": "the report, a page that needs no network",
    "report/verdict.json": "green or red, with reasons",
}


def export(sweep: Sweep, target: Path, license_url: str | None = None) -> list[Path]:
    """Write tables, raw readings, records, report, system descriptions and RO-Crate metadata; return the files.

    Args:
        sweep: the results directory.
        target: where to; made anew.
        license_url: under which the data is published; without it the crate says that it is not stated.

    Raises:
        InputError: when ``target`` exists and is not empty, since an export never mixes with what was there.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target}: exists and is not an empty directory")
    cells, set_aside = load_cells(sweep)
    build_report(sweep, cells, set_aside)
    write_text(target / "cells.csv", to_csv(cells))
    write_text(target / "summary.csv", to_csv(summarise_groups(cells)))
    records = [
        sweep.root / "cells" / cell_id / "cell.json"
        for cell_id in cells.cell_id
        if NAME_OF_CELL.match(cell_id)
    ]
    for source in (sweep.cells_parquet, sweep.root / "manifest.json", *filter(Path.is_file, records)):
        copy = target / source.relative_to(sweep.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    shutil.copytree(sweep.report, target / "report")
    if sweep.inferences.is_dir():
        shutil.copytree(sweep.inferences, target / "inferences")
    for board in sorted(filter(NAME.match, sweep.manifest["boards"])):
        write_json(target / "systems" / f"{board}.json", system_description(sweep, board, cells))
    write_json(target / METADATA, crate(sweep, target, DESCRIPTIONS, license_url))
    return sorted(path for path in target.rglob("*") if path.is_file())
