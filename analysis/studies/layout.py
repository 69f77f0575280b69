"""What a study's own table is: which rows, in which columns, under which headings."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis.frame import PUBLISHED_PREFIX, model_labels, plain


@dataclass(frozen=True)
class StudyTable:
    """One table of a study.

    Attributes:
        number: as printed in the study, such as ``4.1``.
        title: what it shows.
        build: from the combined rows of a source to the table, without rows where the source has nothing for it.
        note: what is said where it has none, besides that.
    """

    number: str
    title: str
    build: Callable[[pd.DataFrame], pd.DataFrame]
    note: str = ""


def columns(frame: pd.DataFrame, mapping: dict[str, str]) -> pd.DataFrame:
    """Return the columns that are keys of ``mapping`` under the names that are its values."""
    return frame[list(mapping)].rename(columns=mapping).reset_index(drop=True)


def percent(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return shares as per cent, as the studies print them."""
    return (values.astype("Float64") * 100).round(6)


def share(per_cent: "pd.Series[float]") -> "pd.Series[float]":
    """Return printed per cent as shares, without the digits that binary division adds."""
    return (per_cent / 100).round(6)


def in_order_of(table: pd.DataFrame, models: list[str], column: str = "model") -> pd.DataFrame:
    """Return a lab's ``table`` in the order in which the study printed its models, a row of gaps for each it lacks.

    What the study did not have comes after it. A table without rows stays without.
    """
    if table.empty:
        return table
    places = {plain(name): place for place, name in enumerate(models)}
    there = set(table[column].map(plain))
    gaps = pd.DataFrame({column: [name for name in models if plain(name) not in there]})
    whole = pd.concat([table, gaps], ignore_index=True)[list(table.columns)]
    order = whole[column].map(lambda name: places.get(plain(name), len(places)))
    return whole.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Return combined rows whose models carry their variant where one backend ran several on the same board."""
    return rows.assign(model=model_labels(rows))


def of_lab(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Return which combined rows were measured by a lab rather than printed by a study."""
    return ~rows.source.str.startswith(PUBLISHED_PREFIX).fillna(False).astype(bool)
