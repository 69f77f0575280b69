"""ChargerLAB POWER-Z KM002C and KM003C: ADC polls, and the queue that authenticated hosts may read."""

from __future__ import annotations

import re
import struct
import time
import zlib
from typing import Any

from power_meter.contract import Caps, Decoder, DriverInfo, MeterError, Reading
from power_meter.pacing import Pace
from power_meter.streaming import StreamingMeter
from power_meter.transports.bulk import BulkPort
from power_meter.transports.packets import PacketPort

CONNECT, DISCONNECT, ACCEPT, REJECT, GET_DATA, START_GRAPH, STOP_GRAPH = (
    0x02,
    0x03,
    0x05,
    0x06,
    0x0C,
    0x0E,
    0x0F,
)
PUT_DATA, MEMORY_READ, STREAMING_AUTH = 0x41, 0x44, 0x4C
CONTROL = (CONNECT, DISCONNECT, ACCEPT, REJECT, GET_DATA, START_GRAPH, STOP_GRAPH)
ADC, ADC_QUEUE = 0x0001, 0x0002
ADC_BYTES, QUEUE_BYTES = 44, 20
TICK_NS, TICK_WRAP = 1_000_000, 1 << 16
RATES_HZ = (2, 10, 50, 1000)
MEMORY_KEY, AUTH_KEY = b"Lh2yfB7n6X7d9a5Z", b"Fa0b4tA25f4R038a"
HARDWARE_ID_ADDRESS, HARDWARE_ID_BYTES = 0x40010450, 12
AUTHENTICATED = 0x0203
FILLER = re.compile(rb"\0*")
ANSWER_S = 0.2
QUEUE_POLL_S = 0.04

CAPS = Caps(
    nominal_hz=100,
    update_hz=100,
    group_delay_s=0.0,
    v_resolution=1e-6,
    i_resolution=1e-6,
    v_range=55.0,
    i_range=7.0,
    signed=True,
)


def info(name: str, usb_id: str) -> DriverInfo:
    """Return the catalogue entry of one of the two models."""
    return DriverInfo(
        name=name,
        transport="hid",
        help=f"ChargerLAB POWER-Z {name.upper()} over USB HID (/dev/hidrawN) or bulk (bulk:{usb_id})",
        caps=CAPS,
        usb_ids=(usb_id,),
        options={
            "queue": "true: read the meter's own 1 kHz queue (authenticates; port bulk:VID:PID[:SERIAL])"
        },
    )


def request(kind: int, transaction: int, attribute: int = 0) -> bytes:
    """Return a four-byte control packet."""
    return bytes([kind, transaction]) + (attribute << 1).to_bytes(2, "little")


