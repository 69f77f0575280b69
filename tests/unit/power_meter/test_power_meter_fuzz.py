"""Every decoder, fed anything in any pieces, raises nothing and makes no sample of damaged bytes."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter_vectors import CHECKED, FIRST, FRAMES

from fuzz.meters import feed_in_pieces, fuzz, parsers
from power_meter import registry
from power_meter.simulation.model import Quantities
from power_meter.simulators import shizuku as sim_shizuku

PARSERS = parsers()
CUTS = st.lists(st.integers(0, 400), max_size=6)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600), cuts=CUTS)
def test_anything_is_survived(name, data, cuts):
    decoder = PARSERS[name]()
    for reading in feed_in_pieces(decoder, data, cuts):
        assert all(math.isfinite(value) for value in reading[:3])
    decoder.finish()
    assert decoder.bad == 0 or decoder.last_reason


@pytest.mark.parametrize("name", FRAMES)
@settings(max_examples=40, deadline=None)
@given(cuts=CUTS, count=st.integers(1, 3))
def test_pieces_make_no_difference(name, cuts, count):
    whole, pieces = (registry.load_driver(name).DECODER() for _ in range(2))
    data = FRAMES[name] * count
    assert feed_in_pieces(pieces, data, cuts) == whole.feed(data)


@pytest.mark.parametrize("name", CHECKED)
@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 63), change=st.integers(1, 255))
def test_a_damaged_frame_between_good_ones_costs_only_itself(name, at, change):
    good = FRAMES[name]
    damaged = bytearray(good)
    damaged[at] ^= change
    decoder = registry.load_driver(name).DECODER()
    readings = decoder.feed(good + bytes(damaged) + good)
    per_frame = len(registry.load_driver(name).DECODER().feed(good))
    assert len(readings) == 2 * per_frame
    assert decoder.bad == 1
    assert readings[-per_frame][:3] == pytest.approx(FIRST[name], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(lost=st.integers(0, 39), cuts=CUTS)
def test_shizuku_finds_its_frames_again_after_a_lost_byte(lost, cuts):
    shown = Quantities(5.1, 1.2, 6.12, 0, 0, 30)
    frames = [
        sim_shizuku.wrap(sim_shizuku.data_payload(shown.voltage_v, shown.current_a, 1, k)) for k in range(12)
    ]
    stream = b"".join(frames)
    decoder = registry.load_driver("shizuku").DECODER()
    readings = feed_in_pieces(decoder, stream[: lost + 40] + stream[lost + 41 :], cuts)
    assert 9 <= len(readings) <= 11
    assert all(reading.voltage_v == pytest.approx(5.1) for reading in readings)


@pytest.mark.parametrize("name", PARSERS)
def test_damaged_frames_are_survived(name):
    fuzz(name, 300, seed=1)
