"""Simulated FNIRSI C1."""

from power_meter.simulators._fnirsi import SimulatedFnirsi


class SimulatedC1(SimulatedFnirsi):
    """A C1."""

    interpolates = False


SIMULATOR = SimulatedC1
