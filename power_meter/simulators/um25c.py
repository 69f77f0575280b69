"""Simulated RDTech UM25C."""

from power_meter.simulators._um import SimulatedUm


class SimulatedUM25C(SimulatedUm):
    """A UM25C."""

    model_name = "UM25C"


SIMULATOR = SimulatedUM25C
