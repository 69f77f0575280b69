"""Lock requirements for this or any other platform: ``python -m locks.update [TARGET ...] [--upgrade | --check]``.

Every ``<name>.in`` under ``locks/`` becomes a ``<name>.txt`` beside it. An ``.in`` file in a platform's
directory (which holds a ``platform.yml``) is locked for that platform; one directly in ``locks/`` for
the controller's. uv resolves (it evaluates environment markers for the target, which pip does not), then
pip, which will do the installing, names the one wheel it would take: a lock holds exactly one hash per
package, so equal locks mean equal bytes.

Where packages come from is the caller's business: the usual variables (``PIP_FIND_LINKS``,
``PIP_EXTRA_INDEX_URL``, ``UV_*``) are honoured and nothing about them is written down.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

LOCKS = Path(__file__).resolve().parent
# The C libraries uv can be told of; a wheel for an older one runs on a newer one.
UV_GLIBC_MINORS = (17, 28, *range(31, 41))
CONTROLLER_PLATFORM = "linux-x86_64-cp311"


class LockError(Exception):
    """What could not be locked and why, in one message for the user."""


@dataclass(frozen=True)
class Platform:
    """What decides which wheel fits: processor, C library and Python.

    Attributes:
        machine: as ``uname -m`` says, e.g. ``aarch64``.
        glibc: version of the C library, e.g. ``2.36``.
        python: minor version of CPython, e.g. ``3.11``.
        distribution_packages: what the environments take from the distribution, for want of wheels.
    """

    machine: str
    glibc: str
    python: str
    distribution_packages: tuple[str, ...] = ()

    @classmethod
    def load(cls, name: str) -> Platform:
        """Read ``locks/<name>/platform.yml``."""
        path = LOCKS / name / "platform.yml"
        try:
            content = yaml.safe_load(path.read_text())
            return cls(
                machine=content["machine"],
                glibc=str(content["glibc"]),
                python=str(content["python"]),
                distribution_packages=tuple(content.get("distribution_packages", ())),
            )
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise LockError(f"{path}: expected the keys machine, glibc and python: {error!r}") from error

    @property
    def glibc_minor(self) -> int:
        """The 36 of 2.36."""
        return int(self.glibc.split(".")[1])

    @property
    def uv_platform(self) -> str:
        """The platform in uv's words: the newest C library it knows that is not newer than this one's."""
        return f"{self.machine}-manylinux_2_{max(m for m in UV_GLIBC_MINORS if m <= self.glibc_minor)}"

    @property
    def wheel_platforms(self) -> list[str]:
        """Every manylinux tag this platform accepts, the newest first."""
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc_minor, 16, -1)]
        return [*tags, f"manylinux2014_{self.machine}", f"linux_{self.machine}"]

    @property
    def pip_options(self) -> list[str]:
        """The options that make pip choose wheels for this platform."""
        options = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", self.python]
        for tag in self.wheel_platforms:
            options += ["--platform", tag]
        return options


@dataclass(frozen=True)
class Target:
    """One ``.in`` file and the platform it is locked for."""

    source: Path

    @property
    def name(self) -> str:
        """The name on the command line: ``controller``, ``debian-12-aarch64-cp311/pytorch``."""
        return self.source.relative_to(LOCKS).with_suffix("").as_posix()

    @property
    def lock(self) -> Path:
        """The file that is written."""
        return self.source.with_suffix(".txt")

    @property
    def platform(self) -> Platform:
        """The platform of its directory, or the controller's."""
        directory = self.source.parent
        return Platform.load(CONTROLLER_PLATFORM if directory == LOCKS else directory.name)

    @property
    def resolves_dependencies(self) -> bool:
        """False for ``*-nodeps.in``: packages whose own declared dependencies must not be installed."""
        return not self.source.stem.endswith("-nodeps")


