"""FNIRSI FNB48."""

from power_meter.drivers._fnirsi import FNB48, FnirsiDecoder, FnirsiMeter

INFO = FNB48.info()


class Meter(FnirsiMeter):
    """A FNB48."""

    info = INFO
    model = FNB48


METER = Meter
DECODER = FnirsiDecoder
