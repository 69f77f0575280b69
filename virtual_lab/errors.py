"""The one error that the lab reports to its user."""


class LabError(Exception):
    """Something the user can act on: a wrong value, or a machine that cannot carry the lab."""
