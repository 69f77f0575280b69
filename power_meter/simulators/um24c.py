"""Simulated RDTech UM24C."""

from power_meter.simulators._um import SimulatedUm


class SimulatedUM24C(SimulatedUm):
    """A UM24C."""

    model_name = "UM24C"


SIMULATOR = SimulatedUM24C
