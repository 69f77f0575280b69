"""ChargerLAB POWER-Z KM003C."""

from power_meter.drivers._powerz import PowerZDecoder, PowerZMeter, info

INFO = info("km003c", "5fc9:0063")


class Meter(PowerZMeter):
    """A KM003C."""

    info = INFO


METER = Meter
DECODER = PowerZDecoder
