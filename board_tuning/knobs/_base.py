"""What a knob is."""

from typing import Any, Optional

from board_tuning.system import System


class BaseKnob(object):
    """One thing of a board that can be read and set.

    A *state* is anything JSON can hold. Because what ``read`` found can be given to ``write``, every change can be
    taken back exactly.

    Attributes:
        HELP: one line for the user: what can be wanted.
        AFTER_REBOOT: a change takes effect at the next boot.
        ORDER: knobs with a lower number are set earlier and put back later.
        wanted: what the user asked for; ``None`` when the board is only looked at.
        found: the state that the ledger says was there before; ``None`` where this knob is not in it.
    """

    HELP = ""
    AFTER_REBOOT = False
    ORDER = 50

    def __init__(self, system: System, wanted: Any = None, found: Any = None) -> None:
        self.system = system
        self.wanted = wanted
        self.found = found

    def read(self) -> Optional[Any]:
        """Return the state the board is in, ``None`` where it has no such knob."""
        raise NotImplementedError

    def target(self, state: Any) -> Any:
        """Return the state that is wanted, starting from ``state``.

        Raises:
            TuningError: the board cannot do what is wanted; says what is valid.
        """
        raise NotImplementedError

    def restored(self, state: Any, before: Any) -> Any:
        """Return the state to put back: the board is in ``state``, and was in ``before`` when it was first tuned."""
        return before

    def write(self, state: Any) -> None:
        """Put the board into ``state``.

        Raises:
            TuningError: the board refuses.
        """
        raise NotImplementedError