class PowerZDecoder(Decoder):
    """Splits packets by the lengths in their headers and takes ADC values and queued samples.

    The protocol has no checksum: a packet must agree with its own lengths, and its values with the meter's
    range.
    """

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self._tick: int | None = None
        self._wraps = 0

    def feed(self, data: bytes) -> list[Reading]:
        """See the base class."""
        buffer, position, readings = self._buffer + data, 0, []
        while len(buffer) - position >= 4:
            size = _packet_size(buffer, position)
            if size is None:
                break
            if size == 0:
                position = self._skip_garbage(buffer, position)
                continue
            if len(buffer) - position < size:
                break
            readings += self._packet(buffer[position : position + size])
            position += size
        self._buffer = buffer[position:]
        return readings

    def finish(self) -> None:
        """See the base class."""
        if self._buffer.strip(b"\0"):
            self.reject("short_frames", f"the input ends within a packet ({len(self._buffer)} bytes)")
        self._buffer = b""

    def reset(self) -> None:
        """See the base class."""
        self._buffer = b""

    def _skip_garbage(self, buffer: bytes, position: int) -> int:
        """Return where the next data packet may begin; zeros that fill up a report are no garbage."""
        filled_to = FILLER.match(buffer, position).end()  # type: ignore[union-attr]
        if filled_to > position:
            return filled_to
        self.reject("garbage", f"no packet begins with {buffer[position : position + 4].hex()}")
        found = buffer.find(bytes([PUT_DATA]), position + 1)
        return found if found >= 0 else len(buffer)

    def _packet(self, packet: bytes) -> list[Reading]:
        if packet[0] & 0x7F != PUT_DATA:
            return []
        readings: list[Reading] = []
        position, more = 4, len(packet) > 4
        while more:
            if len(packet) - position < 4:
                self.reject("short_frames", "a data packet ends within a header")
                return []
            (header,) = struct.unpack_from("<I", packet, position)
            attribute, more = header & 0x7FFF, bool(header >> 15 & 1)
            chunks, size = header >> 16 & 0x3F, header >> 22
            length = size * chunks if attribute == ADC_QUEUE else size
            payload = packet[position + 4 : position + 4 + length]
            if len(payload) != length or (not more and position + 4 + length != len(packet)):
                self.reject("short_frames", "the lengths in a data packet contradict each other")
                return []
            readings += self._payload(attribute, size, payload)
            position += 4 + length
        return readings

    def _payload(self, attribute: int, size: int, payload: bytes) -> list[Reading]:
        if attribute == ADC and size == ADC_BYTES:
            found = [self._adc(payload)]
        elif attribute == ADC_QUEUE and size == QUEUE_BYTES:
            found = [self._queued(payload[k : k + size]) for k in range(0, len(payload), size)]
        else:
            return []
        if not all(self.plausible(reading, CAPS) for reading in found):
            return []
        self.counters["frames"] += bool(found)
        return found

    @staticmethod
    def _adc(payload: bytes) -> Reading:
        micro_v, micro_a = struct.unpack_from("<ii", payload, 0)
        (temperature,) = struct.unpack_from("<h", payload, 24)
        lines = struct.unpack_from("<5H", payload, 26)
        names = ("cc1_v", "cc2_v", "d_plus_v", "d_minus_v", "vdd_v")
        details: dict[str, Any] = {"temperature_c": temperature / 128}
        details |= {name: value / 1e4 for name, value in zip(names, lines, strict=True)}
        volts, amperes = micro_v / 1e6, micro_a / 1e6
        return Reading(volts, amperes, abs(volts * amperes), details=details)

    def _queued(self, sample: bytes) -> Reading:
        tick, _, micro_v, micro_a = struct.unpack_from("<HHii", sample, 0)
        if self._tick is not None and tick < self._tick:
            self._wraps += 1
        self._tick = tick
        total = self._wraps * TICK_WRAP + tick
        volts, amperes = micro_v / 1e6, micro_a / 1e6
        return Reading(volts, amperes, abs(volts * amperes), device_ns=total * TICK_NS, sequence=total)


def _packet_size(buffer: bytes, position: int) -> int | None:
    """Return the length of the packet that begins here, 0 when none does, None when that is not known yet."""
    kind = buffer[position] & 0x7F
    if kind in CONTROL:
        return 4
    if kind != PUT_DATA:
        return 0
    (header,) = struct.unpack_from("<I", buffer, position)
    words: int = header >> 22
    if words > 1021:
        return 4
    return (words + 3) * 4


