"""Action plugin: close a sweep. Every cell gets a record, and the boards are free again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from controller import lock
from controller.playbook_process import live_and_die_with_it
from controller.results import Results


class ActionModule(ActionBase):
    """Runs on the controller; documented in plugins/modules/edgebench_finish.py."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write ``not_run`` records and release the boards."""
        playbook_pid = live_and_die_with_it()
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "results": {"type": "path", "required": True},
                "boards": {"type": "list", "elements": "str", "required": True},
                "locks": {"type": "path", "required": True},
            }
        )
        every = (task_vars or {})["hostvars"]
        broken = {name: str(every[name].get("edgebench_broken", "")) for name in arguments["boards"]}
        if self._task.check_mode:
            return result
        try:
            result["not_run"] = Results(Path(arguments["results"])).note_not_run(broken)
            lock.release(Path(arguments["locks"]), arguments["boards"], playbook_pid)
        except OSError as error:
            raise AnsibleActionFail(
                f"The sweep cannot be closed: {arguments['results']}: {error}. What was measured is kept; "
                "the same command with the sweep's id goes on once this is mended."
            ) from None
        result["changed"] = True
        return result
