"""The one exception that a person is meant to read."""


class InputError(Exception):
    """Input that cannot be used: its text names the file, the key, what was found and what is valid."""
