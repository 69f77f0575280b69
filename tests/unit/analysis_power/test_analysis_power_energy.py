"""Statuses, clocks, gaps, alignment bounds and the archive."""

import json

import numpy as np
import pytest
from power_lab import SeenBy, SteppedLoad, exchange, ns, pulses_from, record_of, write_trace

from analysis.power import PowerDataError, archive_trace, cell_energy, energies, read_trace
from analysis.power.alignment import fit_pulses

PHASES = [("idle_before", 1.0, 9.0), ("measured", 10.0, 75.0), ("idle_after", 76.0, 84.0)]


def steady(directory, end_s=90.0, keep=lambda t: t > -1, boot_id="one", **more):
    times = np.arange(0.0, end_s, 0.1)
    times = times[keep(times)]
    power = np.where((times >= 10) & (times < 75), 6.0, 2.0) + 1e-3 * (np.arange(len(times)) % 7)
    return read_trace(write_trace(directory, times, power, SeenBy(group_delay_s=0.0).caps(), boot_id, **more))


def test_a_steady_cell_is_measured(tmp_path):
    energy = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, steady(tmp_path))
    assert energy.energy_status == "measured"
    assert energy.energy_reason is None
    assert energy.power_mean_w == pytest.approx(6.0, rel=0.01)
    assert energy.power_idle_w == pytest.approx(2.0, rel=0.01)
    assert energy.energy_j_per_inference == pytest.approx(6.0 * 65 / 1000, rel=0.01)
    assert energy.energy_j_per_inference_net == pytest.approx(4.0 * 65 / 1000, rel=0.01)
    assert energy.alignment["clock_method"] == "same_machine"


@pytest.mark.parametrize(("missing_s", "status"), [(0.0, "measured"), (3.0, "degraded"), (20.0, "unknown")])
def test_missing_time_degrades_and_then_forbids(tmp_path, missing_s, status):
    trace = steady(tmp_path, keep=lambda t: (t < 30) | (t > 30 + missing_s))
    energy = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, trace)
    assert energy.energy_status == status
    assert (energy.energy_j_per_inference is None) == (status == "unknown")
    if status == "degraded":
        assert energy.coverage == pytest.approx(1 - 3.1 / 65, abs=0.005)
        assert energy.energy_j_per_inference == pytest.approx(0.39, rel=0.01), "a gap is no zero"


def test_a_trace_that_ends_early_is_unknown_not_extrapolated(tmp_path):
    energy = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, steady(tmp_path, end_s=40.0))
    assert energy.energy_status == "unknown"
    assert energy.energy_j_per_inference is None


def test_repeats_are_not_samples(tmp_path):
    times = np.arange(0.0, 90.0, 0.1)
    trace = read_trace(write_trace(tmp_path, times, np.full(len(times), 5.0), SeenBy().caps(), "one"))
    energy = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, trace)
    assert energy.energy_status == "unknown"
    assert "1 distinct" in energy.energy_reason
    assert energy.power_mean_w is None


def test_idle_is_known_although_the_measured_phase_was_too_short(tmp_path):
    phases = [PHASES[0], ("measured", 10.0, 10.01), PHASES[2]]
    energy = cell_energy(record_of(phases, 3, boot_id="one"), None, steady(tmp_path))
    assert energy.energy_status == "degraded"
    assert energy.power_idle_w == pytest.approx(2.0, rel=0.01)
    assert energy.energy_j_per_inference is None


def test_unrelated_clocks_are_unknown(tmp_path):
    energy = cell_energy(record_of(PHASES, 1000, boot_id="other"), None, steady(tmp_path))
    assert energy.energy_status == "unknown"
    assert "clocks" in energy.energy_reason


def test_the_shortest_round_trip_relates_the_clocks(tmp_path):
    trace = steady(tmp_path, boot_id="controller", offset_s=500.0)
    good, bad = exchange(0.5, 0.001, 0.5, 40.0, 500.0), exchange(0.6, 0.9, 1.0, 40.0, 500.0)
    controller = {"controller_boot_id": "controller", "clock_exchanges": {"before": [bad, good], "after": []}}
    energy = cell_energy(record_of(PHASES, 1000, boot_id="board", board_offset_s=40.0), controller, trace)
    assert energy.alignment["clock_method"] == "exchange"
    assert energy.alignment["clock_uncertainty_ms"] == pytest.approx(0.5, abs=0.01)
    assert energy.power_mean_w == pytest.approx(6.0, rel=0.01)


