"""Can the backend be imported by the environment's Python?"""

from typing import Tuple

from edgebench_runner import backend_probe


def check(about) -> Tuple[str, str, str]:  # type: ignore[no-untyped-def]
    """Import the runtime in a process of its own, where the caller named one."""
    if about.backend is None:
        return "unknown", "no backend named", "name one with --backend"
    found = backend_probe.probe(about.backend, about.python)
    if found["available"]:
        return "pass", "{} {}".format(about.backend, found["version"]), ""
    return "fail", found["reason"], "install it in this environment, or choose another"
