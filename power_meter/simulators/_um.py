"""The simulated UM meters, written from the published table of the 130-byte frame."""

from __future__ import annotations

from typing import ClassVar

from power_meter.simulation.device import SimulatedDevice
from power_meter.simulation.model import MeterProperties, Quantities

IDENTIFIER = {"UM24C": "0963", "UM25C": "09C9", "UM34C": "0D4C"}
FINE = {"UM25C"}  # the model with ten times finer voltage and current
CHECKSUMMED = {"UM34C"}
XORED = [
    1,
    3,
    7,
    9,
    15,
    17,
    19,
    23,
    31,
    39,
    41,
    45,
    49,
    53,
    55,
    57,
    59,
    63,
    67,
    69,
    73,
    79,
    83,
    89,
    97,
    99,
    109,
]
XORED += [111, 113, 119, 121, 127]
REQUEST, CLEAR, FIRST_GROUP = 0xF0, 0xF4, 0xA0
GROUPS = 10


def um_frame(
    model: str,
    shown: Quantities,
    group: int = 0,
    groups: tuple[tuple[int, int], ...] = (),
    d_line_v: float = 0.6,
) -> bytes:
    """Return one frame; ``groups`` are pairs of mAh and mWh."""
    frame = bytearray(130)

    def put(offset: int, size: int, value: float) -> None:
        top = (1 << 8 * size) - 1
        frame[offset : offset + size] = min(max(round(value), 0), top).to_bytes(size, "big")

    finer = 10 if model in FINE else 1
    frame[0:2] = bytes.fromhex(IDENTIFIER[model])
    put(2, 2, shown.voltage_v * 100 * finer)
    put(4, 2, shown.current_a * 1000 * finer)
    put(6, 4, shown.power_w * 1000)
    put(10, 2, shown.temperature_c)
    put(12, 2, shown.temperature_c * 9 / 5 + 32)
    put(14, 2, group)
    for number, (mah, mwh) in enumerate(groups):
        put(16 + 8 * number, 4, mah)
        put(20 + 8 * number, 4, mwh)
    put(96, 2, d_line_v * 100)
    put(98, 2, d_line_v * 100)
    put(100, 2, 7)
    put(118, 2, 1)
    put(120, 2, 2)
    put(122, 4, shown.voltage_v / shown.current_a * 10 if shown.current_a > 0 else 0)
    put(128, 2, 0xFFF1)
    if model in CHECKSUMMED:
        put(128, 2, 0)
        check = 0
        for offset in XORED:
            check ^= frame[offset]
        frame[129] = check
    return bytes(frame)


class SimulatedUm(SimulatedDevice):
    """Answers ``F0`` in a few pieces, with values that change twice a second."""

    model_name: ClassVar[str]
    properties = MeterProperties(update_s=0.5, boxcar_s=0.5, lag_s=0.1, noise_w=0.004)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._group = 0
        self._base_wh = [0.0] * GROUPS
        self._base_ah = [0.0] * GROUPS

    def receive(self, data: bytes, now_s: float) -> None:
        """Obey one-byte commands; unknown ones are ignored."""
        shown = self.model.at(now_s)
        for command in data:
            if command == REQUEST:
                self._answer(now_s)
            elif command == CLEAR:
                self._base_wh[self._group], self._base_ah[self._group] = shown.energy_wh, shown.charge_ah
            elif FIRST_GROUP <= command < FIRST_GROUP + GROUPS:
                self._group = command - FIRST_GROUP

    def _answer(self, now_s: float) -> None:
        shown = self.model.at(now_s)
        groups = [(0, 0)] * GROUPS
        charge, energy = (
            shown.charge_ah - self._base_ah[self._group],
            shown.energy_wh - self._base_wh[self._group],
        )
        groups[self._group] = (int(charge * 1000), int(energy * 1000))
        frame = um_frame(self.model_name, shown, self._group, tuple(groups))
        at_s = now_s + self.random.uniform(0.05, 0.15)
        for piece in self.faults.apply(frame, at_s):
            self._send_in_pieces(piece, at_s)

    def _send_in_pieces(self, frame: bytes, at_s: float) -> None:
        cuts = sorted(self.random.sample(range(1, len(frame)), 3)) if len(frame) > 3 else []
        for start, end in zip([0, *cuts], [*cuts, len(frame)], strict=True):
            self.send_piece(frame[start:end], at_s)
            at_s += 0.004
