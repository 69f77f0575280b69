"""Types of arguments that several commands take."""

import argparse


def positive_int(text: str) -> int:
    """Parse an integer of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("found {!r}, valid: an integer of at least 1".format(text))
    return int(text)
