"""What QEMU's exit means, told from the stream of its machine protocol."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from virtual_lab import emulator

GREETING = {"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 22}}, "capabilities": ["oob"]}}
# A stand-in that speaks as QEMU does: greets, waits for the handshake, says why it stops, and exits.
STAND_IN = """
import json, os, socket, sys
fd = int(next(word for word in sys.argv if word.startswith("socket,")).rpartition("=")[2])
stream = socket.socket(fileno=fd).makefile("rwb")
stream.write(json.dumps({"QMP": {}}).encode() + b"\\n")
stream.flush()
assert json.loads(stream.readline())["execute"] == "qmp_capabilities"
stream.write(json.dumps({"event": "SHUTDOWN", "data": {"guest": True, "reason": sys.argv[1]}}).encode() + b"\\n")
stream.flush()
if sys.argv[2] == "killed":
    os.kill(os.getpid(), 9)
sys.exit(int(sys.argv[2]))
"""


def stream(*reasons: str) -> list[bytes]:
    events = [{"event": "SHUTDOWN", "data": {"guest": True, "reason": reason}} for reason in reasons]
    return [json.dumps(message).encode() + b"\n" for message in [GREETING, {"return": {}}, *events]]


@pytest.mark.parametrize(
    ("reasons", "reboots"),
    [(["guest-reset"], True), (["guest-shutdown"], False), (["guest-panic"], False), ([], False)],
)
def test_only_a_reset_by_the_board_asks_for_a_reboot(reasons: list[str], reboots: bool) -> None:
    assert emulator.asks_for_reboot(stream(*reasons)) is reboots


@pytest.mark.parametrize(
    ("reason", "exit_status", "expected"),
    [
        ("guest-reset", "0", emulator.REBOOT_STATUS),
        ("guest-shutdown", "0", 0),
        ("guest-reset", "1", 1),
        ("guest-reset", "killed", 128 + 9),
    ],
)
def test_the_exit_status_tells_a_reboot_from_the_rest(
    tmp_path: Path, reason: str, exit_status: str, expected: int
) -> None:
    script = tmp_path / "qemu.py"
    script.write_text(STAND_IN)
    assert emulator.run([sys.executable, str(script), reason, exit_status]) == expected
