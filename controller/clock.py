"""How far the board's clock is from the controller's, by exchanges."""

from __future__ import annotations

import time
from pathlib import Path

from controller.board import Board

EXCHANGES = 5
READ_CLOCK = "import time; print(int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9))"
"""The least that Python can do, since its own start counts as round trip."""


def exchange_clocks(board: Board, python: str) -> list[dict[str, int]]:
    """Ask the board for its monotonic clock, several times.

    Args:
        board: which board.
        python: an interpreter there.

    Returns:
        Readings of the controller's clock around each of the board's, all CLOCK_MONOTONIC nanoseconds; the exchange
        with the shortest round trip bounds the offset. Empty when both are one machine and need none.
    """
    boot_id = board.execute("cat /proc/sys/kernel/random/boot_id").stdout.strip()
    if boot_id == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip():
        return []
    exchanges = []
    for _ in range(EXCHANGES):
        before = time.monotonic_ns()
        answer = board.execute(f'{python} -I -S -c "{READ_CLOCK}"')
        after = time.monotonic_ns()
        if answer.code == 0 and answer.stdout.strip().isdigit():
            exchanges.append({"t0_ns": before, "board_ns": int(answer.stdout), "t1_ns": after})
    return exchanges
