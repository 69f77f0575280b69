"""A simulated meter, served by a thread of the test on a pseudo-terminal or a local socket."""

import contextlib
import threading
import time
from dataclasses import replace

from power_meter import registry
from power_meter.simulation.faults import faults_from
from power_meter.simulation.load import ScriptLoad, clock_from_now
from power_meter.simulation.model import MeterModel
from power_meter.simulation.serve import serve


@contextlib.contextmanager
def served(name, directory, power_w=3.0, faults=(), **properties):
    """Yield the path that leads to the meter."""
    simulator = registry.load_simulator(name).SIMULATOR
    model = MeterModel(ScriptLoad([(1.0, power_w)]), replace(simulator.properties, **properties))
    device = simulator(model, faults_from(list(faults), "test", simulator.own_faults))
    link, stopped = directory / "port", threading.Event()
    thread = threading.Thread(
        target=serve, args=(device, link, clock_from_now(), lambda: not stopped.is_set(), None)
    )
    thread.start()
    try:
        while not link.exists():
            time.sleep(0.005)
        yield str(link)
    finally:
        stopped.set()
        thread.join()


@contextlib.contextmanager
def opened(name, port, **options):
    """Yield the meter, identified and started."""
    meter = registry.load_driver(name).METER(port, options)
    try:
        meter.identity = meter.identify()
        meter.start()
        yield meter
        meter.stop()
    finally:
        meter.close()


def samples_of(meter, count, within_s=8.0):
    """Return at least ``count`` samples."""
    samples, deadline_s = [], time.monotonic() + within_s
    while len(samples) < count:
        assert time.monotonic() < deadline_s, f"{len(samples)} samples of {count}; {dict(meter.counters)}"
        samples += meter.read()
    return samples
