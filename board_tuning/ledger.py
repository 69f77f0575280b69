"""What was found on the board before it was tuned. Written before the first change, kept until it is put back.

``ledger.json``: ``{"schema": "edgebench/tuning_ledger/1", "knobs": {name: {"before": state, "wanted": …,
"tuned_utc": …, "changed_in_boot": boot id}}}``.
"""

import json
import os
import time
from typing import Any, Dict, Optional

from board_tuning.errors import TuningError

SCHEMA = "edgebench/tuning_ledger/1"


class Ledger(object):
    """The ledger in a directory of the board's disk."""

    def __init__(self, directory: str) -> None:
        self.path = os.path.join(directory, "ledger.json")
        self.knobs = self._load()

    def _load(self) -> Dict[str, Dict[str, Any]]:
        try:
            with open(self.path, encoding="utf-8") as file:
                content = json.load(file)
        except FileNotFoundError:
            return {}
        except ValueError as error:
            message = "{}: not JSON ({}): what the board was like before is in there; repair it by hand"
            raise TuningError(message.format(self.path, error)) from error
        if content.get("schema") != SCHEMA:
            raise TuningError(
                "{}: schema {!r}, expected {!r}".format(self.path, content.get("schema"), SCHEMA)
            )
        return content["knobs"]

    def record(self, name: str, before: Any, wanted: Any) -> None:
        """Note what is wanted and, the first time only, what was there before: of a part that is new, too."""
        entry = self.knobs.setdefault(name, {"before": before, "changed_in_boot": None})
        if isinstance(before, dict):
            entry["before"] = dict(before, **entry["before"])
        entry["wanted"] = wanted
        entry["tuned_utc"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def note_change(self, name: str, boot_id: Optional[str]) -> None:
        """Note the boot in which a knob was last written."""
        self.knobs[name]["changed_in_boot"] = boot_id

    def found(self, name: str) -> Optional[Any]:
        """Return what was there before, ``None`` where the knob was never touched."""
        return self.knobs.get(name, {}).get("before")

    def forget(self, name: str) -> None:
        """Remove a knob that is as it was before."""
        del self.knobs[name]

    def save(self) -> None:
        """Write the ledger so that a crash leaves the old one or the new one."""
        directory = os.path.dirname(self.path)
        os.makedirs(directory, exist_ok=True)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"schema": SCHEMA, "knobs": self.knobs}, file, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
