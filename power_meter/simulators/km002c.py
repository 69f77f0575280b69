"""Simulated POWER-Z KM002C, which speaks as the KM003C does."""

from power_meter.simulators.km003c import SimulatedKM003C


class SimulatedKM002C(SimulatedKM003C):
    """A KM002C."""


SIMULATOR = SimulatedKM002C