class PowerZMeter(StreamingMeter):
    """Polls the ADC a hundred times a second, or empties the queue where that is asked for."""

    decoder: PowerZDecoder

    def __init__(self, port: str, options: dict[str, Any]) -> None:
        super().__init__(port, options)
        self.decoder = PowerZDecoder()
        self._port = BulkPort(port) if port.startswith("bulk:") else PacketPort(port)
        self._queue = bool(options.get("queue", False))
        self._late: list[bytes] = []
        self._transaction = 0
        self._attribute = ADC
        self._pace = Pace(1 / CAPS.nominal_hz)

    def identify(self) -> dict[str, str | None]:
        """See the base class; one poll shows that the right meter answers."""
        self._port.drain()
        self.wait_for_first()
        return {"model": self.info.name.upper(), "firmware": None, "serial": None}

    def start(self, rate_hz: float | None = None) -> None:
        """See the base class."""
        if not self._queue:
            self._pace = Pace(1 / (rate_hz or CAPS.nominal_hz))
            return
        self._ask(request(CONNECT, self._next()), ACCEPT)
        self._authenticate()
        wanted = rate_hz or RATES_HZ[-1]
        index = next((k for k, rate in enumerate(RATES_HZ) if rate >= wanted), len(RATES_HZ) - 1)
        self._ask(request(START_GRAPH, self._next(), index), ACCEPT)
        self._attribute, self._pace = ADC_QUEUE, Pace(QUEUE_POLL_S)

    def stop(self) -> None:
        """See the base class."""
        if self._queue:
            self._ask(request(STOP_GRAPH, self._next()), ACCEPT)
            self._ask(request(DISCONNECT, self._next()), ACCEPT)

    def receive(self) -> list[bytes]:
        """See the base class."""
        self._pace.wait()
        self._port.write(request(GET_DATA, self._next(), self._attribute))
        return self._port.read_packets(ANSWER_S)

    def close(self) -> None:
        """See the base class."""
        self._port.close()

    def _next(self) -> int:
        self._transaction = (self._transaction + 1) % 256
        return self._transaction

    def _ask(self, packet: bytes, expected: int) -> bytes:
        """Send a packet and return the answer of the expected kind.

        What came behind it is kept in ``_late``.
        """
        self._port.write(packet)
        deadline_s = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline_s:
            answers = self._port.read_packets(ANSWER_S)
            for number, answer in enumerate(answers):
                if answer[0] & 0x7F == expected:
                    self._late = answers[number + 1 :]
                    return answer
                if answer[0] == REJECT:
                    raise MeterError(f"port {self.port}: the meter rejected request {packet[0]:#04x}")
        raise MeterError(f"port {self.port}: no answer to request {packet[0]:#04x}")

    def _authenticate(self) -> None:
        self._ask(memory_read(self._next(), HARDWARE_ID_ADDRESS, HARDWARE_ID_BYTES), MEMORY_READ)
        data = b"".join(self._late or self._port.read_packets(ANSWER_S))
        if len(data) < 16:
            raise MeterError(f"port {self.port}: the meter does not show its hardware id")
        hardware_id = aes_ecb(MEMORY_KEY, data[:16], decrypt=True)[:HARDWARE_ID_BYTES]
        answer = self._ask(
            authentication(self._next(), time.time_ns() // 1_000_000, hardware_id), STREAMING_AUTH
        )
        if int.from_bytes(answer[2:4], "little") != AUTHENTICATED:
            raise MeterError(
                f"port {self.port}: the meter refused the authentication; use its ADC (queue: false)"
            )


def aes_ecb(key: bytes, data: bytes, *, decrypt: bool = False) -> bytes:
    """Apply AES in ECB mode, as the meter does."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(key), modes.ECB())
    operation = cipher.decryptor() if decrypt else cipher.encryptor()
    return operation.update(data) + operation.finalize()


def memory_read(transaction: int, address: int, size: int) -> bytes:
    """Return the request to read ``size`` bytes of the meter's memory."""
    plain = struct.pack("<III", address, size, 0xFFFFFFFF)
    plain += struct.pack("<I", zlib.crc32(plain)) + b"\xff" * 16
    return bytes([MEMORY_READ, transaction, 1, 1]) + aes_ecb(MEMORY_KEY, plain)


def authentication(transaction: int, time_ms: int, hardware_id: bytes) -> bytes:
    """Return the request that opens the queue; the last 12 bytes are free to choose."""
    plain = struct.pack("<Q", time_ms) + hardware_id + bytes(12)
    return bytes([STREAMING_AUTH, transaction, 0, 2]) + aes_ecb(AUTH_KEY, plain)
