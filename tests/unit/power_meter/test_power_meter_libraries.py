"""Meters that are read through a library, against stand-ins of its documented interface."""

import socketserver
import sys
import threading
import time
from itertools import pairwise
from types import ModuleType, SimpleNamespace

import pytest
from served_meter import opened, samples_of, served

from power_meter import registry
from power_meter.cli import main
from power_meter.contract import MeterUnpluggedError, UsageError
from power_meter.drivers import _powerz
from power_meter.simulation.model import Quantities
from power_meter.simulators.km003c import adc_packet

SHOWN = Quantities(5.1, 1.2, 6.12, 0.5, 0.1, 31.5)


class JoulescopeLibrary:
    """The part of pyjoulescope_driver's Driver that is used, with the statistics it documents."""

    def __init__(self, paths):
        self.paths, self.published, self.subscribed, self.closed = list(paths), {}, {}, False
        self.sample, self.joules = 5_000_000, 100.0

    def device_paths(self):
        return list(self.paths)

    def open(self, path):
        if path not in self.paths:
            raise TimeoutError(f"jsdrv_open timed out | {path}")

    def publish(self, topic, value):
        if topic.rpartition("/s/")[0] not in self.paths:
            raise TimeoutError(f"jsdrv_publish timed out | {topic}")
        self.published[topic.partition("/s/")[2]] = value

    def subscribe(self, topic, flags, function):
        assert flags == "pub"
        self.subscribed[topic] = function

    def unsubscribe(self, topic, function):
        assert self.subscribed.pop(topic) == function

    def unsubscribe_all(self, function):
        self.subscribed = {topic: f for topic, f in self.subscribed.items() if f != function}

    def close(self, path):
        self.open(path)

    def finalize(self):
        self.closed = True

    def measure(self, count, volts=5.0, amperes=0.6):
        """Publish ``count`` statistics of 10 ms each."""
        for _ in range(count):
            begin, self.sample = self.sample, self.sample + 10_000
            self.joules += volts * amperes * 0.01
            value = {
                "time": {
                    "samples": {"value": [begin, self.sample], "units": "samples"},
                    "sample_freq": {"value": 1_000_000, "units": "Hz"},
                },
                "signals": {
                    name: {"avg": {"value": mean, "units": unit}}
                    for name, mean, unit in (
                        ("current", amperes, "A"),
                        ("voltage", volts, "V"),
                        ("power", volts * amperes, "W"),
                    )
                },
                "accumulators": {
                    "charge": {"value": self.joules / volts, "units": "C"},
                    "energy": {"value": self.joules, "units": "J"},
                },
            }
            for topic, function in list(self.subscribed.items()):
                function(topic, value)


@pytest.fixture
def joulescope(monkeypatch):
    made = []

    def use(*paths):
        driver = JoulescopeLibrary(paths)
        made.append(driver)
        monkeypatch.setitem(sys.modules, "pyjoulescope_driver", SimpleNamespace(Driver=lambda: driver))
        return driver

    return use


def test_joulescope_gives_means_at_the_middle_of_their_interval_and_its_own_counters(joulescope):
    driver = joulescope("u/js220/000415")
    threading.Timer(0.05, driver.measure, [3]).start()
    with opened("joulescope", "auto") as meter:
        assert meter.identity == {"model": "JS220", "firmware": None, "serial": "000415"}
        driver.measure(5)
        samples = samples_of(meter, 5)
        assert samples[-1][1:4] == (5.0, 0.6, 3.0)
        steps = {later.device_ns - earlier.device_ns for earlier, later in pairwise(samples)}
        assert steps == {10_000_000}
        assert meter.take_accumulators()["energy_wh"] == pytest.approx((100 + 8 * 0.03) / 3600)
        assert driver.published == {"i/range/mode": "auto", "stats/scnt": 10_000, "stats/ctrl": 1}
        driver.measure(1, amperes=400.0)
        assert meter.read() == []
        assert meter.counters["implausible"] == 1
    assert driver.published["stats/ctrl"] == 0
    assert driver.closed


