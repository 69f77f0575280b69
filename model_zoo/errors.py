"""Errors that the user can act on: they are printed as one line, without a traceback."""


class ZooError(Exception):
    """Bad input: names what was found, where, and what is valid. Exit code 2."""


class UnsupportedError(Exception):
    """A combination of model, variant and format that cannot exist, with the reason. Not a failure."""
