"""Which environments this machine can have: ``python tests/backends/environments.py`` prints them for the playbook.

ansible-playbook playbooks/provision.yml -e "$(python tests/backends/environments.py)"
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import yaml

LOCKS = Path(__file__).resolve().parents[2] / "locks"


def wanted() -> list[str]:
    """Return the backends with a lock for this platform and, where they come in no wheel, a package for this system."""
    found = platform.freedesktop_os_release()
    system = f"{found['ID']}-{found.get('VERSION_ID')}-{platform.machine()}"
    python = f"{platform.machine()}-cp{sys.version_info.major}{sys.version_info.minor}"
    names = (f"{found['ID']}-{found.get('VERSION_ID')}-{python}", f"linux-{python}")
    directory = next(LOCKS / name for name in names if (LOCKS / name).is_dir())
    return sorted(lock.stem for lock in directory.glob("*.txt") if _has_packages(lock.stem, system))


def possible(cases: list) -> list:
    """Return the cases whose backend, their first part, this machine can have."""
    return [case for case in cases if case[0] in wanted()]


def possible_names(names: tuple[str, ...]) -> list[str]:
    """Return the backends among ``names`` that this machine can have."""
    return [name for name in names if name in wanted()]


def _has_packages(backend: str, system: str) -> bool:
    path = LOCKS / "distribution" / f"{backend}.yml"
    return not path.exists() or system in yaml.safe_load(path.read_text())


if __name__ == "__main__":
    print(json.dumps({"edgebench_backends": wanted()}))
