"""A backend that runs nothing, or sleeps or burns for a stated time: the floor of the runner, and tests."""

import time
from typing import Any, Callable, Dict, Optional

from edgebench_runner import __version__
from edgebench_runner.backends import _base
from edgebench_runner.clock import now_ns


class Backend(_base.Backend):
    """Does nothing for each inference, unless told to sleep or to burn."""

    formats = ()
    needs_artifact = False
    options = {
        "sleep_s": _base.option("float", 0.0, "seconds to sleep in each inference", minimum=0),
        "burn_s": _base.option("float", 0.0, "seconds to keep one core busy in each inference", minimum=0),
    }

    def import_runtime(self) -> str:
        """Return the runner's own version."""
        return __version__

    def load(self, artifact: Optional[Dict]) -> None:
        """Load nothing."""

    def infer(self, tensor: Any) -> Any:
        """Return the input."""
        return tensor

    def stream(self, index: int) -> Callable[[Any], Any]:
        """Return what does nothing, or what waits where waiting was asked for."""
        return self._wait if self.settings["sleep_s"] or self.settings["burn_s"] else self.infer

    def _wait(self, tensor: Any) -> Any:
        time.sleep(self.settings["sleep_s"])
        end = now_ns() + int(self.settings["burn_s"] * 1e9)
        while now_ns() < end:
            pass
        return tensor
