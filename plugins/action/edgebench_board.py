"""Action plugin: take one board through its outstanding cells. Logic in ``controller.board_sweep``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path, PurePosixPath
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from controller import zoo_records
from controller.ansible_board import AnsibleBoard
from controller.board import UnreachableError
from controller.board_sweep import BoardSweep
from controller.files import read_json
from controller.inventory import ON_BOARD
from controller.link import BoardBrokenError
from controller.playbook_process import live_and_die_with_it
from controller.results import Results
from controller.spec import RECONNECT_S, BoardSetup


class ActionModule(ActionBase):
    """One task for all cells of a board; documented in plugins/modules/edgebench_board.py."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Measure; the task fails for no outcome of a cell."""
        live_and_die_with_it()
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "results": {"type": "path", "required": True},
                "zoo": {"type": "path", "required": True},
                "root": {"type": "path", "required": True},
                "python": {"type": "str", "required": True},
                "environments": {"type": "dict"},
                "can_reboot": {"type": "bool", "required": True},
                "simulated": {"type": "bool", "default": False},
                "meter": {"type": "str"},
                "gate": {"type": "dict", "default": {}},
                "power_switch": {"type": "dict"},
                "reconnect_s": {"type": "float", "default": RECONNECT_S},
            }
        )
        results = Results(Path(arguments["results"]))
        name = (task_vars or {})["inventory_hostname"]
        if self._task.check_mode:
            outstanding = len(results.outstanding(name)) if results.manifest_path.is_file() else 0
            result.update(changed=outstanding > 0, msg=f"{outstanding} cells would be measured")
            return result
        meter = results.manifest()["meters"].get(arguments["meter"])
        by_board = {"name": arguments["meter"], **meter} if meter and meter["host"] == ON_BOARD else None
        board = AnsibleBoard(name, self, task_vars or {}, arguments["power_switch"])
        try:
            paths = arguments["environments"] or _find_environments(board, arguments["root"])
            environments = _read_environments(board, paths)
        except (UnreachableError, BoardBrokenError) as error:
            result.update(changed=False, measured=0, outcomes={}, broken=str(error))
            return result
        setup = BoardSetup(
            root=arguments["root"],
            python=arguments["python"],
            can_reboot=arguments["can_reboot"],
            simulated=arguments["simulated"],
            metered=meter is not None and by_board is None,
            meter_simulated=bool(meter and meter["simulated"]),
            environments=environments,
            gate=arguments["gate"],
            board_meter=by_board,
            reconnect_s=arguments["reconnect_s"],
        )
        index = Path(arguments["zoo"])
        zoo = _read_zoo(index)
        zoo_records.keep(results, index.parent, zoo, name)
        keepalive = results.path / "power" / (arguments["meter"] or "") / "keepalive"
        sweep = BoardSweep(
            board,
            setup,
            results,
            zoo,
            say=Display().display,
            before_cell=keepalive.touch if keepalive.parent.is_dir() and meter else lambda: None,
        )
        summary = sweep.run()
        result.update(changed=summary["measured"] > 0, **summary)
        return result


def _read_zoo(index: Path) -> dict[str, Any]:
    """The zoo's index; an empty one where nothing was ever built, as for a profile of the backend null alone."""
    zoo: dict[str, Any] = read_json(index) if index.is_file() else {"artifacts": [], "datasets": []}
    return zoo


def _find_environments(board: AnsibleBoard, root: str) -> dict[str, str]:
    """The newest environment of each backend on a board that this playbook did not provision."""
    listing = board.execute(f"ls -1t {shlex.quote(root)}/envs/*/environment.json").stdout
    paths: dict[str, str] = {}
    for line in listing.splitlines():
        folder = PurePosixPath(line).parent
        paths.setdefault(folder.name.rpartition("-")[0], str(folder))
    return paths


def _read_environments(board: AnsibleBoard, paths: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each environment on the board was sealed with, in one command."""
    files = " ".join(shlex.quote(f"{path}/environment.json") for path in paths.values())
    answer = board.execute(f"cat {files}" if files else "true")
    if answer.code != 0:
        raise BoardBrokenError(f"{board.name}: {answer.stderr.strip()}")
    rest, decoder, environments = answer.stdout, json.JSONDecoder(), {}
    for name, path in paths.items():
        sealed, end = decoder.raw_decode(rest.lstrip())
        rest = rest.lstrip()[end:]
        environments[name] = {
            "name": name,
            "python": f"{path}/bin/python",
            "lock_sha256": sealed["lock_sha256"],
        }
    return environments
