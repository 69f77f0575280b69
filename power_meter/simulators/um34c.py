"""Simulated RDTech UM34C."""

from power_meter.simulators._um import SimulatedUm


class SimulatedUM34C(SimulatedUm):
    """A UM34C."""

    model_name = "UM34C"


SIMULATOR = SimulatedUM34C
