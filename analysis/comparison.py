"""Two sweeps, or a sweep and a study, side by side: a ratio with its interval per case, and what it is worth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.comparability import (
    CASE,
    COMPARABLE,
    CONDITIONAL,
    ENERGY,
    NOT,
    TIME,
    Difference,
    fingerprint_differences,
    judge_pair,
)
from analysis.errors import InputError
from analysis.frame import plain
from analysis.groups import is_sound
from analysis.sources import load_source
from analysis.statistics.boots import typical
from analysis.statistics.comparison import Comparison, compare_boots, compare_with_figure

COLUMNS = [
    *CASE,
    "a_ms",
    "b_ms",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
    "detectable_change",
    "boots_a",
    "boots_b",
    "finding",
    "comparability",
    "why",
]
VALUE = {TIME: "inference_ms_mean", ENERGY: "energy_j_per_inference"}
UNIT = {TIME: "ms", ENERGY: "j"}
WORDS = {TIME: ("slower", "faster"), ENERGY: ("more energy", "less energy")}
HEALTHY_WITHIN = 1.25
HEALTH = ["board", "kind", "cases", "ratio", "ratio_low", "ratio_high", "health"]


def columns(of: str) -> list[str]:
    """Return the columns of the cases, with the unit of what is compared."""
    return [name.replace("_ms", f"_{UNIT[of]}") for name in COLUMNS]


@dataclass(frozen=True)
class SideBySide:
    """The comparison of two sources: cases, differences of the fingerprints, health of the boards, and a verdict."""

    cases: pd.DataFrame
    differences: list[Difference]
    health: pd.DataFrame
    verdict: str
    reasons: list[str]


def compare_sources(source_a: str, source_b: str, mode: str | None = None, of: str = TIME) -> SideBySide:
    """Compare ``source_b`` with ``source_a``; a ratio above 1 means that b is slower, or takes more energy.

    Boards are paired by name when the sources share one, by kind otherwise; models, variants, backends and modes
    by name as `analysis.frame.plain` has it, a study's backend by its runtime. ``of`` is what is compared: ``time``
    (ms) or ``energy`` (J per inference, gross).

    Raises:
        InputError: when the two have no case in common.
    """
    a, b = (_sides(load_source(source), mode, VALUE[of]) for source in (source_a, source_b))
    by = ["board"] if set(a.board) & set(b.board) else ["kind"]
    key = [*by, "model_key", "variant_key", "backend_key", "mode_key"]
    pairs = a.merge(b, on=key, suffixes=("_a", "_b"))
    if pairs.empty:
        raise InputError(
            f"{source_a} and {source_b} have no board, model, variant, backend and mode in common"
        )
    for name in ("board", "kind"):
        if name in by:
            pairs = pairs.assign(**{f"{name}_a": pairs[name], f"{name}_b": pairs[name]})
    cases = pd.DataFrame([_case(pair, of) for _, pair in pairs.iterrows()], columns=columns(of))
    differences = fingerprint_differences(source_a, source_b, pairs)
    return SideBySide(cases, differences, _health(pairs), *_verdict(cases))


def _sides(frame: pd.DataFrame, mode: str | None, value: str) -> pd.DataFrame:
    """Return one row per case with the list of its boots' means and what decides whether it may be compared."""
    usable = frame[(is_sound(frame) | frame.published.fillna(False)) & frame[value].notna()]
    if mode is not None:
        usable = usable[usable["mode"].map(plain) == plain(mode)]
    keyed = usable.assign(
        model_key=usable.model.map(plain),
        variant_key=usable.variant.map(plain),
        backend_key=usable.backend.where(~usable.published.fillna(False), usable.runtime).map(plain),
        mode_key=usable["mode"].map(plain),
        simulated_board=usable.simulated_parts.fillna("").str.contains("board"),
        simulated_meter=usable.simulated_parts.fillna("").str.contains("meter"),
    )
    key = ["board", "model_key", "variant_key", "backend_key", "mode_key"]
    return keyed.groupby(key, as_index=False, sort=False).agg(
        kind=("kind", "first"),
        model=("model", "first"),
        variant=("variant", "first"),
        backend=("backend", "first"),
        mode=("mode", "first"),
        boots=(value, lambda means: means.to_numpy(dtype=float)),
        artifact=("artifact_sha256", _every),
        fingerprint=("fingerprint", _every),
        published=("published", "first"),
        simulated_board=("simulated_board", "any"),
        simulated_meter=("simulated_meter", "any"),
        scope=("meter_scope", _every),
    )


