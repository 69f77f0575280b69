"""What an ingest finds broken, strange or hostile: refused or set aside with a message, the rest analysed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.errors import InputError
from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.sweep import Sweep, load_sweep

CellMaker = Callable[..., Sweep]


def cells_of(results: Path) -> pd.DataFrame:
    return load_cells(load_sweep(results))[0].set_index("cell_id")


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("damage", ["truncate", "remove"])
def test_a_half_fetched_cell_is_set_aside(results: Path, damage: str) -> None:
    path = results / "cells/local/resnet50.fp32.pytorch.warm.r1/inferences.bin"
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.unlink()
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.validity == "invalid"
    assert "files_incomplete" in row.validity_reasons
    assert pd.isna(row.inference_ms_mean)
    assert any("resnet50.fp32.pytorch.warm.r1/inferences.bin" in message for message in summary["set_aside"])


def with_files(cell: Path, **content: bytes) -> None:
    """Write further files of a cell, and name them in its record."""
    record = json.loads((cell / "cell.json").read_text())
    for name, data in content.items():
        (cell / name).parent.mkdir(exist_ok=True)
        (cell / name).write_bytes(data)
        record["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (cell / "cell.json").write_text(json.dumps(record))


def test_a_cell_keeps_what_an_earlier_attempt_left(results: Path) -> None:
    cell_id = "local/mobilenet_v2.fp32.onnxruntime.warm.r1"
    with_files(results / "cells" / cell_id, **{"attempt-1/inferences.bin": bytes(32), "attempt-1/x": b"y"})
    ingest(load_sweep(results))
    row = cells_of(results).loc[cell_id]
    assert row.validity == "valid"
    assert row.n == 30


def test_a_record_leads_to_no_file_outside_of_its_cell(results: Path) -> None:
    cell_id = "local/mobilenet_v2.fp32.onnxruntime.warm.r1"
    with_files(results / "cells" / cell_id, **{"../stolen": b"words"})
    ingest(load_sweep(results))
    assert cells_of(results).loc[cell_id].validity == "invalid"


def test_an_older_schema_is_refused_by_name(results: Path) -> None:
    edit_json(
        results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", schema="edgebench/cell_record/0"
    )
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.outcome == "not_run"
    assert "edgebench/cell_record/0" in row.outcome_detail
    assert len(summary["set_aside"]) == 1


def test_a_record_of_another_cell_is_refused(results: Path) -> None:
    edit_json(
        results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", cell_id="local/other.fp32.x.warm.r1"
    )
    ingest(load_sweep(results))
    assert cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"].outcome == "not_run"


def test_clocks_that_go_back_are_left_out(results: Path) -> None:
    folder = results / "cells/local/resnet50.fp32.pytorch.warm.r1"
    path = folder / "inferences.bin"
    times = np.fromfile(path, "<i8").reshape(-1, 4)
    times[10, 2] = times[10, 1] - 5
    times[20] = -times[20]
    times.tofile(path)
    record = json.loads((folder / "cell.json").read_text())
    del record["files"]["inferences.bin"]
    (folder / "cell.json").write_text(json.dumps(record))
    summary = ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert row.n == 28
    assert row.inference_ms_min > 0
    assert (row.validity, row.validity_reasons) == ("suspect", "clock_backwards")
    assert "2 of 35 rows" in summary["set_aside"][0]


def test_a_torn_last_row_is_ignored(results: Path) -> None:
    folder = results / "cells/local/resnet50.fp32.pytorch.warm.r1"
    with (folder / "inferences.bin").open("ab") as file:
        file.write(b"torn")
    record = json.loads((folder / "cell.json").read_text())
    del record["files"]["inferences.bin"]
    (folder / "cell.json").write_text(json.dumps(record))
    ingest(load_sweep(results))
    assert cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"].n == 30


def test_a_record_without_validity_is_never_valid(results: Path) -> None:
    edit_json(results / "cells/local/resnet50.fp32.pytorch.warm.r1/cell.json", validity=None)
    ingest(load_sweep(results))
    row = cells_of(results).loc["local/resnet50.fp32.pytorch.warm.r1"]
    assert (row.validity, row.validity_reasons) == ("invalid", "validity_unknown")


def test_strangers_and_duplicates_are_named(results: Path) -> None:
    (results / "cells/local/leftover.partial").mkdir()
    (results / "cells/local/.digits_cnn.fp32.onnxruntime.cold.r1.attempt1").mkdir()  # a resumed sweep's
    manifest = json.loads((results / "manifest.json").read_text())
    manifest["cells"].append(manifest["cells"][0])
    (results / "manifest.json").write_text(json.dumps(manifest))
    summary = ingest(load_sweep(results))
    assert summary["cells"] == 36
    assert any("leftover.partial" in message for message in summary["set_aside"])
    assert any("more than once" in message for message in summary["set_aside"])
    assert len(summary["set_aside"]) == 2


@pytest.mark.parametrize("name", ["../../../escape", "<script>alert(1)</script>", "Board", ""])
def test_a_hostile_board_name_leads_nowhere(results: Path, name: str) -> None:
    manifest = json.loads((results / "manifest.json").read_text())
    for cell in manifest["cells"][:1]:
        cell |= {"board": name, "cell_id": f"{name}/digits_cnn.fp32.pytorch.warm.r1"}
    (results / "manifest.json").write_text(json.dumps(manifest))
    before = set(results.parent.rglob("*"))
    summary = ingest(load_sweep(results))
    frame = pd.read_parquet(results / "cells.parquet")
    assert frame.loc[frame.board == name, "outcome"].tolist() == ["not_run"]
    assert any(repr(name) in message for message in summary["set_aside"])
    assert {
        path for path in set(results.parent.rglob("*")) - before if "inferences" not in str(path)
    } == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "edgebench/manifest/9"}, "edgebench/manifest/9"),
        ({"cells": {}}, "cells is"),
        ({"cells": [{"cell_id": 3}]}, r"cells\[0\].cell_id is 3"),
    ],
)
def test_a_bad_manifest_is_one_clear_error(results: Path, change: dict[str, object], message: str) -> None:
    edit_json(results / "manifest.json", **change)
    with pytest.raises(InputError, match=message):
        load_sweep(results)


@pytest.mark.parametrize("damage", ["truncated", "garbled", "of an older version", "ingest.json"])
def test_what_ingest_wrote_is_made_anew_where_it_is_no_use(results: Path, damage: str) -> None:
    path, sweep = results / "cells.parquet", load_sweep(results)
    before, set_aside = load_cells(sweep)
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[:500])
    elif damage == "garbled":
        path.write_bytes(content[:100] + bytes(len(content) // 2) + content[100 + len(content) // 2 :])
    elif damage == "of an older version":
        pq.write_table(pq.read_table(path).drop_columns(["top1"]), path)
    else:
        (results / "ingest.json").write_text('{"schema": "edgebench/ing')
    after, messages = load_cells(sweep)
    pd.testing.assert_frame_equal(after, before)
    (said,) = set(messages) - set(set_aside)
    assert said.startswith("ingest.json" if damage == "ingest.json" else "cells.parquet")
    assert said.endswith("made anew from the raw records")
    assert load_cells(sweep)[1] == set_aside


def test_a_truncated_cells_parquet_without_raw_records_is_one_clear_error(results: Path) -> None:
    path = results / "cells.parquet"
    path.write_bytes(path.read_bytes()[:500])
    shutil.rmtree(results / "cells")
    with pytest.raises(InputError, match=r"cells\.parquet: cannot be read; there are no raw records"):
        load_cells(load_sweep(results))


def test_a_trace_that_cannot_be_read_leaves_energy_unknown(results: Path) -> None:
    (results / "power/usb0/meter.json").write_text("{")
    summary = ingest(load_sweep(results))
    assert set(cells_of(results).energy_status) == {"unknown"}
    assert len([message for message in summary["set_aside"] if "power/usb0" in message]) == 1
