"""Can the libraries of the accelerators be loaded?"""

import subprocess
import sys
from typing import List, Optional, Tuple

from edgebench_runner import environment
from edgebench_runner.outcome import signal_name

_TIMEOUT_S = 60
# In a process of its own: a library for another C library or another core can crash.
_LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).tflite_plugin_create_delegate"


def check(about) -> Optional[Tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    """Load each delegate and look for its entry point; ``None`` where there is none."""
    libraries: List[str] = about.expected.get("delegates", [])
    if not libraries:
        return None
    python = about.python or sys.executable
    refusals = [reason for reason in (_refusal(library, python) for library in libraries) if reason]
    if refusals:
        advice = "provision again; is the library made for this release and processor?"
        return "fail", "; ".join(refusals), advice
    return "pass", ", ".join(libraries), ""


def _refusal(library: str, python: str) -> Optional[str]:
    command, variables = [python, "-c", _LOAD, library], environment.variables(python)
    try:
        done = subprocess.run(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "{}: {}".format(library, error)
    if done.returncode < 0:
        return "{}: died of {}".format(library, signal_name(-done.returncode))
    if done.returncode > 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        return "{}: {}".format(library, words[-1])
    return None
