"""How far the board's clock is from the controller's, by exchanges."""

from __future__ import annotations

from controller.board import Board

EXCHANGES = 5


def exchange_clocks(board: Board, runner: str) -> list[dict[str, int]]:
    """Ask the board for its monotonic clock, several times.

    Args:
        board: which board.
        runner: the runner's command line there, whose ``clock`` answers every line.

    Returns:
        Readings of the controller's clock around each of the board's, all CLOCK_MONOTONIC nanoseconds; the exchange
        with the shortest round trip bounds the offset.
    """
    return [
        {"t0_ns": turn.sent_ns, "board_ns": int(turn.answer), "t1_ns": turn.received_ns}
        for turn in board.converse(f"{runner} clock", EXCHANGES)
        if turn.answer.isdigit()
    ]
