"""FNIRSI FNB58."""

from power_meter.drivers._fnirsi import FNB58, FnirsiDecoder, FnirsiMeter

INFO = FNB58.info()


class Meter(FnirsiMeter):
    """A FNB58."""

    info = INFO
    model = FNB58


METER = Meter
DECODER = FnirsiDecoder
