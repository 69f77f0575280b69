"""How a meter sees its load: it averages, lags, refreshes at its own rate and adds noise."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from power_meter.simulation.load import Load, mean_power_w

MINIMUM_BOXCAR_S = 1e-6


class Quantities(NamedTuple):
    """What the meter holds on its display.

    Volts, amperes, watts, watt-hours, ampere-hours, degrees Celsius.
    """

    voltage_v: float
    current_a: float
    power_w: float
    energy_wh: float
    charge_ah: float
    temperature_c: float


@dataclass(frozen=True)
class MeterProperties:
    """Internal behaviour of a meter model.

    Attributes:
        update_s: period at which the values refresh; polls in between return the same values.
        boxcar_s: length of the moving average over the true power.
        lag_s: delay after the average.
        gain: factor on the true current, the calibration error.
        noise_w: standard deviation of white noise on the power of each refresh.
        voltage_v: supply voltage without load.
        source_ohm: resistance of supply and cable; the voltage sags by current x this.
    """

    update_s: float
    boxcar_s: float = 0.0
    lag_s: float = 0.0
    gain: float = 1.0
    noise_w: float = 0.0
    voltage_v: float = 5.1
    source_ohm: float = 0.05
    temperature_c: float = 31.0
    seed: int = 1


class MeterModel:
    """The analogue half of a simulated meter."""

    def __init__(self, load: Load, properties: MeterProperties) -> None:
        self.properties = properties
        self._load = load
        self._tick = -1
        self._random = random.Random(properties.seed)
        self._held = Quantities(properties.voltage_v, 0.0, 0.0, 0.0, 0.0, properties.temperature_c)

    def next_update_s(self) -> float:
        """Return when the values refresh next."""
        return (self._tick + 1) * self.properties.update_s

    def observe(self, now_s: float) -> None:
        """Let the load take note of the present; values asked for later than that are made of what it saw."""
        self._load.observe(now_s)

    def at(self, now_s: float) -> Quantities:
        """Return the values on display at ``now_s``, which must not go back."""
        tick = int(now_s / self.properties.update_s + 1e-9)
        if tick > self._tick:
            self._tick = tick
            self._held = self._measure(tick * self.properties.update_s)
        return self._held

    def _measure(self, t_s: float) -> Quantities:
        own = self.properties
        end_s = t_s - own.lag_s
        power = mean_power_w(self._load, end_s - max(own.boxcar_s, MINIMUM_BOXCAR_S), end_s)
        power = max(power * own.gain + self._random.gauss(0.0, own.noise_w), 0.0)
        voltage = own.voltage_v
        for _ in range(2):  # the sag is small: two rounds settle it
            voltage = own.voltage_v - power / voltage * own.source_ohm
        energy_wh = max(own.gain * self._load.energy_j(end_s), 0.0) / 3600
        return Quantities(
            voltage, power / voltage, power, energy_wh, energy_wh / own.voltage_v, own.temperature_c
        )
