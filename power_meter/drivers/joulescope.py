"""Joulescope JS110 and JS220 through their maker's library: means over an interval, formed in the instrument.

The instrument samples one or two million times a second and adds up charge and energy itself, so a reading that is
lost on the way costs no energy: the difference of the counters stands.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from typing import Any

from power_meter.contract import (
    Caps,
    DriverInfo,
    Meter,
    MeterError,
    MeterUnpluggedError,
    Sample,
    number_option,
)
from power_meter.device_clock import DeviceClock
from power_meter.optional import library

LIBRARY = "pyjoulescope_driver"
LIBRARY_ERRORS = (RuntimeError, OSError)  # a TimeoutError is an OSError
SAMPLES_HZ = 1_000_000  # of a JS220, whose intervals are counted in samples
JS110_HZ = 2.0
READ_S, FIRST_WITHIN_S, SILENT_S = 0.25, 3.0, 1.5
J_PER_WH = 3600.0

INFO = DriverInfo(
    name="joulescope",
    transport="library",
    help="Joulescope JS110/JS220 through the library pyjoulescope_driver",
    caps=Caps(
        nominal_hz=100,
        update_hz=100,
        group_delay_s=0.0,
        v_resolution=1e-6,
        i_resolution=1e-9,
        v_range=15.0,
        i_range=10.0,
        timestamp="device_us",
        signed=True,
        accumulators=True,
        energy_resolution_wh=1e-6,
    ),
    usb_ids=("16d0:0e88", "16d0:10ba"),
    options={"rate_hz": "readings a second of a JS220 (default: 100); a JS110 gives 2"},
)


class Joulescope(Meter):
    """Subscribes to the instrument's statistics; ``port`` is ``auto`` or a device path of the library."""

    info = INFO

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self._rate_hz = number_option(options, "rate_hz", INFO.caps.nominal_hz) or INFO.caps.nominal_hz
        self._counters: Counter[str] = Counter(frames=0, implausible=0)
        self._values: queue.Queue[dict[str, Any]] = queue.Queue()
        self._clock = DeviceClock()
        self._accumulated: dict[str, float] | None = None
        self._heard_s = time.monotonic()
        self._driver: Any = library(LIBRARY, INFO.name).Driver()
        try:
            self._path = self._find()
            self._driver.open(self._path)
        except LIBRARY_ERRORS as error:
            self._driver.finalize()
            raise MeterUnpluggedError(f"port {port}: {error}") from error
        except MeterError:
            self._driver.finalize()
            raise

    @property
    def caps(self) -> Caps:
        """See the base class."""
        rate_hz = JS110_HZ if self._is_js110 else self._rate_hz
        return Caps(**{**vars(INFO.caps), "nominal_hz": rate_hz, "update_hz": rate_hz})

    @property
    def counters(self) -> Counter[str]:
        """See the base class."""
        return self._counters

    @property
    def _is_js110(self) -> bool:
        return "js110" in self._path

    @property
    def _topic(self) -> str:
        return f"{self._path}/s/{'sstats' if self._is_js110 else 'stats'}/value"

    def _find(self) -> str:
        known: list[str] = [path for path in self._driver.device_paths() if "/js" in path]
        fitting = known if self.port == "auto" else [path for path in known if path == self.port]
        if len(fitting) != 1:
            raise MeterUnpluggedError(
                f"port {self.port!r} of driver {INFO.name}: exactly one device must fit, "
                f"found {', '.join(known) or 'none'}"
            )
        return fitting[0]

    def identify(self) -> dict[str, str | None]:
        """See the base class. A device path is u/MODEL/SERIAL."""
        self.start()
        deadline_s = time.monotonic() + FIRST_WITHIN_S
        while not self.read():
            if time.monotonic() > deadline_s:
                raise MeterError(f"port {self.port}: {self._path} publishes no statistics")
        _, model, serial = self._path.rsplit("/", 2)
        return {"model": model.upper(), "firmware": None, "serial": serial}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class."""
        self._rate_hz = rate_hz or self._rate_hz
        self._ask("i/range/select" if self._is_js110 else "i/range/mode", "auto")
        self._driver.unsubscribe_all(self._arrived)
        self._driver.subscribe(self._topic, "pub", self._arrived)
        if not self._is_js110:
            self._ask("stats/scnt", round(SAMPLES_HZ / self._rate_hz))
            self._ask("stats/ctrl", 1)
        self._heard_s = time.monotonic()

    def _ask(self, topic: str, value: object) -> None:
        try:
            self._driver.publish(f"{self._path}/s/{topic}", value)
        except LIBRARY_ERRORS as error:
            raise MeterUnpluggedError(f"port {self.port}: {topic}: {error}") from error

    def _arrived(self, _topic: str, value: dict[str, Any]) -> None:
        """Runs in the library's thread."""
        self._values.put({**value, "arrival_ns": time.monotonic_ns()})

    def read(self) -> list[Sample]:
        """See the base class. A sample stands at the middle of the interval that it is the mean of."""
        samples = []
        try:
            value = self._values.get(timeout=READ_S)
            while True:
                samples += self._sample(value)
                value = self._values.get_nowait()
        except queue.Empty:
            pass
        if samples:
            self._heard_s = time.monotonic()
        elif time.monotonic() - self._heard_s > SILENT_S and self._path not in self._driver.device_paths():
            raise MeterUnpluggedError(f"port {self.port}: {self._path} has gone")
        return samples

    def _sample(self, value: dict[str, Any]) -> list[Sample]:
        signals, times = value["signals"], value["time"]
        voltage, current, power = (
            float(signals[name]["avg"]["value"]) for name in ("voltage", "current", "power")
        )
        caps = INFO.caps
        if not (abs(voltage) <= caps.v_range and abs(current) <= caps.i_range):
            self._counters["implausible"] += 1
            return []
        self._counters["frames"] += 1
        counted = value["accumulators"]
        self._accumulated = {
            "energy_wh": abs(float(counted["energy"]["value"])) / J_PER_WH,
            "charge_ah": abs(float(counted["charge"]["value"])) / J_PER_WH,
        }
        first, last = times["samples"]["value"]
        frequency = times["sample_freq"]["value"]
        end_ns, half_ns = round(last * 1e9 / frequency), round((last - first) * 0.5e9 / frequency)
        [t_ns] = self._clock.stamp([end_ns], value["arrival_ns"])
        return [Sample(t_ns - half_ns, voltage, current, abs(power), end_ns - half_ns)]

    def stop(self) -> None:
        """See the base class."""
        if not self._is_js110:
            self._ask("stats/ctrl", 0)
        self._driver.unsubscribe(self._topic, self._arrived)

    def close(self) -> None:
        """See the base class."""
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            driver.close(self._path)
        except LIBRARY_ERRORS:
            pass  # it is gone already
        finally:
            driver.finalize()

    def take_accumulators(self) -> dict[str, float] | None:
        """See the base class."""
        return self._accumulated


METER = Joulescope
