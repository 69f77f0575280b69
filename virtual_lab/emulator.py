"""QEMU as a power supply wants it: its exit status tells a board that reboots from one that shut itself down.

QEMU itself exits with 0 in both cases; which of them it was, it says in an event of its machine protocol (QMP).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence

REBOOT_STATUS = 133  # systemd-nspawn's
SIGNAL_BASE = 128


def asks_for_reboot(lines: Iterable[bytes]) -> bool:
    """Whether the last SHUTDOWN event of a QMP stream was a reset by the board; read until QEMU closes the stream."""
    reason = None
    for line in lines:
        message = json.loads(line)
        if message.get("event") == "SHUTDOWN":
            reason = message["data"].get("reason")
    return reason == "guest-reset"


def run(command: Sequence[str]) -> int:
    """Run QEMU until the board reboots, shuts down or QEMU dies; return the status to exit with."""
    ours, theirs = socket.socketpair()
    monitor = ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]
    process = subprocess.Popen([*command, "-no-reboot", *monitor], pass_fds=[theirs.fileno()])
    theirs.close()
    with ours, ours.makefile("rwb") as stream:
        stream.write(b'{"execute": "qmp_capabilities"}\n')
        stream.flush()
        reboots = asks_for_reboot(stream)
    status = process.wait()
    if status < 0:
        return SIGNAL_BASE - status
    return REBOOT_STATUS if reboots and status == 0 else status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
