"""Checking what the inventory says is plugged into a board, and the vendors' files that no lock can name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml

from controller.errors import Problem, one_of

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
SUFFIXES = (".whl", ".deb", ".tar.gz", ".tgz", ".tar.xz", ".tar")
FILE_TEXT = f"a file on the controller, one of {', '.join(SUFFIXES)}"
KEYS = ("file", "sha256", "setup")
DIRECTORY = Path(__file__).resolve().parents[1] / "playbooks" / "attachments"


def names(directory: Path = DIRECTORY) -> list[str]:
    """What can be attached: one file each."""
    return sorted(path.stem for path in directory.glob("*.yml"))


def check(
    file: str, board: str, variables: dict[str, Any], backends: list[str], directory: Path = DIRECTORY
) -> list[Problem]:
    """Every problem with a board's ``edgebench_attachments`` and ``edgebench_vendor_files``.

    Args:
        file: the inventory's path, for messages.
        board: its name.
        variables: its ``edgebench_*`` variables.
        backends: that there are.
        directory: has a file for each attachment.
    """
    given = variables.get("edgebench_vendor_files", {})
    problems = _check_vendor_files(file, f"{board}.edgebench_vendor_files", given, backends)
    wanted = variables.get("edgebench_attachments", [])
    for name in wanted if isinstance(wanted, list) else []:
        where = f"{board}.edgebench_attachments"
        if name not in names(directory):
            problems.append(Problem(file, where, name, one_of(names(directory))))
            continue
        about = yaml.safe_load((directory / f"{name}.yml").read_text())
        kind = variables.get("edgebench_kind")
        if kind not in about["kinds"]:
            valid = f"{one_of(about['kinds'])} as the kind of its board: {about['why_only']}"
            problems.append(Problem(file, where, f"{name} on a {kind}", valid))
        elif not (isinstance(given, dict) and given.get(about["backend"])):
            where = f"{board}.edgebench_vendor_files.{about['backend']}"
            problems.append(Problem(file, where, None, f"what {name} needs: {about['needs']}"))
    return problems


def _check_vendor_files(file: str, where: str, given: Any, backends: list[str]) -> list[Problem]:
    if not isinstance(given, dict):
        return []  # of the wrong type altogether, which is reported with all other variables
    problems = [Problem(file, where, name, one_of(backends)) for name in given if name not in backends]
    for name, files in given.items():
        if not isinstance(files, list):
            problems.append(Problem(file, f"{where}.{name}", files, "a list of files with their sha256"))
            continue
        for index, one in enumerate(files):
            problems += _check_file(file, f"{where}.{name}[{index}]", one)
    return problems


def _check_file(file: str, where: str, one: Any) -> list[Problem]:
    if not isinstance(one, dict):
        return [Problem(file, where, one, "a mapping with file and sha256")]
    problems = [Problem(file, f"{where}.{key}", key, one_of(KEYS)) for key in one if key not in KEYS]
    path, sha256 = one.get("file"), one.get("sha256")
    if not (isinstance(sha256, str) and SHA256.fullmatch(sha256)):
        problems.append(Problem(file, f"{where}.sha256", sha256, "64 hexadecimal digits"))
    if not (isinstance(path, str) and path.endswith(SUFFIXES) and Path(path).expanduser().is_file()):
        return [*problems, Problem(file, f"{where}.file", path, FILE_TEXT)]
    with Path(path).expanduser().open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if isinstance(sha256, str) and SHA256.fullmatch(sha256) and found != sha256.lower():
        valid = f"{sha256}, which the inventory expects of {path}"
        problems.append(Problem(file, f"{where}.sha256", found, valid))
    return problems
