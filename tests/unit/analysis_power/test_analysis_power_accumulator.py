"""What the meter counted itself, held against what its samples integrate to; and windows too short to be believed."""

import numpy as np
import pytest
from power_lab import SeenBy, ns, record_of, write_trace

from analysis.power import cell_energy, read_trace

PHASES = [("idle_before", 1.0, 9.0), ("measured", 10.0, 75.0), ("idle_after", 76.0, 84.0)]
WATTS = 6.0
STEP_WH = 1e-3


def counting(directory, counted_share=1.0, at_s=range(2, 90, 10), reset_at_s=None, keep=lambda t: t >= 0):
    """A steady 6 W, and a meter that counts ``counted_share`` of it in whole milliwatt-hours."""
    times = np.arange(0.0, 90.0, 0.1)
    times = times[keep(times)]
    power = WATTS + 1e-3 * (np.arange(len(times)) % 7)
    events = []
    for at in at_s:
        since = at - reset_at_s if reset_at_s and at >= reset_at_s else at
        counted = int(counted_share * WATTS * since / 3600 / STEP_WH) * STEP_WH
        events.append({"t_ns": ns(at), "event": "accumulator", "energy_wh": counted})
    caps = SeenBy(group_delay_s=0.0).caps() | {"energy_resolution_wh": STEP_WH}
    return read_trace(write_trace(directory, times, power, caps, "one", events))


def energy_of(trace, phases=PHASES):
    return cell_energy(record_of(phases, 100, boot_id="one"), None, trace)


def test_a_counter_that_agrees_is_shown_and_objects_to_nothing(tmp_path):
    energy = energy_of(counting(tmp_path))
    assert energy.energy_status == "measured"
    assert energy.accumulator_j == pytest.approx(WATTS * 60, abs=2 * 3.6)
    assert energy.accumulator_integral_j == pytest.approx(WATTS * 60, rel=0.001)


def test_a_counter_that_saw_more_degrades_the_energy_and_both_numbers_are_said(tmp_path):
    energy = energy_of(counting(tmp_path, counted_share=1.1))
    assert energy.energy_status == "degraded"
    assert "the meter counted 396 J in 60 s" in energy.energy_reason
    assert "its samples give 360" in energy.energy_reason


def test_a_difference_within_the_counter_s_steps_is_none(tmp_path):
    """Two readings of whole milliwatt-hours may be 7.2 J apart: 2 % of half a minute at 6 W, and no objection."""
    energy = energy_of(counting(tmp_path, counted_share=1.02, at_s=(20, 55)))
    assert energy.accumulator_j is not None
    assert energy.energy_status == "measured"


@pytest.mark.parametrize("events", [{"at_s": (20,)}, {"at_s": (20, 40)}, {"reset_at_s": 41}])
def test_one_reading_a_short_span_and_a_reset_say_nothing(tmp_path, events):
    energy = energy_of(counting(tmp_path, counted_share=1.5, **events))
    assert energy.accumulator_j is None
    assert energy.energy_status == "measured"


@pytest.mark.parametrize(("seconds", "known"), [(0.35, False), (0.5, True)])
def test_a_short_phase_on_a_slow_meter_is_refused(tmp_path, seconds, known):
    trace = counting(tmp_path, at_s=())
    energy = energy_of(trace, [PHASES[0], ("measured", 10.0, 10.0 + seconds), PHASES[2]])
    assert (energy.energy_j_per_inference is not None) is known
    assert ("too short for a meter" in energy.energy_reason) is not known


def test_the_same_short_phase_is_nothing_to_a_fast_meter(tmp_path):
    times = np.arange(0.0, 90.0, 0.001)
    power = WATTS + 1e-3 * (np.arange(len(times)) % 7)
    caps = SeenBy(1000.0, 1000.0, group_delay_s=0.0).caps()
    trace = read_trace(write_trace(tmp_path, times, power, caps, "one"))
    energy = energy_of(trace, [PHASES[0], ("measured", 10.0, 10.1), PHASES[2]])
    assert energy.energy_status == "degraded"
    assert energy.energy_j == pytest.approx(WATTS * 0.1, rel=0.01)
