"""Simulated FNIRSI FNB48S."""

from power_meter.simulators._fnirsi import SimulatedFnirsi


class SimulatedFNB48S(SimulatedFnirsi):
    """A FNB48S."""

    interpolates = True


SIMULATOR = SimulatedFNB48S
