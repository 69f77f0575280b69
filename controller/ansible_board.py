"""A board reached through Ansible's connection to it."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from controller.board import Answer, Turn, UnreachableError
from controller.conversation import converse
from controller.power import power_cycle

RETRY_S = 2.0


class AnsibleBoard:
    """Implements ``controller.board.Board`` over an action plugin's connection."""

    def __init__(
        self, name: str, action: ActionBase, task_vars: dict[str, Any], power_switch: dict[str, Any] | None
    ):
        self.name = name
        self._action = action
        self._task_vars = task_vars
        self._power_switch = power_switch

    def execute(self, command: str, stdin: str = "") -> Answer:
        """Run a shell command on the board and wait for it."""
        try:
            done = self._action._low_level_execute_command(
                command, in_data=stdin.encode() or None, executable="/bin/sh"
            )
        except AnsibleConnectionFailure as error:
            raise UnreachableError(str(error)) from error
        return Answer(done["rc"], done["stdout"], done["stderr"])

    def converse(self, command: str, turns: int) -> list[Turn]:
        """Over the open SSH connection where there is one, else with a connection and a process for every line."""
        answered = self._converse_by_ssh(command, turns)
        while len(answered) < turns:
            sent_ns = time.monotonic_ns()
            answer = self.execute(command, "\n").stdout.strip()
            answered.append(Turn(sent_ns, answer, time.monotonic_ns()))
        return answered

    def _converse_by_ssh(self, command: str, turns: int) -> list[Turn]:
        # Ansible itself has no connection that a process can be talked to through; its SSH command line can.
        connection = self._action._connection
        if connection.transport != "ssh" or not hasattr(connection, "_build_command"):
            return []
        executable, host = connection.get_option("ssh_executable"), connection.get_option("host")
        return converse(connection._build_command(executable, "ssh", host, command), turns)

    def reconnect(self, deadline_s: float) -> None:
        """Drop the connection and wait until a new one answers."""
        give_up = time.monotonic() + deadline_s
        while True:
            try:
                self._action._connection.reset()
                self.execute("true")
                return
            except (UnreachableError, AnsibleConnectionFailure) as error:
                if time.monotonic() > give_up:
                    raise UnreachableError(str(error)) from error
            time.sleep(RETRY_S)

    def reboot(self) -> None:
        """Reboot through ``ansible.builtin.reboot`` and wait for the return."""
        action = self._action
        task = action._task.copy()
        task.args = {"reboot_timeout": 600}
        reboot = action._shared_loader_obj.action_loader.get(
            "ansible.builtin.reboot",
            task=task,
            connection=action._connection,
            play_context=action._play_context,
            loader=action._loader,
            templar=action._templar,
            shared_loader_obj=action._shared_loader_obj,
        )
        try:
            result = reboot.run(task_vars=self._task_vars)
        except AnsibleConnectionFailure as error:
            raise UnreachableError(str(error)) from error
        if result.get("failed"):
            raise UnreachableError(f"reboot: {result.get('msg', 'no message')}")

    def power_cycle(self) -> bool:
        """Cut and restore the supply through the board's power switch; False where it has none."""
        return power_cycle(self.name, self._power_switch)