def find_targets(names: list[str]) -> Iterator[Target]:
    """Yield the targets asked for: all of them, one platform's, or one by name.

    Raises:
        LockError: a name that is no target; lists the valid ones.
    """
    targets = [Target(path) for path in sorted(LOCKS.glob("*.in")) + sorted(LOCKS.glob("*/*.in"))]
    for name in names:
        if not any(name in (target.name, target.source.parent.name) for target in targets):
            raise LockError(f"no target {name!r}; valid: {', '.join(target.name for target in targets)}")
    for target in targets:
        if not names or target.name in names or target.source.parent.name in names:
            yield target


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a resolver; its own words become the error."""
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LockError(f"{Path(command[0]).name} failed:\n{result.stderr.strip()}")


def resolver_environment() -> dict[str, str]:
    """This environment with pip's package sources made known to uv as well."""
    environment = dict(os.environ)
    for ours, theirs in (("UV_FIND_LINKS", "PIP_FIND_LINKS"), ("UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")):
        if theirs in environment:
            environment.setdefault(ours, environment[theirs])
    return environment


def resolve(target: Target, pins: Path, upgrade: bool) -> None:
    """Write into ``pins`` one ``name==version`` per package that ``target`` needs on its platform."""
    if target.lock.exists() and not upgrade:
        shutil.copyfile(target.lock, pins)  # uv prefers the versions it finds there
    platform = target.platform
    if platform.distribution_packages:
        # Nothing can be resolved where a part is the distribution's: the source pins what the lock has to hold.
        shutil.copyfile(target.source, pins)
        return
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", str(target.source), "--output-file", str(pins)),
        *("--python-platform", platform.uv_platform, "--python-version", platform.python),
        *("--only-binary", ":all:", "--no-header", "--no-annotate"),
        *("--emit-build-options", "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
    ]
    if not target.resolves_dependencies:
        command.append("--no-deps")
    run(command, resolver_environment())


def choose_wheels(target: Target, pins: Path, scratch: Path) -> dict[str, tuple[str, str]]:
    """Ask pip which wheel it would install for each pin.

    Returns:
        package name -> (version, SHA-256), in alphabetical order.
    """
    report = scratch / "report.json"
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"),
        *("--report", str(report), "--target", str(scratch / "unused"), *target.platform.pip_options),
        # uv has asked each package for the target's Python; pip would ask for this one's.
        *("--ignore-requires-python", "--requirement", str(pins)),
    ]
    run(command, dict(os.environ))
    wheels = {}
    for item in json.loads(report.read_text())["install"]:
        name = item["metadata"]["name"].lower().replace("_", "-").replace(".", "-")
        hashes = item["download_info"]["archive_info"]["hashes"]
        wheels[name] = (item["metadata"]["version"], hashes["sha256"])
    return dict(sorted(wheels.items()))


def lock_text(target: Target, wheels: dict[str, tuple[str, str]]) -> str:
    """Return the lock of the given wheels."""
    lines = [f"# Made by `python -m locks.update {target.name}` from {target.source.name}; do not edit."]
    for name, (version, sha256) in wheels.items():
        lines += [f"{name}=={version} \\", f"    --hash=sha256:{sha256}"]
    return "\n".join(lines) + "\n"


def solve(target: Target, upgrade: bool) -> str:
    """Return the lock that the target's sources ask for now."""
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        pins = scratch / "pins.txt"
        resolve(target, pins, upgrade)
        return lock_text(target, choose_wheels(target, pins, scratch))


def update(target: Target, upgrade: bool) -> str:
    """Write the lock of one target; return what is to be said of it."""
    text = solve(target, upgrade)
    scratch = target.lock.with_suffix(".txt.new")
    scratch.write_text(text)
    scratch.replace(target.lock)
    return f"{text.count('==')} packages"


def drift(target: Target) -> str | None:
    """Return how a lock differs from what its sources ask for now, None where it does not."""
    text, locked = solve(target, upgrade=False), target.lock.read_text() if target.lock.exists() else ""
    changes = difflib.unified_diff(locked.splitlines(), text.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in changes if not line.startswith(("---", "+++", "@@"))) or None


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m locks.update", description="Lock requirements with hashes."
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="controller, dev, a platform, platform/backend (default: all)",
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--upgrade", action="store_true", help="take the newest versions, not the locked ones")
    ways.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 where a lock would change"
    )
    options = parser.parse_args(arguments)
    drifted = False
    try:
        for target in find_targets(options.targets):
            difference = drift(target) if options.check else None
            drifted = drifted or difference is not None
            said = (difference or "as its sources ask") if options.check else update(target, options.upgrade)
            print(f"{target.name}: {said}", flush=True)
    except LockError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
