"""The environments of the converters: made when one is first needed, from a lock, out of the wheelhouse.

They lie under ``EDGEBENCH_CONVERTERS`` (default ``.edgebench/converters``), each named by its lock.
``environment.json`` is written last: without it an environment is not there.
"""

import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from model_zoo.errors import ZooError
from model_zoo.store import sha256_of, write_json

CHECKOUT = Path(__file__).resolve().parents[1]
VARIABLE = "EDGEBENCH_CONVERTERS"
_PIN = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>\S+) \\$", re.MULTILINE)


def lock_of(target: str) -> Path:
    """Return the lock file of a target such as ``converters-x86_64-cp311/onnx2tf``."""
    return CHECKOUT / "locks" / f"{target}.txt"


@cache
def versions(target: str) -> dict[str, str]:
    """Return the locked version of every package of an environment, without making it."""
    return {match["name"]: match["version"] for match in _PIN.finditer(lock_of(target).read_text())}


def python_of(target: str) -> Path:
    """Return the interpreter of an environment; make it first where it is not there.

    Several processes may ask at once: one makes it, the others wait.

    Raises:
        ZooError: it cannot be made here, or pip failed, with pip's last words.
    """
    directory = _path(target)
    python = directory / "bin" / "python"
    if not (directory / "environment.json").is_file():
        _refuse_another_interpreter(target)
        directory.parent.mkdir(parents=True, exist_ok=True)
        with _exclusive(directory.with_suffix(".lock")) as lock:
            if not (directory / "environment.json").is_file():
                _make(target, directory, lock)
    return python


def _path(target: str) -> Path:
    root = Path(os.environ.get(VARIABLE) or CHECKOUT / ".edgebench" / "converters")
    return root.resolve() / f"{target.rpartition('/')[2]}-{sha256_of(lock_of(target))[:12]}"


def _refuse_another_interpreter(target: str) -> None:
    found = f"{platform.machine()}-cp{sys.version_info.major}{sys.version_info.minor}"
    if not target.partition("/")[0].endswith(found):
        raise ZooError(f"{lock_of(target)}: is for another machine or Python than this one ({found})")


def _make(target: str, directory: Path, lock: IO[str]) -> None:
    print(f"making the environment of {target} (some minutes, once)", file=sys.stderr, flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    wheelhouse = CHECKOUT / ".edgebench" / "wheelhouse" / target.partition("/")[0]
    fill = [sys.executable, "-m", "locks.wheelhouse", target, "--into", str(wheelhouse)]
    wheels = json.loads(_run(fill, target, lock))["files"]
    _run([sys.executable, "-m", "venv", "--without-pip", str(directory)], target, lock)
    (pip,) = [path for path in wheels if Path(path).name.startswith("pip-")]
    options = [
        "--no-index",
        "--find-links",
        str(wheelhouse),
        "--require-hashes",
        "--no-deps",
    ]
    install = [
        str(directory / "bin" / "python"),
        f"{pip}/pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--no-compile",
        *options,
    ]
    _run([*install, "--requirement", str(lock_of(target))], target, lock)
    content = {"lock": target, "lock_sha256": sha256_of(lock_of(target)), "packages": versions(target)}
    write_json(directory / "environment.json", content)


def _run(command: list[str], target: str, lock: IO[str]) -> str:
    """Run a command that holds the lock too: killed, we leave it running, and the next one waits for it."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=clean, capture_output=True, text=True, pass_fds=(lock.fileno(),)
    )
    if done.returncode != 0:
        words = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise ZooError(f"the environment of {target} cannot be made: {words}")
    return done.stdout


@contextmanager
def _exclusive(path: Path) -> Iterator[IO[str]]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
