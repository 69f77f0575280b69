"""Switching that can be relied upon: one request at a time for a device, and off only when it says off."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from power_switch.contract import Switch, SwitchError

LOCK_WITHIN_S = 60.0
POLL_S = 0.2


@contextlib.contextmanager
def only_request(switch: Switch, within_s: float = LOCK_WITHIN_S) -> Iterator[None]:
    """Hold the device for this process; raises SwitchError when others hold it for ``within_s``."""
    name = hashlib.sha256(switch.device.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"power-switch-{os.getuid()}-{name}.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    deadline_s = time.monotonic() + within_s
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline_s:
                    raise SwitchError(
                        f"{switch.device}: busy with other requests for {within_s:g} s"
                    ) from error
                time.sleep(POLL_S)
        yield
    finally:
        os.close(fd)


def turn(switch: Switch, *, on: bool, verify: bool, within_s: float) -> None:
    """Switch and wait until the device confirms it.

    Raises:
        SwitchError: it does not, or cannot tell although ``verify`` asks for it.
    """
    switch.set(on=on)
    if not verify:
        return
    wanted = "on" if on else "off"
    deadline_s = time.monotonic() + within_s
    while (state := switch.read()) is not on:
        if state is None:
            reason = "cannot tell its state; set 'verify: false' to do without"
            raise SwitchError(f"{switch.device}: was asked to switch {wanted} but {reason}")
        if time.monotonic() >= deadline_s:
            raise SwitchError(
                f"{switch.device}: was asked to switch {wanted} and is not, after {within_s:g} s"
            )
        time.sleep(POLL_S)


def cycle(switch: Switch, *, off_delay_s: float, verify: bool, within_s: float) -> None:
    """Switch off, wait until the board's capacitors are empty, switch on; on is tried even when off failed."""
    try:
        turn(switch, on=False, verify=verify, within_s=within_s)
        time.sleep(off_delay_s)
    finally:
        turn(switch, on=True, verify=verify, within_s=within_s)
