"""RDTech UM34C."""

from power_meter.drivers._um import UM34C, UmDecoder, UmMeter

INFO = UM34C.info()


class Meter(UmMeter):
    """A UM34C."""

    info = INFO
    model = UM34C


class Decoder(UmDecoder):
    """Frames of a UM34C."""

    def __init__(self) -> None:
        super().__init__(UM34C)


METER = Meter
DECODER = Decoder
