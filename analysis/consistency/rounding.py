"""How far a printed number may lie from the one that was measured."""

from decimal import Decimal


def half_unit(value: float) -> float:
    """Return half a unit of the last decimal that ``value`` is written with, at most that of two decimals.

    A table of two decimals holds numbers such as 4 and 4.1 as well, whose trailing zeros a CSV file does not keep.

    >>> [half_unit(v) for v in (14.208, 0.05, 4.0)]
    [0.0005, 0.005, 0.005]
    """
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return float(0.5 * 10.0**-decimals)
