"""Simulated FNIRSI FNB58."""

from power_meter.simulators._fnirsi import SimulatedFnirsi


class SimulatedFNB58(SimulatedFnirsi):
    """A FNB58."""

    interpolates = False


SIMULATOR = SimulatedFNB58
