"""The variables that the processes of a backend's environment need beyond the runner's own.

A vendor's libraries stand in the environment itself, and ``vendor.json`` beside its ``bin`` says how to find them:
``{"files": {name: sha256}, "variables": {"LD_LIBRARY_PATH": …}}``. Most environments have none.
"""

import json
import os
import sys
from typing import Any, Dict, Optional

from edgebench_runner import resources

VENDOR = "vendor.json"
FLAG = "environment.json"


def vendor(python: Optional[str]) -> Dict[str, Any]:
    """Return the content of ``vendor.json`` of the environment of an interpreter, empty where it has none."""
    return _content(python, VENDOR)


def distribution_packages(python: Optional[str]) -> Dict[str, str]:
    """Return ``{name: version}`` of the distribution's packages that an environment was made for, empty for most."""
    return _content(python, FLAG).get("distribution_packages", {})


def _content(python: Optional[str], name: str) -> Dict[str, Any]:
    directory = os.path.dirname(os.path.dirname(os.path.abspath(python or sys.executable)))
    try:
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def variables(python: Optional[str]) -> Dict[str, str]:
    """Return every variable of a process under this interpreter, which has to find the runner, too."""
    own = vendor(python).get("variables", {})
    paths = [resources.root()] + ([own["PYTHONPATH"]] if own.get("PYTHONPATH") else [])
    return dict(os.environ, **dict(own, PYTHONPATH=os.pathsep.join(paths)))