def test_time_of_day_counts_only_with_pulses(tmp_path):
    groups, edges, powers = {}, [], [2.0]
    groups["before"], _ = pulses_from(12.0)
    for on_s, off_s in groups["before"]:
        edges, powers = [*edges, on_s, off_s], [*powers, 6.0, 2.0]
    load = SteppedLoad(np.array([*edges, 30.0, 95.0]), np.array([*powers, 6.0, 2.0]))
    times, power = SeenBy().samples(load, 0.0, 110.0, np.random.default_rng(1))
    clock = [{"t_ns": ns(7.2), "event": "clock", "realtime_ns": ns(1.7e9)}]
    trace = read_trace(write_trace(tmp_path, times, power, SeenBy().caps(), events=clock, offset_s=7.0))
    phases = [("idle_before", 1.0, 9.0), ("measured", 30.0, 95.0), ("idle_after", 97.0, 105.0)]
    without = cell_energy(record_of(phases, 100), None, trace)
    assert without.energy_status == "unknown"
    energy = cell_energy(record_of(phases, 100, groups), None, trace)
    assert energy.alignment["method"] == "pulses"
    assert energy.alignment["offset_ms"] == pytest.approx(270 - 200, abs=55)
    assert energy.power_mean_w == pytest.approx(6.0, rel=0.01)


@pytest.mark.parametrize(
    ("rate_hz", "boxcar_s", "lag_s", "bound_s"),
    [
        (1, 1.0, 0.02, 0.26),
        (2, 0.5, 0.1, 0.26),
        (10, 0.5, 0.02, 0.055),
        (100, 0.12, 0.02, 0.008),
        (1000, 0, 0.002, 0.0008),
    ],
)
def test_the_fit_recovers_the_lag(rate_hz, boxcar_s, lag_s, bound_s):
    rng, errors = np.random.default_rng(rate_hz), []
    pulses, end_s = pulses_from(3.0)
    load = SteppedLoad(np.array(pulses).ravel(), np.array([2.0, 6.0] * len(pulses) + [2.0]))
    meter = SeenBy(rate_hz, rate_hz, boxcar_s, lag_s)
    for _ in range(30):
        offset = rng.uniform(-0.3, 0.3)
        times, power = meter.samples(load, 0.0, end_s + 3.0, rng)
        fit = fit_pulses(times + offset, power, np.array(pulses))
        errors.append(fit.lag_s - offset - lag_s - boxcar_s / 2)
        assert abs(errors[-1]) <= max(fit.uncertainty_s, bound_s)
    assert np.max(np.abs(errors)) <= bound_s
    assert abs(np.mean(errors)) <= bound_s / 2


def test_no_pulses_no_fit():
    rng = np.random.default_rng(1)
    pulses, end_s = pulses_from(3.0)
    times = np.arange(0, end_s + 3, 0.1)
    assert fit_pulses(times, 3 + rng.normal(0, 0.1, len(times)), np.array(pulses)) is None


def test_many_windows_agree_with_the_plain_integral(tmp_path):
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.uniform(0.05, 0.15, 4000))
    power = rng.uniform(1, 9, 4000)
    trace = read_trace(write_trace(tmp_path, times, power, SeenBy().caps()))
    stored_t, stored_p = trace.records["t_ns"] / 1e9, trace.records["power_w"].astype(float)
    starts = rng.uniform(times[1], times[-1] - 30, 50)
    ends = starts + rng.uniform(0.01, 29, 50)
    result = energies(trace, np.rint(starts * 1e9), np.rint(ends * 1e9))
    for k in range(50):
        grid = np.union1d(stored_t[(stored_t > starts[k]) & (stored_t < ends[k])], [starts[k], ends[k]])
        plain = np.trapezoid(np.interp(grid, stored_t, stored_p), grid)
        assert result.observed_j[k] == pytest.approx(plain, rel=1e-6)
    assert np.all(result.gap_s < 1e-9)


def test_an_archive_keeps_every_sample_within_half_a_step(tmp_path):
    trace = steady(tmp_path)
    before = np.array(trace.records)
    path = archive_trace(tmp_path)
    after = read_trace(tmp_path).records
    assert path.exists()
    assert not (tmp_path / "trace.bin").exists()
    assert np.max(np.abs(after["t_ns"] - before["t_ns"])) <= 500
    assert np.max(np.abs(after["current_a"] - before["current_a"])) <= 0.51e-5
    energy = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, read_trace(tmp_path))
    assert energy.power_mean_w == pytest.approx(6.0, rel=0.01)


