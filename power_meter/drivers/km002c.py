"""ChargerLAB POWER-Z KM002C."""

from power_meter.drivers._powerz import PowerZDecoder, PowerZMeter, info

INFO = info("km002c", "5fc9:0061")


class Meter(PowerZMeter):
    """A KM002C."""

    info = INFO


METER = Meter
DECODER = PowerZDecoder
