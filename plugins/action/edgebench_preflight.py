"""Action plugin: validate, plan (or resume) and take the boards. Logic in ``controller.preflight``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from controller import lock
from controller.catalogues import CatalogueError
from controller.errors import BoardHeldError, InputError
from controller.inventory import HERE, meters_of
from controller.playbook_process import live_and_die_with_it
from controller.preflight import Planned, preflight
from controller.spec import artifact_names, longest_cell_s, wanted_artifacts


class ActionModule(ActionBase):
    """Runs on the controller; documented in plugins/modules/edgebench_preflight.py."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the planned sweep, or fail with one line per problem."""
        playbook_pid = live_and_die_with_it()
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "checkout": {"type": "path", "required": True},
                "profile": {"type": "str", "required": True},
                "inventory": {"type": "str", "required": True},
                "boards": {"type": "list", "elements": "str", "required": True},
                "sweep_id": {"type": "str"},
                "scale": {"type": "float"},
                "results": {"type": "path", "required": True},
                "locks": {"type": "path", "required": True},
                "begin": {"type": "bool", "default": True},
            }
        )
        every = (task_vars or {})["hostvars"]
        hosts = {name: _edgebench_variables(every[name]) for name in arguments["boards"]}
        try:
            planned = preflight(
                Path(arguments["checkout"]),
                arguments["profile"],
                hosts,
                arguments["inventory"],
                arguments["sweep_id"],
                arguments["scale"],
                Path(arguments["results"]),
            )
            begin = arguments["begin"] and not self._task.check_mode
            if begin:
                lock.acquire(
                    Path(arguments["locks"]), sorted(hosts), planned.manifest["sweep_id"], playbook_pid
                )
        except InputError as error:
            count = len(error.problems)
            raise AnsibleActionFail(
                f"{count} problem{'s' * (count > 1)} found, nothing was touched:\n{error}"
            ) from None
        except (BoardHeldError, CatalogueError) as error:
            raise AnsibleActionFail(str(error)) from None
        if begin and not planned.resumed:
            planned.results.begin(planned.manifest)
        elif begin:
            planned.results.point_latest()
        result.update(
            changed=begin and not planned.resumed, meters=_recorded_here(hosts, planned), **_summary(planned)
        )
        return result


def _recorded_here(hosts: dict[str, dict[str, Any]], planned: Planned) -> dict[str, dict[str, Any]]:
    """What the recorders on this machine are told of their meters."""
    return {
        name: {key: value for key, value in meter.items() if key != "host"}
        for name, meter in meters_of(hosts).items()
        if planned.manifest["meters"][name]["host"] == HERE
    }


def _summary(planned: Planned) -> dict[str, Any]:
    manifest = planned.manifest
    cells = manifest["cells"]
    outstanding = planned.results.outstanding() if planned.resumed else cells
    return {
        "sweep_id": manifest["sweep_id"],
        "directory": str(planned.results.path),
        "resumed": planned.resumed,
        "profile": manifest["profile"],
        "boards": len(manifest["boards"]),
        "cells": len(cells),
        "outstanding": len(outstanding),
        "builds": artifact_names(cells),
        "runtimes": sorted({cell["runtime"] for cell in cells}),
        "artifacts": wanted_artifacts(cells),
        "longest_cell_s": longest_cell_s(manifest["profile"]),
    }


def _edgebench_variables(variables: Any) -> dict[str, Any]:
    return {key: variables[key] for key in variables if key.startswith("edgebench_")}
