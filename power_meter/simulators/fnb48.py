"""Simulated FNIRSI FNB48."""

from power_meter.simulators._fnirsi import SimulatedFnirsi


class SimulatedFNB48(SimulatedFnirsi):
    """A FNB48."""

    interpolates = False


SIMULATOR = SimulatedFNB48
