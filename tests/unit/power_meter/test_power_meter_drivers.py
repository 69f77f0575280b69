"""Every driver against its simulator, through a real pseudo-terminal or socket, and what simulators show on request."""

import time
from itertools import pairwise

import pytest
from served_meter import opened, samples_of, served

from power_meter import registry
from power_meter.contract import MeterError, MeterUnpluggedError, UsageError
from power_meter.drivers.ppk2 import Ppk2Decoder
from power_meter.ports import UsbDevice, resolve
from power_meter.simulators import ppk2 as sim_ppk2

OPTIONS = {"ppk2": {"supply_v": 5.0}, "ptdaemon": {"interval_ms": 100}}
MODEL = {"ptdaemon": "Dummy,deviceType 0,simulated", "tc66c": "TC66", "ppk2": "PPK2", "um34c": "UM34C"}
FAST = {"shizuku", "ppk2", "km003c", "km002c", "witrn", "fnb58", "fnb48", "fnb48s", "c1", "ct2"}


@pytest.mark.parametrize("name", registry.simulator_names())
def test_a_driver_reads_its_simulator(name, tmp_path):
    with served(name, tmp_path) as port, opened(name, port, **OPTIONS.get(name, {})) as meter:
        samples = samples_of(meter, 60 if name in FAST else 4)
        read_ns = time.monotonic_ns()  # before the meter is closed, which takes some a second
        counters = dict(meter.counters)
    settled = samples[len(samples) // 2 :]
    powers = [sample.power_w for sample in settled]
    assert sum(powers) / len(powers) == pytest.approx(3.0, abs=0.03)
    assert all(
        abs(s.power_w - s.voltage_v * s.current_a) < 0.06 for s in settled
    )  # within the meter's resolution
    assert all(later.t_ns > earlier.t_ns for earlier, later in pairwise(samples))
    assert meter.identity["model"] == MODEL.get(name, meter.identity["model"])
    assert not counters.get("checksum_errors")
    # A packet that came late makes the next stamps late by as much, until the meter's clock is known better.
    assert abs(samples[-1].t_ns - read_ns) < 1_000_000_000


def test_km003c_reads_its_queue_once_it_has_authenticated(tmp_path):
    faults = [{"kind": "gap", "at_s": 0.6, "for_s": 0.2}]
    with (
        served("km003c", tmp_path, faults=faults) as port,
        opened("km003c", port, queue=True) as meter,
    ):
        samples = samples_of(meter, 700)
    steps = [later.sequence - earlier.sequence for earlier, later in pairwise(samples)]
    assert sorted(set(steps))[0] == 1
    assert max(steps) == pytest.approx(200, abs=5), "the meter's own ticks show the hole"
    widest = max(later.t_ns - earlier.t_ns for earlier, later in pairwise(samples))
    assert widest == pytest.approx(0.2e9, rel=0.15)


def test_shizuku_leaves_out_what_answers_an_earlier_session(tmp_path):
    faults = [{"kind": "stale", "at_s": 0.5, "for_s": 0.3}]
    with served("shizuku", tmp_path, faults=faults) as port, opened("shizuku", port) as meter:
        samples = samples_of(meter, 900)
    widest = max(later.t_ns - earlier.t_ns for earlier, later in pairwise(samples))
    assert widest == pytest.approx(0.3e9, rel=0.15)


def test_fnb58_hangs_after_many_openings_until_it_is_plugged_in_anew(tmp_path):
    faults = [{"kind": "hang", "at_s": 0.0, "for_s": 60.0}, {"kind": "unplug", "at_s": 3.0, "for_s": 0.2}]
    meter = registry.load_driver("fnb58").METER
    with served("fnb58", tmp_path, faults=faults) as port:
        for _ in range(5):
            meter(port, {}).close()
        with pytest.raises(MeterError, match="silence"), opened("fnb58", port):
            pytest.fail("the sixth opening should find a meter that hangs")
        deadline_s = time.monotonic() + 5
        while time.monotonic() < deadline_s:
            try:
                with opened("fnb58", port) as again:
                    assert samples_of(again, 8)
                    return
            except MeterError:
                time.sleep(0.1)
        pytest.fail("the meter did not come back")


def test_fnb58_streams_only_while_it_is_kept_alive(tmp_path):
    with served("fnb58", tmp_path) as port, opened("fnb58", port, keep_alive_s=30) as meter:
        samples_of(meter, 40)
        end_s = time.monotonic() + 1.6
        while time.monotonic() < end_s:
            newest = meter.read()
        assert newest == []


def test_tc66c_in_its_boot_loader_is_named(tmp_path):
    faults = [{"kind": "boot", "at_s": 0.0, "for_s": 60.0}]
    with (
        served("tc66c", tmp_path, faults=faults) as port,
        pytest.raises(MeterError, match="boot loader"),
        opened("tc66c", port),
    ):
        pytest.fail("a boot loader measures nothing")


def test_a_fault_that_a_meter_cannot_show_is_refused(tmp_path):
    with (
        pytest.raises(UsageError, match="found 'hang', valid: silence"),
        served("tc66c", tmp_path, faults=[{"kind": "hang", "at_s": 0}]),
    ):
        pytest.fail("refused before it is served")


def test_unplugging_gives_a_port_another_number(tmp_path):
    faults = [{"kind": "unplug", "at_s": 0.6, "for_s": 0.2}]
    with served("tc66c", tmp_path, faults=faults) as port:
        before = (tmp_path / "port").readlink()
        with pytest.raises(MeterUnpluggedError), opened("tc66c", port) as meter:
            samples_of(meter, 100)
        deadline_s = time.monotonic() + 3
        while not (tmp_path / "port").exists() and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert (tmp_path / "port").readlink() != before


def ppk2_words(current_a, first, count):
    return b"".join(sim_ppk2.word(current_a, first + k).to_bytes(4, "little") for k in range(count))


@pytest.mark.parametrize("current_a", [2e-6, 2e-4, 0.02, 0.1, 0.6])
def test_ppk2_ranges(current_a):
    readings = Ppk2Decoder(5.0).feed(ppk2_words(current_a, 0, 101))
    assert readings[0].current_a == pytest.approx(current_a, rel=0.01)
    assert readings[0].power_w == pytest.approx(5 * current_a, rel=0.01)


def test_ppk2_sees_lost_words_and_misplaced_bytes():
    decoder = Ppk2Decoder(5.0)
    stream = ppk2_words(0.1, 0, 250) + ppk2_words(0.1, 260, 250)
    times = [reading.device_ns for reading in decoder.feed(stream)]
    assert decoder.counters["lost_words"] == 10
    assert [b - a for a, b in pairwise(times)] == [1_000_000, 1_100_000, 1_000_000]
    torn = ppk2_words(0.1, 510, 300)
    readings = decoder.feed(torn[:402] + torn[403:])
    assert decoder.counters["resyncs"] >= 1
    assert all(reading.current_a == pytest.approx(0.1, rel=0.01) for reading in readings)


def test_ppk2_needs_to_be_told_the_voltage(tmp_path):
    for options in ({}, {"supply_v": 5.0, "source_mv": 5000}, {"source_mv": 9000}, {"supply_v": "5"}):
        with pytest.raises(UsageError, match=r"supply_v|source_mv"):
            registry.load_driver("ppk2").METER("/dev/none", options)


def test_ppk2_is_found_at_the_second_of_its_two_ports():
    info = registry.load_driver("ppk2").INFO
    ports = [
        UsbDevice(f"/dev/ttyACM{k}", "1915:c00a", "A1", "Nordic", "PPK2", f"1-2:1.{interface}")
        for k, interface in enumerate("13")
    ]
    assert resolve("auto", info, ports) == "/dev/ttyACM0"
    assert resolve("usb:1915:c00a:A1", info, ports) == "/dev/ttyACM0"


def test_ports_that_are_no_serial_port_go_to_the_driver_as_they_are():
    for name, port in (("hwmon", "auto"), ("ina3221", "i2c:1-0040"), ("yokogawa", "TCPIP::192.0.2.7::INSTR")):
        assert resolve(port, registry.load_driver(name).INFO, []) == port
