import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.cli import main
from analysis.errors import InputError
from analysis.ingest import ingest
from analysis.lake.archive import READINGS, archive
from analysis.lake.history import history, nightly
from analysis.lake.page import history_page
from analysis.lake.summary import summarise_lake
from analysis.sweep import load_sweep
from tests.unit.analysis.analysis_factory import Lab


@pytest.fixture
def lake(good_results: Path, tmp_path: Path) -> Path:
    archive(load_sweep(good_results), tmp_path / "lake", "2026-11-20")
    return tmp_path / "lake"


def test_summary_is_exact(lake: Path, good_results: Path) -> None:
    row = (
        summarise_lake(lake).query("model == 'resnet50' and backend == 'pytorch' and mode == 'warm'").iloc[0]
    )
    frame = pd.read_parquet(good_results / "inferences")
    of_case = frame.cell_id.astype(str).str.startswith("local/resnet50.fp32.pytorch.warm") & (
        frame.phase == "measured"
    )
    times = frame.loc[of_case, "inference_ms"]
    assert row.n == 90
    assert row.inference_ms_mean == pytest.approx(times.mean())
    for name, p in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        assert row[f"inference_ms_{name}"] == pytest.approx(np.quantile(times, p))


def test_a_sweep_that_is_archived_twice_counts_once(lake: Path, good_results: Path) -> None:
    before = summarise_lake(lake)
    archive(load_sweep(good_results), lake, "2026-11-20")
    pd.testing.assert_frame_equal(summarise_lake(lake), before)


def test_a_sweep_that_is_archived_under_another_night_moves_there(
    lake: Path, good_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = summarise_lake(lake)
    assert main(["archive", str(good_results), "--lake", str(lake), "--night", "2027-01-02"]) == 0
    assert "was archived under 2026-11-20; board local is moved to 2027-01-02" in capsys.readouterr().err
    pd.testing.assert_frame_equal(summarise_lake(lake), before)
    assert set(nightly(lake).night) == {"2027-01-02"}


def test_a_torn_file_of_the_night_is_set_aside(
    lake: Path, good_results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = summarise_lake(lake)
    for path in lake.glob("*/night=*/board=*/*.parquet"):
        path.write_bytes(path.read_bytes()[:200])
    assert main(["archive", str(good_results), "--lake", str(lake), "--night", "2026-11-20"]) == 0
    assert capsys.readouterr().err.count("cannot be read; set aside as part-0.torn") == 2
    pd.testing.assert_frame_equal(summarise_lake(lake), before)


def test_two_sweeps_of_a_night_become_one_file(lake: Path, tmp_path: Path) -> None:
    other = Lab(tmp_path / "other", sweep_id="other", models=("digits_cnn",), repeats=1).write()
    archive(load_sweep(other), lake, "2026-11-20")
    (path,) = lake.glob("inference/night=2026-11-20/board=local/*.parquet")
    assert set(pq.read_table(path, columns=["sweep_id"], partitioning=None)["sweep_id"].to_pylist()) == {
        "20261121t060000z-smoke",
        "other",
    }


def test_other_engines_can_read_it(lake: Path) -> None:
    """Plain types only: a dictionary of strings is a string in the file; nothing is nested or INT96."""
    (path,) = lake.glob("inference/*/*/*.parquet")
    file = pq.ParquetFile(path)
    physical = {file.schema.column(i).physical_type for i in range(len(file.schema.names))}
    assert physical == {"BYTE_ARRAY", "INT32", "INT64", "BOOLEAN"}
    assert file.schema.names == READINGS.names
    assert {
        column.max_repetition_level for column in map(file.schema.column, range(len(file.schema.names)))
    } == {0}


def test_a_night_has_to_be_a_date(good_results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a date"):
        archive(load_sweep(good_results), tmp_path, "yesterday")


def test_since_leaves_earlier_nights_out(lake: Path) -> None:
    with pytest.raises(InputError, match="no readings since 2026-11-21"):
        summarise_lake(lake, "2026-11-21")


def test_a_truncated_file_is_one_clear_error(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = lake.glob("inference/*/*/*.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    assert main(["summary", str(lake)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def nights(times: list[float]) -> pd.DataFrame:
    first = date(2026, 1, 1)
    key = {"board": "b", "model": "m", "variant": "fp32", "backend": "x", "mode": "warm"}
    rows = [{**key, "night": str(first + timedelta(n)), "inference_ms": t} for n, t in enumerate(times)]
    return pd.DataFrame(rows)


def test_a_jump_is_seen_and_noise_is_not() -> None:
    rng = np.random.default_rng(6)
    quiet = list(10 * np.exp(rng.normal(0, 0.005, 40)))
    (row,) = history(nights([*quiet, 10.6])).to_dict("records")
    assert row["status"] == "slower, to be confirmed"
    assert row["change"] == pytest.approx(0.06, abs=0.01)
    assert row["baseline_ms"] == pytest.approx(10, rel=0.005)
    assert history(nights([*quiet, 10.05])).iloc[0].status == "steady"
    assert history(nights([*quiet, 9.4])).iloc[0].status == "faster, to be confirmed"


def test_few_nights_are_no_baseline() -> None:
    (row,) = history(nights([10.0] * 10)).to_dict("records")
    assert row["status"] == "learning"
    assert pd.isna(row["baseline_ms"])


@pytest.mark.parametrize(("count", "says"), [(10, "Too few nights"), (14, "No</em> series have changed")])
def test_a_page_that_cannot_judge_yet_is_not_green(count: int, says: str) -> None:
    page = history_page(nights([10.0 + 0.01 * (n % 3) for n in range(count)]))
    assert says in page
    assert ('class="verdict green"' in page) == (count == 14)


def test_the_page_shows_every_series_and_escapes(lake: Path, good_results: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    shutil.copytree(good_results, later)
    ingest(load_sweep(later))
    archive(load_sweep(later), lake, "2026-11-21")
    frame = nightly(lake)
    page = history_page(frame.assign(model="<script>alert(1)</script>" + frame.model))
    assert page.count('class="spark"') == 12
    assert "<script>alert" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "").replace(
        "http%3A//www.w3.org/2000/svg", ""
    )
