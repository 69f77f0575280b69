"""Where a meter measures. Powers of different scopes are different quantities and are never compared."""

from collections.abc import Iterable

import pandas as pd

from analysis.errors import InputError

TEXTS = {
    "wall_ac": "at the wall (AC)",
    "dc_input": "at the DC input",
    "module_input": "at the module",
    "pmic_rails": "at the PMIC's rails",
}


def scope_text(scopes: Iterable[object]) -> str:
    """Return how figures and tables say where power was measured."""
    known = sorted({scope for scope in scopes if isinstance(scope, str)})
    return " and ".join(TEXTS.get(scope, scope) for scope in known) or "at an unknown place"


def refuse_mixed(rows: pd.DataFrame, value: str) -> None:
    """Let only rows of one scope be compared.

    Args:
        rows: with ``board``, ``meter_scope`` and the column ``value``.
        value: what is to be compared; rows without it do not count.

    Raises:
        InputError: the rows of a board were measured at different places; names them.
    """
    known = rows[rows[value].notna() & rows.meter_scope.notna()]
    for board, own in known.groupby("board"):
        if own.meter_scope.nunique() > 1:
            raise InputError(
                f"board {board}: energies measured {scope_text(own.meter_scope)} are different quantities and cannot "
                "be compared; name sources of one scope"
            )
