"""What a study's own table is: which rows, in which columns, under which headings."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class StudyTable:
    """One table of a study.

    Attributes:
        number: as printed in the study, such as ``4.1``.
        title: what it shows.
        build: from the combined rows of a source to the table, without rows where the source has nothing for it.
    """

    number: str
    title: str
    build: Callable[[pd.DataFrame], pd.DataFrame]


def columns(frame: pd.DataFrame, mapping: dict[str, str]) -> pd.DataFrame:
    """Return the columns that are keys of ``mapping`` under the names that are its values."""
    return frame[list(mapping)].rename(columns=mapping).reset_index(drop=True)


def percent(values: "pd.Series[float]") -> "pd.Series[float]":
    """Return shares as per cent, as the studies print them."""
    return (values.astype("Float64") * 100).round(6)


def share(per_cent: "pd.Series[float]") -> "pd.Series[float]":
    """Return printed per cent as shares, without the digits that binary division adds."""
    return (per_cent / 100).round(6)
