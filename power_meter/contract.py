"""What a driver is: the types every meter, decoder and recorder shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import IntFlag
from typing import Any, ClassVar, NamedTuple


class UsageError(Exception):
    """The user asked for something impossible: one message, exit code 2."""


def number_option(options: dict[str, Any], key: str, default: float | None = None) -> float | None:
    """Return a driver's option as a number above zero, or ``default`` where it is not given.

    Raises:
        UsageError: it is something else.
    """
    value = options.get(key, default)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
        return value
    raise UsageError(f"option {key!r}: found {value!r}, valid: a number above 0")


class MeterError(Exception):
    """The meter answered wrongly or not at all; the recorder reconnects."""


class MeterUnpluggedError(MeterError):
    """The port is gone, or was never there."""


class Flag(IntFlag):
    """What is particular about a sample."""

    DUPLICATE = 1  # voltage and current equal the previous sample's: the meter has not measured anew
    INTERPOLATED = 2  # the meter made the value up between two measurements
    FIRST_AFTER_GAP = 4


class Reading(NamedTuple):
    """One measurement as the meter sent it, without a host time.

    ``power_w`` is the meter's own power where it sends one, else voltage x current. ``device_ns`` is the
    meter's own clock, from an arbitrary zero; ``age_ns`` is how much older the reading is than the newest
    of its packet.
    """

    voltage_v: float
    current_a: float
    power_w: float
    device_ns: int | None = None
    sequence: int | None = None
    age_ns: int = 0
    details: dict[str, Any] | None = None


class Sample(NamedTuple):
    """A reading with the recorder's CLOCK_MONOTONIC time in nanoseconds."""

    t_ns: int
    voltage_v: float
    current_a: float
    power_w: float
    device_ns: int | None = None
    sequence: int | None = None
    flags: int = 0


@dataclass(frozen=True)
class Caps:
    """What a meter can do; written into every trace.

    ``u_v_pct`` and ``u_i_pct`` are limits of error in percent of reading. 0.5 and 1.0 stand where no maker's
    specification could be confirmed.
    """

    nominal_hz: float
    update_hz: float
    group_delay_s: float
    v_resolution: float
    i_resolution: float
    v_range: float
    i_range: float
    u_v_pct: float = 0.5
    u_i_pct: float = 1.0
    timestamp: str = "host"  # host | device_tick | device_us | device_ms
    signed: bool = False
    accumulators: bool = False
    energy_resolution_wh: float | None = None  # a step of the energy that the meter counts itself
    batch: int = 1


@dataclass(frozen=True)
class DriverInfo:
    """A driver's entry in the catalogue."""

    name: str
    transport: str  # serial | hid | network | sysfs | command | file | library
    help: str
    caps: Caps
    scopes: tuple[str, ...] = ("dc_input",)
    usb_ids: tuple[str, ...] = ()
    usb_manufacturer: str | None = None
    usb_interface: str | None = None  # end of the interface's number, for devices with more than one port
    usb_disk: bool = False  # the meter also shows a disk, which nobody should mount
    usb_serial_distinct: bool = True  # False where units are known to share one serial number
    on_board: bool = False  # wired in a board: the board reads it itself, unless the inventory says otherwise
    options: dict[str, str] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return the JSON object that ``drivers --json`` prints for this driver."""
        return {
            "name": self.name,
            "transport": self.transport,
            "nominal_hz": self.caps.nominal_hz,
            "update_hz": self.caps.update_hz,
            "scopes": list(self.scopes),
            "usb_ids": list(self.usb_ids),
            "on_board": self.on_board,
            "options": self.options,
            "caps": asdict(self.caps),
            "help": self.help,
        }


class Decoder(ABC):
    """Turns a meter's bytes into readings; pure, so that captures decode as live bytes do.

    A frame that fails its check yields no reading: it is counted and leaves a one-line reason.
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter(
            frames=0, checksum_errors=0, short_frames=0, resyncs=0, implausible=0
        )
        self.last_reason: str | None = None

    @abstractmethod
    def feed(self, data: bytes) -> list[Reading]:
        """Take any number of bytes, whole frames or not; return the readings they complete."""

    def finish(self) -> None:  # noqa: B027 - a decoder that keeps no remainder has nothing to do
        """Declare the end of the input; an incomplete frame counts as short."""

    def reset(self) -> None:  # noqa: B027 - as above
        """Forget a partial frame, as after a flush of the port."""

    def reject(self, counter: str, reason: str) -> None:
        """Count a bad frame and keep the reason."""
        self.counters[counter] += 1
        self.last_reason = reason

    def plausible(self, reading: Reading, caps: Caps) -> bool:
        """Tell whether a reading lies in the meter's range.

        One that does not is counted and must be dropped.
        """
        within = abs(reading.voltage_v) <= caps.v_range and abs(reading.current_a) <= caps.i_range
        if not within:  # also for a NaN, which no comparison holds for
            self.reject(
                "implausible",
                f"{reading.voltage_v:g} V, {reading.current_a:g} A are out of the meter's range",
            )
        return within

    @property
    def bad(self) -> int:
        """Number of frames rejected so far."""
        return sum(n for name, n in self.counters.items() if name not in ("frames", "resyncs"))


class Meter(ABC):
    """One open connection to one meter.

    The constructor opens the port and raises MeterError when it cannot.
    """

    info: ClassVar[DriverInfo]

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        self.port = port
        self.options = options
        self.identity: dict[str, str | None] = {"model": None, "firmware": None, "serial": None}

    @property
    def caps(self) -> Caps:
        """Capabilities of this very meter.

        A driver overrides it where they depend on the device or the options.
        """
        return self.info.caps

    @property
    @abstractmethod
    def counters(self) -> Counter[str]:
        """Counts of frames and faults since the connection was opened."""

    @abstractmethod
    def identify(self) -> dict[str, str | None]:
        """Ask the meter who it is: ``model``, ``firmware``, ``serial``; None where it does not say."""

    @abstractmethod
    def start(self, rate_hz: float | None = None) -> None:
        """Begin measuring, at the meter's own rate unless ``rate_hz`` asks for another."""

    @abstractmethod
    def read(self) -> list[Sample]:
        """Return what has been measured since the last call, oldest first.

        Blocks at most about 0.3 s; an empty list means silence. Raises MeterUnpluggedError when the port is
        gone.
        """

    def stop(self) -> None:  # noqa: B027 - a polled meter has nothing to stop
        """End measuring."""

    @abstractmethod
    def close(self) -> None:
        """Close the port; safe to call twice."""

    def take_accumulators(self) -> dict[str, float] | None:
        """Return the newest accumulator values (``energy_wh``, ``charge_ah``) or None where the meter has
        none.
        """
        return None
