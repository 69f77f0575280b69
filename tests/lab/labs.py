"""Making a virtual lab with its playbook and operating it as a person would, for tests and benchmarks."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from virtual_lab.power import supervisor_pid

# The lines of a run are read here, so a lab's own choice of callback must not change them.
ENVIRONMENT = os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default"}
REPOSITORY = Path(__file__).parents[2]
IMAGES = REPOSITORY / ".edgebench" / "virtual_lab" / "images"
# Tests of two checkouts may run on one machine: each has lab names and networks of its own.
CHECKOUT_DIGEST = hashlib.sha256(str(REPOSITORY.resolve()).encode()).digest()
FIRST_OCTET, FIRST_FREE, FREE = 10, 64, 128
PLAYBOOK_TIMEOUT_S = 1800  # the first emulated board's root file system takes long
SSH_TIMEOUT_S, SSH_CONNECT_S = 60, 5
EMULATED_PATIENCE = 10  # times as long, for a board under emulation


class VirtualLab:
    """A lab under test: its playbook, its command line and its boards.

    Args:
        name: what tells it from the other labs of this checkout, at most 5 letters.
        network: the same, as a network of 256 addresses whose third number is its own.
        folder: where it keeps everything.
        boards: entries of `virtual_lab_boards`.
    """

    def __init__(self, name: str, network: str, folder: Path, boards: list[dict[str, Any]]) -> None:
        self.name = name[:5] + CHECKOUT_DIGEST.hex()[:3]
        self.directory = folder / "lab"
        self.inventory = folder / "inventory"
        emulates = any(one["machine"] == "emulated" for one in boards)
        self._patience = EMULATED_PATIENCE if emulates else 1
        variables = {
            "virtual_lab_name": self.name,
            "virtual_lab_network": own_network(network),
            "virtual_lab_directory": str(self.directory),
            "virtual_lab_images_directory": str(IMAGES),
            "virtual_lab_inventory_directory": str(self.inventory),
            "virtual_lab_boards": boards,
        }
        self._variables = folder / "variables.json"
        self._variables.write_text(json.dumps(variables))

    def playbook(self, *arguments: str) -> str:
        """Run playbooks/virtual_lab.yml; return what it printed."""
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/virtual_lab.yml"]
        done = subprocess.run(
            [*command, "-e", f"@{self._variables}", *arguments],
            cwd=REPOSITORY,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=PLAYBOOK_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ansible(self, pattern: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an Ansible module on boards of the lab."""
        command = [str(Path(sys.executable).parent / "ansible"), pattern, "-i", str(self.inventory)]
        return subprocess.run(
            [*command, *arguments],
            cwd=REPOSITORY,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=PLAYBOOK_TIMEOUT_S,
            check=False,
        )

    def reboot(self, board: str) -> None:
        """Reboot a board as the product does."""
        done = self.ansible(board, "-m", "ansible.builtin.reboot", "-a", "reboot_timeout=120")
        assert done.returncode == 0, done.stdout

    def cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `python -m virtual_lab`."""
        command = [sys.executable, "-m", "virtual_lab", "--lab", str(self.directory), *arguments]
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def power(self, action: str, board: str) -> dict[str, Any]:
        """Operate the virtual power switch."""
        answer: dict[str, Any] = json.loads(self.cli("power", action, board).stdout)
        return answer

    def ssh(self, board: str, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a board over SSH, host keys checked, without Ansible's connection sharing."""
        return self.ssh_with_input(board, command, "", SSH_TIMEOUT_S * self._patience)

    def ssh_with_input(
        self, board: str, command: str, text: str, timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a board over SSH with a text on its standard input."""
        keys = self.inventory / ".ssh"
        options = ["-o", f"UserKnownHostsFile={keys / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes"]
        options += [
            "-o",
            f"ConnectTimeout={SSH_CONNECT_S * self._patience}",
            "-o",
            "BatchMode=yes",
            "-i",
            str(keys / "id_ed25519"),
        ]
        return subprocess.run(
            ["ssh", *options, f"root@{self.address(board)}", command],
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def output(self, board: str, command: str) -> str:
        """Run a command on a board that must succeed; return its output."""
        return self.output_within(board, command, SSH_TIMEOUT_S * self._patience)

    def output_within(self, board: str, command: str, timeout_s: float) -> str:
        """Run a command on a board that must succeed within a time; return its output."""
        done = self.ssh_with_input(board, command, "", timeout_s)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def boot_id(self, board: str) -> str:
        """The board's boot id."""
        return self.output(board, "cat /proc/sys/kernel/random/boot_id")

    def kill_supervisor(self, board: str) -> None:
        """Kill a board's supervisor as a crash would."""
        os.kill(supervisor_pid(Path(f"/run/edgebench_virtual_lab/{self.name}"), board), signal.SIGKILL)

    def address(self, board: str) -> str:
        """The board's address, as the lab's own record has it."""
        made_from = json.loads((self.directory / "boards" / board / "board.json").read_text())
        return str(made_from["address"])


def own_network(network: str) -> str:
    """The network of this checkout that stands for one written in a test."""
    second = FIRST_FREE + CHECKOUT_DIGEST[-1] % FREE
    third = (ipaddress.IPv4Network(network).network_address.packed[2] + CHECKOUT_DIGEST[-2]) % 256
    return f"{FIRST_OCTET}.{second}.{third}.0/24"


def wait_until(condition: Callable[[], bool], deadline_s: float, what: str) -> None:
    """Wait for a condition; fail the test with `what` when it does not come true."""
    give_up = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < give_up, f"not within {deadline_s} s: {what}"
        time.sleep(0.2)


def board(name: str, kind: str, memory_mb: int = 512, release: str = "bookworm") -> dict[str, Any]:
    """A container board of a lab's list."""
    return {"name": name, "kind": kind, "machine": "container", "release": release, "memory_mb": memory_mb}


def emulated(name: str, kind: str, memory_mb: int, release: str = "bookworm") -> dict[str, Any]:
    """An emulated board of a lab's list."""
    return {"name": name, "kind": kind, "machine": "emulated", "release": release, "memory_mb": memory_mb}
