"""Power of a Jetson's supply rails in watts, from its INA3221 monitors."""

from typing import Callable, Dict, Optional

from edgebench_runner.meters import MeterError, Values, ina3221


class Probe(object):
    """Reads each labelled rail."""

    def __init__(self, root: str = ina3221.DRIVERS) -> None:
        self._rails = ina3221.rails(root)

    def read(self) -> Dict:
        """Return ``rails_w``, or nothing where there is no monitor."""
        return (
            {"rails_w": {label: _watts(read) for label, read in self._rails.items()}} if self._rails else {}
        )


def _watts(read: Callable[[], Values]) -> Optional[float]:
    try:
        return read()[2]
    except MeterError:
        return None
