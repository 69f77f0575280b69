"""RDTech UM24C."""

from power_meter.drivers._um import UM24C, UmDecoder, UmMeter

INFO = UM24C.info()


class Meter(UmMeter):
    """A UM24C."""

    info = INFO
    model = UM24C


class Decoder(UmDecoder):
    """Frames of a UM24C."""

    def __init__(self) -> None:
        super().__init__(UM24C)


METER = Meter
DECODER = Decoder
