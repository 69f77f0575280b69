"""Action plugin: put files of the controller into a directory of the board, as they are."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs on the controller; documented in plugins/modules/edgebench_put_files.py."""

    TRANSFERS_FILES = True  # the base class makes a temporary directory on the board, and removes it

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Transfer file by file, then move all of them at once."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "files": {"type": "list", "elements": "path", "required": True},
                "directory": {"type": "path", "required": True},
            }
        )
        result["changed"] = bool(arguments["files"])
        if self._task.check_mode or not arguments["files"]:
            return result
        shell = self._connection._shell
        incoming = [shell.tmpdir]
        for path in map(Path, arguments["files"]):
            if not path.is_file():
                raise AnsibleActionFail(f"files: {path}: no such file on the controller")
            incoming.append(self._transfer_file(str(path), shell.join_path(shell.tmpdir, path.name)))
        self._fixup_perms2(incoming)
        words = ["mv", "--", *incoming[1:], arguments["directory"] + "/"]
        moved = self._low_level_execute_command(shlex.join(words))
        if moved["rc"] != 0:
            raise AnsibleActionFail(f"{arguments['directory']}: {moved['stderr'].strip()}")
        return result
