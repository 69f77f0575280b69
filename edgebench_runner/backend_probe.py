"""Is a backend there? Each runtime is imported in a process of its own, because it can crash."""

import contextlib
import json
import os
import subprocess
import sys
from typing import Dict, List, Optional, Tuple

from edgebench_runner import atomic, environment, known_failures, outcome, plugins

_TIMEOUT_S = 600.0  # TensorFlow from the card of a small board, for the first time


def catalogue(only: Optional[str] = None) -> List[Dict]:
    """Return what each backend, or only one, reads and takes, without importing a runtime.

    Raises:
        UsageError: there is no backend of that name.
    """
    entries = []
    for name in plugins.names("backends") if only is None else [only]:
        backend = plugins.load("backends", name).Backend
        entries.append(
            {
                "name": name,
                "formats": list(backend.formats),
                "default_format": backend.default_format or next(iter(backend.formats), None),
                "options": backend.options,
                "tasks": None,
            }
        )
    return entries


def environments(directory: str) -> Dict[str, str]:
    """Return the interpreter of each backend's newest complete environment below a board's ``envs`` directory."""
    found: List[Tuple[str, str, str]] = []
    for name in sorted(os.listdir(directory)):
        with contextlib.suppress(OSError, ValueError, KeyError):
            about = atomic.read_json(os.path.join(directory, name, "environment.json"))
            python = os.path.join(directory, name, "bin", "python")
            found.append((about["created_utc"], about["backend"], os.path.abspath(python)))
    return {backend: python for _, backend, python in sorted(found)}


def probe(name: str, python: Optional[str] = None) -> Dict:
    """Import one backend's runtime.

    Args:
        name: the backend.
        python: interpreter of its environment; this one's where not given.

    Returns:
        ``{"available", "version", "reason"}``.
    """
    plugins.load("backends", name)
    command = [python or sys.executable, "-m", "edgebench_runner.backend_probe", name]
    try:
        done = subprocess.run(
            command,
            env=environment.variables(python),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return _refused("its import took more than {:.0f} s".format(_TIMEOUT_S))
    except OSError as error:
        return _refused(str(error))
    if done.returncode < 0:
        signal = outcome.signal_name(-done.returncode)
        return _refused("the import died of {}: {}".format(signal, outcome.signal_words(signal)))
    if done.returncode == 0 and done.stdout:
        answer: Dict = json.loads(done.stdout.decode("utf-8"))
        return answer if answer["available"] else _refused(answer["reason"])
    errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return _refused(errors[-1] if errors else "no answer")


def _refused(reason: str) -> Dict:
    return {"available": False, "version": None, "reason": known_failures.explained(reason)}


def _main(name: str) -> None:
    stdout = os.dup(1)
    os.dup2(2, 1)  # what a runtime prints, even as it ends, is not the answer
    backend = plugins.load("backends", name).Backend({})
    try:
        answer = {"available": True, "version": backend.import_runtime(), "reason": None}
    except Exception as error:  # whatever an import can raise is the reason why it is not available
        answer = {"available": False, "version": None, "reason": "{}: {}".format(type(error).__name__, error)}
    os.write(stdout, json.dumps(answer).encode("utf-8"))


if __name__ == "__main__":
    _main(sys.argv[1])