def test_unreadable_traces_are_explained(tmp_path):
    with pytest.raises(PowerDataError, match=r"meter\.json"):
        read_trace(tmp_path)
    steady(tmp_path)
    (tmp_path / "meter.json").write_text(json.dumps({"schema": "edgebench/power_trace/9"}))
    with pytest.raises(PowerDataError, match="valid: edgebench/power_trace/1"):
        read_trace(tmp_path)


def windowed(tmp_path, meter=None, window_s=60.0, phase_s=300.0, gap_s=()):
    """Return the energy of a phase whose power rises by 1 W a minute, with an inference every 10 ms."""
    meter = meter or SeenBy(10.0, 10.0, 0.0, 0.0, noise_w=0.0, group_delay_s=0.0)
    meter.gaps_s = list(gap_s)
    start_s, rng = 20.0, np.random.default_rng(3)
    edges = [start_s + 60.0 * k for k in range(int(phase_s // 60) + 1)]
    load = SteppedLoad(np.array(edges), np.array([2.0, *range(3, 2 + len(edges)), 2.0]))
    times, power = meter.samples(load, 0.0, edges[-1] + 20, rng)
    trace = write_trace(tmp_path / "trace", times, power, meter.caps(), boot_id="board")
    phases = [("idle_before", 5.0, 15.0), ("measured", start_s, start_s + phase_s)]
    count = int(phase_s * 100)
    began = (np.arange(count) * 10_000_000 + ns(start_s)).astype(np.int64)
    record = record_of(phases, count)
    return cell_energy(record, None, read_trace(trace), window_s=window_s, inferences_ns=began)


def test_a_long_phase_is_cut_into_windows_of_a_minute(tmp_path):
    energy = windowed(tmp_path)
    assert energy.window_s == pytest.approx(60.0, abs=0.02)
    assert energy.windows_j_per_inference == pytest.approx([0.03, 0.04, 0.05, 0.06, 0.07], rel=0.005)
    assert energy.energy_j_per_inference == pytest.approx(np.mean(energy.windows_j_per_inference), rel=1e-3)


def test_a_window_that_the_meter_missed_is_left_out(tmp_path):
    energy = windowed(tmp_path, gap_s=[(150.0, 165.0)])
    assert energy.windows_j_per_inference == pytest.approx([0.03, 0.04, 0.06, 0.07], rel=0.005)


def test_windows_too_short_for_the_meter_are_refused(tmp_path):
    slow = SeenBy(2.0, 2.0, 0.5, 0.1, group_delay_s=0.25)
    assert windowed(tmp_path / "a", meter=slow, window_s=2.0).windows_j_per_inference == ()
    assert len(windowed(tmp_path / "b", meter=slow, window_s=30.0).windows_j_per_inference) == 10
    assert windowed(tmp_path / "c", phase_s=60.0, window_s=61.0).windows_j_per_inference == ()


@pytest.mark.parametrize(("rate_hz", "update_hz", "boxcar_s"), [(4, 2, 0.5), (100, 25, 0.12)])
def test_the_bound_holds_for_a_meter_that_repeats_itself(rate_hz, update_hz, boxcar_s):
    rng, lags, bounds = np.random.default_rng(5), [], []
    meter = SeenBy(rate_hz, update_hz, boxcar_s, 0.1)
    for _ in range(60):
        pulses, end_s = pulses_from(10.0 + rng.uniform(0, 1))
        edges = [edge for pulse in pulses for edge in pulse]
        load = SteppedLoad(np.array(edges), np.array([2.0, *[6.0, 2.0] * len(pulses)]))
        times, power = meter.samples(load, 7.0, end_s + 2, rng)
        fit = fit_pulses(times - edges[0], power, np.array(pulses) - edges[0])
        lags.append(fit.lag_s)
        bounds.append(fit.uncertainty_s)
    errors = np.abs(np.array(lags) - np.mean(lags))
    assert np.mean(errors <= bounds) >= 0.93
    assert np.median(bounds) < 0.75 / update_hz


def test_a_step_of_the_hosts_time_of_day_changes_nothing(tmp_path):
    clocks = [
        {"t_ns": ns(t), "event": "clock", "realtime_ns": ns(1.7e9 + t + (3600.0 if t > 40 else 0.0))}
        for t in range(0, 90, 10)
    ]
    before = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, steady(tmp_path / "a"))
    stepped = cell_energy(record_of(PHASES, 1000, boot_id="one"), None, steady(tmp_path / "b", events=clocks))
    assert stepped.energy_status == "measured"
    assert stepped.energy_j == before.energy_j
