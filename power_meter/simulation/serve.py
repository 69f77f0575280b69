"""Serves a simulated meter: on a pseudo-terminal where the real one is serial, else on a local socket."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.load import Clock
from power_meter.simulation.pty_port import PtyPort
from power_meter.simulation.socket_port import SocketPort

MAXIMUM_WAIT_S = 0.25
UNPLUGGED_WAIT_S = 0.05


class ServedPort(Protocol):
    """What a host can open; while unplugged, ``descriptors`` is empty."""

    def plug(self) -> None:
        """Appear."""

    def unplug(self) -> None:
        """Vanish, so that the host notices."""

    @property
    def plugged(self) -> bool:
        """Tell whether the port is there."""

    @property
    def descriptors(self) -> list[int]:
        """File descriptors to wait on."""

    def read(self, ready: list[int]) -> list[bytes]:
        """Return what the host has sent."""

    def take_opened(self) -> bool:
        """Tell whether a host has opened the port since the last question, where that can be seen."""

    def write(self, packets: list[bytes]) -> None:
        """Send to the host."""


def serve(
    device: SimulatedDevice, link: Path, clock: Clock, running: Callable[[], bool], stdin_fd: int | None
) -> None:
    """Serve ``device`` at ``link`` until ``running()`` is false or, if given, ``stdin_fd`` closes."""
    port: ServedPort = PtyPort(link) if device.transport == "serial" else SocketPort(link, device.transport)
    port.plug()
    try:
        while running():
            unplugged = device.faults.active("unplug", clock.now_s())
            if unplugged and port.plugged:
                port.unplug()
            elif not unplugged and not port.plugged:
                port.plug()
                device.plugged()
            wait_s = min(max(device.next_due_s() - clock.now_s(), 0.0), MAXIMUM_WAIT_S)
            watched = port.descriptors + ([stdin_fd] if stdin_fd is not None else [])
            ready, _, _ = select.select(
                watched, [], [], max(wait_s, UNPLUGGED_WAIT_S) if unplugged else wait_s
            )
            if stdin_fd in ready and not os.read(stdin_fd, 1024):
                return
            now_s = clock.now_s()
            device.model.observe(now_s)
            for data in port.read(ready):
                device.receive(data, now_s)
            if port.take_opened():
                device.opened(now_s)
            device.advance(now_s)
            port.write(device.transmit(now_s))
    finally:
        port.unplug()
