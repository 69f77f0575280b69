"""Numbers as people read them; what is not known is a dash, never a zero."""

import math

import pandas as pd

UNKNOWN = "—"
TINY = 1e-4  # below it the zeros are counted for the reader
USELESS = 10_000  # an interval whose ends are so many times apart says nothing


def is_known(value: object) -> bool:
    """Return whether ``value`` is there at all: not None, not NA, not NaN."""
    return value is not None and value is not pd.NA and not (isinstance(value, float) and math.isnan(value))


def number(value: float | None, digits: int = 3) -> str:
    r"""Return ``value`` with ``digits`` significant digits and thousands separated, or a dash; tiny ones as 3.60e-7.

    >>> [number(v) for v in (0.012345, 9.0, 41.96, 1386.2, 3.6e-7, None)]
    ['0.0123', '9.00', '42.0', '1\u202f390', '3.60e-7', '—']
    """
    if not is_known(value):
        return UNKNOWN
    assert value is not None
    if value == 0:
        return "0"
    if abs(value) < TINY:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(float(value), decimals)
    return f"{rounded:,.{max(0, decimals)}f}".replace(",", "\u202f")


def sortable(value: float | None) -> str:
    """Return what a table is sorted by: six significant digits, nothing when the value is not known."""
    return f"{value:.6g}" if is_known(value) else ""


def percent(value: float | None, digits: int = 1) -> str:
    r"""Return a share as per cent, or a dash.

    >>> percent(0.9)
    '90.0\u202f%'
    """
    return UNKNOWN if not is_known(value) else f"{float(value or 0) * 100:.{digits}f}\u202f%"


def detectable(change: float | None) -> str:
    """Return the smallest change that would have been seen, or a dash; tenfold and more is as good as none.

    >>> [detectable(change) for change in (0.034, 12.0, None)]
    ['3.4\u202f%', 'over tenfold', '—']
    """
    if is_known(change) and float(change or 0) >= 9:
        return "over tenfold"
    return percent(change)


def interval(low: float | None, high: float | None) -> str:
    """Return both ends of an interval, or a dash; one that says nothing is said to.

    >>> [interval(*ends) for ends in ((8.75, 18.3), (4e-9, 6e9), (None, None))]
    ['8.75 – 18.3', 'over a factor of 10 000', '—']
    """
    if not is_known(low) or not is_known(high):
        return UNKNOWN
    if low and high and high / low > USELESS:
        return f"over a factor of {whole(USELESS)}"
    return f"{number(low)} – {number(high)}"


def whole(value: int | None) -> str:
    """Return a count, or a dash."""
    return UNKNOWN if not is_known(value) else f"{int(value or 0):,}".replace(",", "\u202f")


def bytes_text(value: int | None) -> str:
    """Return a size in binary units, or a dash.

    >>> bytes_text(210_000_000)
    '200 MiB'
    """
    if not is_known(value):
        return UNKNOWN
    size = float(value or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{number(size)} {unit}"


def duration(seconds: float | None) -> str:
    """Return a span of time in words, or a dash.

    >>> [duration(s) for s in (12.3, 95, 4000)]
    ['12 s', '1 min 35 s', '1 h 6 min']
    """
    if not is_known(seconds):
        return UNKNOWN
    whole_seconds = round(seconds or 0)
    if whole_seconds < 60:
        return f"{whole_seconds} s"
    if whole_seconds < 3600:
        return f"{whole_seconds // 60} min {whole_seconds % 60} s"
    return f"{whole_seconds // 3600} h {whole_seconds % 3600 // 60} min"
