"""The bytes that were measured are the bytes that were meant: hashed after the window."""

from typing import Dict, Tuple

from edgebench_runner import atomic

_CHECKED = ("ok", "crashed", "load_failed", "unsupported", "wrong_answer")


def verify(spec: Dict, outcome: str, detail: str) -> Tuple[str, str]:
    """Return the outcome, or ``load_failed`` where the artifact or the dataset is not the one the spec names.

    Hashing before the cell would draw the artifact into the page cache and shorten the load it is to measure.
    """
    if outcome not in _CHECKED:
        return outcome, detail
    files = [(part, spec[part]) for part in ("artifact", "dataset") if spec[part] is not None]
    files += [("artifact", entry) for entry in (spec["artifact"] or {}).get("beside", [])]
    for part, entry in files:
        path, wanted = entry["path"], entry["sha256"]
        try:
            found = atomic.sha256_file(path)
        except OSError as error:
            return "load_failed", "{} {}: {}".format(part, path, error.strerror)
        if found != wanted:
            return "load_failed", "{} {} has SHA-256 {}, the spec says {}".format(part, path, found, wanted)
    return outcome, detail
