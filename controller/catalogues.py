"""What the other packages offer, in their own words.

Each prints its catalogue as JSON; asking the process keeps the packages from importing one another.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

COMMANDS = {
    "backends": ["edgebench_runner", "backends", "--static", "--json"],
    "tasks": ["edgebench_runner", "tasks", "--json"],
    "drivers": ["power_meter", "drivers", "--json"],
    "models": ["model_zoo", "list", "--json"],
    "formats": ["model_zoo", "formats", "--json"],
    "datasets": ["model_zoo", "datasets", "--json"],
}


PATIENCE_S = 300.0
"""How long a package may take to say what it offers; on a busy machine, far longer than the second it needs."""


class CatalogueError(Exception):
    """A package could not say what it offers."""


class Catalogues(NamedTuple):
    """Everything that can be named in a profile or an inventory, by name."""

    backends: dict[str, dict[str, Any]]
    tasks: dict[str, dict[str, Any]]
    drivers: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    formats: dict[str, dict[str, Any]]
    kinds: list[str]
    datasets: list[dict[str, Any]]


def ask_all(root: Path) -> Catalogues:
    """Ask every package at the same time.

    Args:
        root: the checkout, which holds the packages and ``playbooks/group_vars``.

    Raises:
        CatalogueError: a package failed; the message carries its standard error.
    """
    with ThreadPoolExecutor(len(COMMANDS)) as pool:
        answers = dict(
            zip(COMMANDS, pool.map(lambda command: _ask(root, command), COMMANDS.values()), strict=True)
        )
    return Catalogues(
        backends={item["name"]: item for item in answers["backends"]},
        tasks={item["name"]: item for item in answers["tasks"]},
        drivers={item["name"]: item for item in answers["drivers"]},
        models={item["model"]: item for item in answers["models"]},
        formats={item["format"]: item for item in answers["formats"]},
        kinds=kinds(root),
        datasets=answers["datasets"],
    )


def kinds(root: Path) -> list[str]:
    """The board kinds: one file of group variables each."""
    return sorted(
        path.stem for path in (root / "playbooks" / "group_vars").glob("*.yml") if path.stem != "all"
    )


def _ask(root: Path, command: list[str]) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CatalogueError(f"python -m {' '.join(command)} took more than {PATIENCE_S:.0f} s") from None
    if done.returncode != 0:
        raise CatalogueError(f"python -m {' '.join(command)} failed:\n{done.stderr.strip()}")
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer
