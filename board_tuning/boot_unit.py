"""Tune again after every boot: most knobs forget, and a board is rebooted before each measurement."""

import shlex
from typing import List

from board_tuning.system import System

NAME = "edgebench-tuning.service"
PATH = "/etc/systemd/system/" + NAME
TEXT = """[Unit]
Description=Tune this board for edgebench again, as its ledger says
After=multi-user.target nvpmodel.service

[Service]
Type=oneshot
ExecStart={command}

[Install]
WantedBy=multi-user.target
"""


def install(system: System, command: List[str]) -> bool:
    """Install and enable the unit; returns whether it changed. Without systemd there is nothing to do."""
    if not system.runs_systemd():
        return False
    text = TEXT.format(command=" ".join(shlex.quote(word) for word in command))
    if system.read_exactly(PATH) == text:
        return False
    system.replace(PATH, text)
    system.run(["systemctl", "daemon-reload"])
    system.run(["systemctl", "enable", NAME])
    return True


def remove(system: System) -> bool:
    """Disable and remove the unit; returns whether it was there."""
    if system.read_exactly(PATH) is None:
        return False
    system.run(["systemctl", "disable", NAME])
    system.replace(PATH, None)
    system.run(["systemctl", "daemon-reload"])
    return True
