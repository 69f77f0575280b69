"""Decoders and simulators against the vectors of the protocol document."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from meter_vectors import (
    CHECKED,
    FIRST,
    FNB58,
    FRAMES,
    KM003C,
    MEMORY_READ,
    SHIZUKU_ACKNOWLEDGED,
    SHIZUKU_START,
    SHIZUKU_STOP,
    TC66C,
    TC66C_PLAIN,
    UM25C,
    WITRN,
)

import power_meter.simulators
from power_meter import checksums, registry
from power_meter.drivers import _fnirsi, _powerz, shizuku
from power_meter.simulation.model import Quantities
from power_meter.simulators import _fnirsi as sim_fnirsi
from power_meter.simulators import _um as sim_um
from power_meter.simulators import km003c as sim_km003c
from power_meter.simulators import shizuku as sim_shizuku
from power_meter.simulators import tc66c as sim_tc66c
from power_meter.simulators import witrn as sim_witrn

TC66C_SHOWN = Quantities(5.1234, 1.23456, 6.3251, 7.7, 1.5, 31)
SHOWN = Quantities(5.1, 1.2, 6.12, 0.5, 0.1, 31.5)


def decoder(name):
    return registry.load_driver(name).DECODER()


@pytest.mark.parametrize("name", FRAMES)
def test_decoder_reads_the_vector(name):
    under_test = decoder(name)
    reading = under_test.feed(FRAMES[name])[0]
    under_test.finish()
    assert reading[:3] == pytest.approx(FIRST[name], abs=1e-6)
    assert under_test.bad == 0


def test_details_of_the_vectors():
    tc66c = decoder("tc66c").feed(TC66C)[0].details
    assert tc66c["temperature_c"] == 31
    assert tc66c["resistance_ohm"] == 41.5
    assert tc66c["groups"][0] == {"charge_ah": 1.5, "energy_wh": 7.7}
    assert (tc66c["firmware"], tc66c["serial"]) == ("1.16", "12345678")
    um25c = decoder("um25c").feed(UM25C)[0].details
    assert (um25c["charge_mode"], um25c["resistance_ohm"]) == ("DCP1.5A", 4.1)
    assert [r.current_a for r in decoder("fnb58").feed(FNB58)] == pytest.approx([1.20, 1.21, 1.22, 1.23])
    assert decoder("witrn").feed(WITRN)[0].device_ns == 12_345_000_000
    assert decoder("km003c").feed(KM003C)[0].details["temperature_c"] == 31.5


def test_simulators_make_the_vectors():
    plain = sim_tc66c.plain_frame(TC66C_SHOWN, 0.6)
    assert plain[:68] == TC66C_PLAIN[:68]
    assert plain[72:124] == TC66C_PLAIN[72:124]  # the vector's resistance is arbitrary, so offset 68 differs
    assert sim_tc66c.encrypt(TC66C_PLAIN) == TC66C
    um25c = sim_um.um_frame("UM25C", Quantities(5.123, 1.2345, 6.324, 0, 0, 31), 0, ((1500, 7700),))
    assert um25c[:102] == UM25C[:102]
    samples = [SHOWN._replace(current_a=current) for current in (1.20, 1.21, 1.22, 1.23)]
    assert sim_fnirsi.data_report(samples) == FNB58
    assert sim_km003c.adc_packet(1, SHOWN) == KM003C
    assert sim_witrn.packet(SHOWN, 12_345, 100, 0.6) == WITRN


def test_requests_are_those_of_the_document():
    assert [_fnirsi.command(n)[-1] for n in (0x81, 0x82, 0x83)] == [0x8E, 0x96, 0x9E]
    assert shizuku.frame(bytes([1, 7, 0, 0])) == SHIZUKU_STOP
    assert shizuku.frame(bytes([1, 9, 1, 0, 1, 0, 0, 0])) == SHIZUKU_START
    assert sim_shizuku.wrap(bytes([1, 9, 1, 0x80])) == SHIZUKU_ACKNOWLEDGED
    assert _powerz.request(_powerz.GET_DATA, 1, _powerz.ADC) == bytes.fromhex("0c010200")
    assert _powerz.memory_read(2, _powerz.HARDWARE_ID_ADDRESS, 12) == MEMORY_READ


def test_check_values():
    assert checksums.crc16_modbus(b"123456789") == sim_tc66c.modbus_crc(b"123456789") == 0x4B37
    assert checksums.crc8_fnirsi(b"123456789") == sim_fnirsi.crc8(b"123456789") == 0x4B


@pytest.mark.parametrize("name", CHECKED)
def test_every_flipped_bit_is_noticed(name):
    frame = FRAMES[name]
    for bit in range(0, 8 * len(frame), 7):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        under_test = decoder(name)
        assert under_test.feed(bytes(damaged)) == []
        assert under_test.bad == 1


@pytest.mark.parametrize("name", ["um24c", "um34c"])
def test_um_scales_and_checksum(name):
    shown = Quantities(5.12, 1.234, 6.318, 0, 0, 30)
    frame = sim_um.um_frame(name.upper(), shown)
    assert decoder(name).feed(frame)[0][:3] == pytest.approx((5.12, 1.234, 6.318))
    assert decoder("um25c").feed(frame) == []


def test_um34c_notices_damage_under_its_checksum():
    frame = bytearray(sim_um.um_frame("UM34C", SHOWN))
    frame[3] ^= 1
    assert decoder("um34c").feed(bytes(frame)) == []


def test_queue_of_the_km003c_unwraps_its_ticks():
    samples = [(65535, 5_000_000), (0, 5_100_000)]
    content = b"".join(
        t.to_bytes(2, "little") + bytes(2) + v.to_bytes(4, "little") + bytes(12) for t, v in samples
    )
    readings = decoder("km003c").feed(sim_km003c.put_data(3, 2, 20, 2, content))
    assert [reading.sequence for reading in readings] == [65535, 65536]
    assert decoder("km003c").feed(sim_km003c.put_data(3, 2, 20, 0, b"")) == []


def test_time_of_the_witrn_goes_on_over_its_wrap():
    under_test = decoder("witrn")
    times = [under_test.feed(sim_witrn.packet(SHOWN, ms))[0].device_ns for ms in (255_990, 256_000, 256_010)]
    assert [later - earlier for earlier, later in pairwise(times)] == [10_000_000] * 2


def test_simulators_share_nothing_with_the_drivers():
    for path in Path(power_meter.simulators.__path__[0]).glob("*.py"):
        imported = {
            name.split(".")[1] if name.startswith("power_meter.") else name
            for node in ast.walk(ast.parse(path.read_text()))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        }
        assert not imported & {"drivers", "checksums", "polled_serial", "streaming", "transports"}, path