def test_joulescope_js110_is_read_at_its_own_rate(joulescope):
    driver = joulescope("u/js110/002557")
    threading.Timer(0.05, driver.measure, [1]).start()
    with opened("joulescope", "u/js110/002557") as meter:
        assert meter.caps.update_hz == 2
        assert list(driver.subscribed) == ["u/js110/002557/s/sstats/value"]


def test_joulescope_that_goes_is_noticed_and_one_of_two_must_be_named(joulescope, monkeypatch):
    driver = joulescope("u/js220/1", "u/js220/2")
    with pytest.raises(MeterUnpluggedError, match="found u/js220/1, u/js220/2"):
        registry.load_driver("joulescope").METER("auto", {})
    meter = registry.load_driver("joulescope").METER("u/js220/2", {})
    meter.start()
    driver.paths.clear()
    monkeypatch.setattr("power_meter.drivers.joulescope.SILENT_S", 0.0)
    with pytest.raises(MeterUnpluggedError, match="has gone"):
        meter.read()
    meter.close()


class VisaError(Exception):
    """What PyVISA raises."""


def visa_of(answers):
    """Return a stand-in for pyvisa whose instrument answers from a mapping, and fails where it has no answer."""

    class Instrument:
        timeout = None

        def query(self, question):
            if question not in answers:
                raise VisaError("VI_ERROR_TMO")
            return answers[question] + "\n"

        def close(self):
            """Nothing to close."""

    class Manager:
        def __init__(self, implementation):
            assert implementation == "@py"

        def open_resource(self, name):
            if name != "TCPIP::192.0.2.7::INSTR":
                raise VisaError("VI_ERROR_RSRC_NFOUND")
            return Instrument()

        def close(self):
            """Nothing to close."""

    module = ModuleType("pyvisa")
    module.errors, module.ResourceManager = SimpleNamespace(Error=VisaError), Manager
    return module


def test_yokogawa_is_asked_for_an_element_and_a_mark_for_no_value_is_none(monkeypatch):
    answers = {"*IDN?": "YOKOGAWA,WT310E,C3UA07024E,F1.04"}
    answers |= {
        f":NUMERIC:NORMAL:VALUE? {k}": value for k, value in ((11, "230.1"), (12, "0.05"), (13, "9.2"))
    }
    monkeypatch.setitem(sys.modules, "pyvisa", visa_of(answers))
    port = "TCPIP::192.0.2.7::INSTR"
    with opened("yokogawa", port, element=2, update_s=0.1) as meter:
        assert meter.identity == {"model": "WT310E", "firmware": "F1.04", "serial": "C3UA07024E"}
        assert samples_of(meter, 2)[-1][1:4] == (230.1, 0.05, 9.2)
        assert (meter.caps.update_hz, meter.caps.nominal_hz) == (10, 20)
        answers[":NUMERIC:NORMAL:VALUE? 13"] = "9.91E+37"
        assert meter.read() == []
        answers.clear()
        with pytest.raises(MeterUnpluggedError, match="does not answer"):
            samples_of(meter, 1)
    with pytest.raises(MeterUnpluggedError, match="RSRC_NFOUND"):
        registry.load_driver("yokogawa").METER("TCPIP::192.0.2.8::INSTR", {})
    for wrong, options in (("192.0.2.7", {}), (port, {"element": 4})):
        with pytest.raises(UsageError, match="valid"):
            registry.load_driver("yokogawa").METER(wrong, options)


