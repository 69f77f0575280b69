"""What can go wrong, as the user sees it."""


class TuningError(Exception):
    """A knob cannot be set as asked; the message says what was asked and what is valid."""
