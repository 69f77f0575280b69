"""One frame for everything: lab results and published tables in the same canonical columns.

The columns are those of ``cells.parquet`` and four more. A row of a lab is one repeat of a cell; a row of a study is
one published figure, which stands for repeats that nobody can see any more.
"""

import re
from collections.abc import Iterable

import pandas as pd

from analysis.columns import CELLS, TEXT
from analysis.errors import InputError
from analysis.groups import is_sound
from analysis.statistics.boots import typical

PUBLISHED_PREFIX = "published:"
PREFERRED_MODES = ("warm", "sustained", "cold", "throughput", "accuracy")
MORE = {"source": TEXT, "table": TEXT, "host": TEXT, "published": "boolean"}
FRAME = {**CELLS, **MORE}
KEY = ["source", "board", "kind", "host", "model", "variant", "backend", "runtime", "mode"]
SHARES = ["top1", "top5", "map", "map50", "miou"]
"""What a network is worth: shares of 1, of which a task has some."""
AVERAGED = [
    "first_inference_ms",
    "preprocess_ms_mean",
    "postprocess_ms_mean",
    "inference_ms_std",
    "inference_ms_ste",
    "inference_ms_p90",
    "first_total_ms",
    "total_ms_mean",
    "total_ms_std",
    "total_ms_ste",
    "artifact_bytes",
    "artifact_bytes_compressed",
    "parameters",
    "parameters_left",
    "loss",
    "fps",
    "top1",
    "top5",
    "map",
    "map50",
    "miou",
    "power_idle_w",
    "power_min_w",
    "power_mean_w",
    "power_max_w",
    "energy_j_per_inference",
    "images_per_joule_correct",
    "images_per_joule_correct_top5",
]


def canonical(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows`` with exactly the columns of ``FRAME``, nullable types and null for what is lacking."""
    return rows.reindex(columns=list(FRAME)).astype(FRAME)


def combined(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per source, board, host, model, variant, backend and mode: repeats taken together.

    ``inference_ms`` is the geometric mean over sound boots of each boot's mean, null where no boot has one; the columns
    of ``AVERAGED`` are means over those boots and null where one lacks the value. ``boots`` is their number.
    """
    rows = [_combine(key, repeats) for key, repeats in frame.groupby(KEY, dropna=False, sort=False)]
    return pd.DataFrame(
        rows, columns=[*KEY, "table", "task", "meter_scope", "boots", "inference_ms", *AVERAGED]
    )


def cases(frame: pd.DataFrame, mode: str | None) -> pd.DataFrame:
    """Return the combined rows of one mode (``one_mode``) with the accuracy of their case (``with_accuracy``)."""
    return one_mode(with_accuracy(combined(frame)), mode)


def with_accuracy(rows: pd.DataFrame) -> pd.DataFrame:
    """Give combined rows the accuracy that mode ``accuracy`` found for the same case, and the figures of merit with it.

    That mode goes through a whole data set, and times and powers are taken in others; a case without it keeps its own.
    """
    case = [name for name in KEY if name != "mode"]
    found = rows[(rows["mode"] == "accuracy") & rows[SHARES].notna().any(axis=1)].drop_duplicates(case)
    merged = rows.merge(found[[*case, *SHARES]], on=case, how="left", suffixes=("", "_found"))
    merged.index = rows.index
    taken = merged[[f"{share}_found" for share in SHARES]].notna().any(axis=1) & (rows["mode"] != "accuracy")
    result = rows.copy()
    for share in SHARES:
        result[share] = rows[share].where(~taken, merged[f"{share}_found"])
    for share, merit in (("top1", "images_per_joule_correct"), ("top5", "images_per_joule_correct_top5")):
        rate_per_w = rows.fps / rows.power_mean_w.where(rows.power_mean_w > 0)
        result[merit] = rows[merit].where(~taken, result[share] * rate_per_w)
    return result


def _combine(key: tuple[object, ...], repeats: pd.DataFrame) -> dict[str, object]:
    sound = repeats[is_sound(repeats) | repeats.published.fillna(False)]
    means = sound.inference_ms_mean.dropna().to_numpy(dtype=float)
    means = means[means > 0]
    return {
        **dict(zip(KEY, key, strict=True)),
        "table": repeats.table.iloc[0],
        "task": repeats.task.iloc[0],
        "meter_scope": ";".join(sorted(set(repeats.meter_scope.dropna()))) or None,
        "boots": len(sound),
        "inference_ms": typical(means).point if len(means) else None,
        **{
            name: None if sound.empty or sound[name].isna().any() else sound[name].mean() for name in AVERAGED
        },
    }


def plain(name: object) -> str:
    """Return a name as it is compared: lower case, letters and digits only.

    >>> plain("MobileNet v2") == plain("mobilenet_v2")
    True
    """
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def choose(frame: pd.DataFrame, column: str, wanted: str) -> pd.DataFrame:
    """Return the rows whose ``column`` is ``wanted``, compared by ``plain``.

    Raises:
        InputError: when there is none; names what there is.
    """
    chosen = frame[frame[column].map(plain) == plain(wanted)]
    if chosen.empty:
        known = ", ".join(sorted(map(str, frame[column].dropna().unique()))) or "none"
        raise InputError(f"{column} {wanted!r} is not in the source; there are: {known}")
    return chosen


def one_mode(frame: pd.DataFrame, mode: str | None) -> pd.DataFrame:
    """Return the rows of ``mode``; without one, each source's of the first of ``PREFERRED_MODES`` that it has."""
    if mode is not None:
        return choose(frame, "mode", mode)
    rank = frame["mode"].map(_preference).astype("Int64")
    return frame[rank == rank.groupby(frame.source, dropna=False).transform("min")]


def preferred_mode(modes: Iterable[str]) -> str:
    """Return the one of ``modes``, at least one, that times are taken from where none is asked for."""
    return min(modes, key=_preference)


def _preference(mode: str) -> int:
    return PREFERRED_MODES.index(mode) if mode in PREFERRED_MODES else len(PREFERRED_MODES)


def model_labels(frame: pd.DataFrame) -> "pd.Series[str]":
    """Return the name of each row's model, with the variant where one backend ran several on the same board."""
    case = ["board", "host", "model", "backend", "mode"]
    several = frame.groupby(case, dropna=False).variant.transform("nunique") > 1
    return frame.model.where(~several, frame.model + " " + frame.variant.fillna(""))
