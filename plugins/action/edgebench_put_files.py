"""Action plugin: a directory of the board has files of the controller. Uses the board's shell alone."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs on the controller; documented in plugins/modules/edgebench_put_files.py."""

    TRANSFERS_FILES = True  # the base class makes a temporary directory on the board, and removes it

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Transfer the files that differ, one by one, then move all of them at once."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "files": {"type": "dict", "required": True},
                "directory": {"type": "path", "required": True},
                "mode": {"type": "str", "default": "0644"},
            }
        )
        sources = {name: Path(path) for name, path in arguments["files"].items()}
        differing = self._differing(sources, arguments["directory"])
        result["changed"] = bool(differing)
        if differing and not self._task.check_mode:
            self._put({name: sources[name] for name in differing}, arguments["directory"], arguments["mode"])
        return result

    def _differing(self, sources: dict[str, Path], directory: str) -> list[str]:
        paths = [f"{directory}/{name}" for name in sources]
        answer = self._low_level_execute_command(f"sha256sum -- {shlex.join(paths)} 2>/dev/null; true")
        there = {line.strip() for line in answer["stdout"].splitlines()}
        differing = []
        for (name, source), path in zip(sources.items(), paths, strict=True):
            try:
                with source.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise AnsibleActionFail(f"files: {name}: {source}: {error.strerror}") from None
            if f"{digest}  {path}" not in there:
                differing.append(name)
        return differing

    def _put(self, sources: dict[str, Path], directory: str, mode: str) -> None:
        shell = self._connection._shell
        incoming = [
            self._transfer_file(str(source), shell.join_path(shell.tmpdir, name))
            for name, source in sources.items()
        ]
        self._fixup_perms2([shell.tmpdir, *incoming])
        steps = [
            shlex.join(["mkdir", "-p", "-m", "0755", "--", directory]),
            'chown "$(id -u):$(id -g)" -- ' + shlex.join(incoming),  # of whom this account has become
            shlex.join(["chmod", mode, "--", *incoming]),
            shlex.join(["mv", "-f", "--", *incoming, f"{directory}/"]),
        ]
        moved = self._low_level_execute_command(" && ".join(steps))
        if moved["rc"] != 0:
            raise AnsibleActionFail(f"{directory}: {(moved['stderr'] or moved['stdout']).strip()}")
