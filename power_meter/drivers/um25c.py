"""RDTech UM25C."""

from power_meter.drivers._um import UM25C, UmDecoder, UmMeter

INFO = UM25C.info()


class Meter(UmMeter):
    """A UM25C."""

    info = INFO
    model = UM25C


class Decoder(UmDecoder):
    """Frames of a UM25C."""

    def __init__(self) -> None:
        super().__init__(UM25C)


METER = Meter
DECODER = Decoder