@pytest.mark.parametrize(
    ("driver", "package", "port"),
    [("joulescope", "pyjoulescope_driver", "auto"), ("yokogawa", "pyvisa", "TCPIP::192.0.2.7::INSTR")],
)
def test_a_library_that_is_absent_is_named_with_what_installs_it(
    driver, package, port, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, package, None)
    meters = tmp_path / "meters.json"
    meters.write_text(f'{{"m1": {{"driver": "{driver}", "port": "{port}"}}}}')
    assert main(["record", "--meter", "m1", "--meters", str(meters), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"needs the Python package {package}" in said
    assert "make meter-libraries" in said


class Relay(socketserver.BaseRequestHandler):
    """Carries bytes between TCP and the simulator's local socket."""

    def handle(self):
        import socket

        with socket.socket(socket.AF_UNIX) as inner:
            inner.connect(self.server.inner)
            back = threading.Thread(target=self._carry, args=(inner, self.request))
            back.start()
            self._carry(self.request, inner)
            inner.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def _carry(source, sink):
        while data := source.recv(4096):
            sink.sendall(data)


def test_ptdaemon_over_tcp(tmp_path):
    with served("ptdaemon", tmp_path) as inner, socketserver.TCPServer(("127.0.0.1", 0), Relay) as server:
        server.inner = inner
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = f"tcp://127.0.0.1:{server.server_address[1]}"
        with opened("ptdaemon", port, interval_ms=100) as meter:
            assert samples_of(meter, 4)[-1].voltage_v == pytest.approx(230.0)
        server.shutdown()
        thread.join()
    with pytest.raises(MeterUnpluggedError, match="refused"):
        registry.load_driver("ptdaemon").METER(port, {})
    with pytest.raises(UsageError, match="tcp://HOST:PORT"):
        registry.load_driver("ptdaemon").METER("tcp://nowhere", {})


class Usb:
    """A KM003C as PyUSB shows it: interface 0 is the vendor's, held by the kernel's driver."""

    class USBError(OSError):
        """As PyUSB's."""

    class USBTimeoutError(USBError):
        """As PyUSB's."""

    class NoBackendError(ValueError):
        """As PyUSB's."""

    def __init__(self):
        self.detached, self.disposed, self.answers, self.gone = [], False, [], False
        self.ins = SimpleNamespace(bEndpointAddress=0x81, read=self._read)
        self.outs = SimpleNamespace(bEndpointAddress=0x01, write=self._write)
        self.interface = SimpleNamespace(bInterfaceNumber=0, bInterfaceClass=0xFF)

    def modules(self):
        core = SimpleNamespace(
            find=self._find,
            USBError=self.USBError,
            USBTimeoutError=self.USBTimeoutError,
            NoBackendError=self.NoBackendError,
        )
        util = SimpleNamespace(
            ENDPOINT_IN=0x80,
            ENDPOINT_OUT=0x00,
            endpoint_direction=lambda address: address & 0x80,
            find_descriptor=self._descriptor,
            claim_interface=lambda _device, _number: None,
            dispose_resources=self._dispose,
        )
        return {"usb.core": core, "usb.util": util}

    def _find(self, idVendor, idProduct, custom_match):  # noqa: N803 - PyUSB's names
        device = SimpleNamespace(
            serial_number="007",
            get_active_configuration=lambda: "configuration",
            is_kernel_driver_active=lambda _number: not self.detached,
            detach_kernel_driver=self.detached.append,
        )
        return device if (idVendor, idProduct) == (0x5FC9, 0x0063) and custom_match(device) else None

    def _descriptor(self, where, bInterfaceClass=None, custom_match=None):  # noqa: N803 - PyUSB's names
        if where == "configuration":
            return self.interface if bInterfaceClass == 0xFF else None
        return next(filter(custom_match, (self.ins, self.outs)), None)

    def _dispose(self, _device):
        self.disposed = True

    def _write(self, packet, _timeout_ms):
        if self.gone:
            raise self.USBError("No such device")
        if packet[0] == 0x0C:
            self.answers.append(adc_packet(packet[1], SHOWN))

    def _read(self, _size, _timeout_ms):
        if not self.answers:
            time.sleep(0.001)
            raise self.USBTimeoutError("Operation timed out")
        return self.answers.pop(0)


def test_km003c_over_its_bulk_endpoints(monkeypatch):
    usb = Usb()
    for name, module in usb.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    with opened("km003c", "bulk:5fc9:0063:007") as meter:
        assert samples_of(meter, 5)[-1][1:3] == pytest.approx((5.1, 1.2))
        assert usb.detached == [0], "the kernel's powerz driver held the interface"
        usb.gone = True
        with pytest.raises(MeterUnpluggedError, match="No such device"):
            meter.read()
        usb.gone = False
    assert usb.disposed
    with pytest.raises(MeterUnpluggedError, match="no such device"):
        _powerz.BulkPort("bulk:5fc9:0063:008")
    with pytest.raises(UsageError, match="valid: bulk:VID:PID"):
        _powerz.BulkPort("bulk:5fc9")
