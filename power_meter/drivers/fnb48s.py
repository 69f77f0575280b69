"""FNIRSI FNB48S."""

from power_meter.drivers._fnirsi import FNB48S, FnirsiDecoder, FnirsiMeter

INFO = FNB48S.info()


class Meter(FnirsiMeter):
    """A FNB48S."""

    info = INFO
    model = FNB48S


METER = Meter
DECODER = FnirsiDecoder
