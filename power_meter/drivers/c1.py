"""FNIRSI C1."""

from power_meter.drivers._fnirsi import C1, FnirsiDecoder, FnirsiMeter

INFO = C1.info()


class Meter(FnirsiMeter):
    """A C1."""

    info = INFO
    model = C1


METER = Meter
DECODER = FnirsiDecoder
