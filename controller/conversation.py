"""Talking to one process over one connection, line by line, so that a round trip is no longer than the network's."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence

from controller.board import Turn

PATIENCE_S = 20.0
"""How long an answer may take, the first one with the start of the process included."""


def converse(command: Sequence[str | bytes], turns: int) -> list[Turn]:
    """Start a command, send it lines and time its answers.

    Args:
        command: a local command, such as an ``ssh``, that answers every line on its standard input with one line.
        turns: how many lines are sent, after a first one that only waits for the process to be there.

    Returns:
        The turns, fewer than asked for where the process ended or fell silent.
    """
    answered: list[Turn] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        sink, source = process.stdin.fileno(), process.stdout.fileno()
        try:
            while len(answered) <= turns and (turn := _turn(sink, source)):
                answered.append(
                    turn
                )  # after a silence none is asked for: the late answer would be taken for its own
        finally:
            process.kill()
    return answered[1:]


def _turn(sink: int, source: int) -> Turn | None:
    said = b""
    sent_ns = time.monotonic_ns()
    try:
        os.write(sink, b"\n")
    except BrokenPipeError:
        return None
    while not said.endswith(b"\n"):
        if not select.select([source], [], [], PATIENCE_S)[0]:
            return None
        piece = os.read(source, 4096)
        if not piece:
            return None
        said += piece
    return Turn(sent_ns, said.decode(errors="replace").strip(), time.monotonic_ns())
