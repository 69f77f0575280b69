"""What a sweep says on the console: each step once, the cells as they go, and every failure in full."""

from __future__ import annotations

import sys
from typing import Any

from ansible.plugins.callback.default import CallbackModule as DefaultCallback

DOCUMENTATION = """
name: edgebench
type: stdout
short_description: The steps of a sweep, its cells, and failures in full
description:
  - The default output without the lines of tasks that only succeeded. With C(-v) it is the default output.
extends_documentation_fragment: [default_callback, result_format_callback]
"""


MAY_TAKE_LONG = {"command", "copy", "edgebench_put_files", "script"}


class CallbackModule(DefaultCallback):
    """The default callback, quiet about success."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "edgebench"
    _last_play = ""

    def __init__(self) -> None:
        super().__init__()
        self._shown: set[str] = set()
        # Ansible leaves flushing to the system: into a file or a pipe, a sweep would be silent until its end.
        sys.stdout.reconfigure(line_buffering=True)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Name the step."""
        if self._display.verbosity:
            super().v2_playbook_on_play_start(play)
        elif play.get_name().strip() != self._last_play:
            self._last_play = play.get_name().strip()
            self._shown.clear()
            self._display.display(f"\n== {self._last_play}", color="bright blue")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Name a task that may take long enough to be wondered about: once, though each board starts it by itself."""
        title = task.get_name().rpartition(" : ")[2].rpartition(" | ")[2]
        if self._display.verbosity:
            super().v2_playbook_on_task_start(task, is_conditional)
        elif task.action.rpartition(".")[2] in MAY_TAKE_LONG and title not in self._shown:
            self._shown.add(title)
            self._display.display(f"   {title}", color="bright gray")

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler is a task like any other."""
        if self._display.verbosity:
            super().v2_playbook_on_handler_task_start(task)

    def v2_runner_on_ok(self, result: Any) -> None:
        """Only what was meant to be read."""
        if self._display.verbosity:
            super().v2_runner_on_ok(result)
        elif result.task.action == "ansible.builtin.debug":
            message = result.result.get("msg", "")
            for line in message if isinstance(message, list) else [message]:
                self._display.display(f"   {line}")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """As for a task without a loop."""
        self.v2_runner_on_ok(result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Say nothing of how the playbook is cut into files."""
        if self._display.verbosity:
            super().v2_playbook_on_include(included_file)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The recap, where something failed."""
        if self._display.verbosity or any(stats.failures.values()) or any(stats.dark.values()):
            super().v2_playbook_on_stats(stats)