def _every(values: "pd.Series[str]") -> str | None:
    """Return every value that the repeats of a case have; nothing where one of them is unknown."""
    return None if values.isna().any() else " ".join(sorted(set(values)))


def _case(pair: pd.Series, of: str) -> dict[str, object]:
    result = _compare(pair)
    comparability, why = judge_pair(pair, of)
    return {
        **{name: pair[f"{name}_a"] for name in CASE},
        f"a_{UNIT[of]}": typical(pair.boots_a).point,
        f"b_{UNIT[of]}": typical(pair.boots_b).point,
        "ratio": result.ratio.point,
        "ratio_low": result.ratio.low,
        "ratio_high": result.ratio.high,
        "p_value": result.p_value,
        "detectable_change": result.detectable,
        "boots_a": None if pair.published_a else len(pair.boots_a),
        "boots_b": None if pair.published_b else len(pair.boots_b),
        "finding": _finding(result.ratio.point, result.differs, of),
        "comparability": comparability,
        "why": why,
    }


def _compare(pair: pd.Series) -> Comparison:
    """A published figure is a number without boots: the interval is then that of the other side alone."""
    if pair.published_a and not pair.published_b:
        return compare_with_figure(float(pair.boots_a[0]), pair.boots_b)
    if pair.published_b and not pair.published_a:
        return compare_with_figure(float(pair.boots_b[0]), pair.boots_a).inverted()
    return compare_boots(pair.boots_a, pair.boots_b)


def _finding(ratio: float, differs: bool | None, of: str) -> str:
    if differs is None:
        return "too few boots"
    if not differs:
        return "no difference seen"
    return WORDS[of][0 if ratio > 1 else 1]


def _health(pairs: pd.DataFrame) -> pd.DataFrame:
    """Say of each board of b whether its times lie where those of a say that its kind's do.

    A board is healthy when the interval of its typical ratio, over models, lies within a factor of 1.25 either way.
    """
    rows = []
    for (board, kind), cases in pairs.groupby(["board_b", "kind_b"], sort=False, dropna=False):
        centres = [cases[side].map(lambda boots: np.log(boots).mean()) for side in ("boots_a", "boots_b")]
        ratios = np.exp((centres[1] - centres[0]).to_numpy(dtype=float))
        interval = typical(ratios)
        row = [
            board,
            kind,
            len(ratios),
            interval.point,
            interval.low,
            interval.high,
            _health_word(interval.low, interval.high),
        ]
        rows.append(dict(zip(HEALTH, row, strict=True)))
    return pd.DataFrame(rows, columns=HEALTH)


def _health_word(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "unknown: one case is not enough"
    if low > HEALTHY_WITHIN:
        return "slower than its kind"
    if high < 1 / HEALTHY_WITHIN:
        return "faster than its kind"
    if low >= 1 / HEALTHY_WITHIN and high <= HEALTHY_WITHIN:
        return "healthy"
    return "unknown: the interval is too wide"


def _verdict(cases: pd.DataFrame) -> tuple[str, list[str]]:
    """The worst of the cases decides."""
    found = set(cases.comparability)
    verdict = next(word for word in (NOT, CONDITIONAL, COMPARABLE) if word in found)
    reasons = cases.loc[cases.comparability == verdict, "why"]
    return verdict, [reason for reason in dict.fromkeys(reasons) if reason]
