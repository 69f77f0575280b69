"""The meter's clock, seen through a host that is sometimes late."""

import itertools
import random

from power_meter.device_clock import DeviceClock

MS = 1_000_000


def run(drift, seconds, latency, hole_at=None, step_ms=1, batch=30):
    """Return the error in milliseconds and the host interval of every sample."""
    clock, batch_ns, errors, stamps = DeviceClock(), [], [], []
    truth = []
    for k in range(seconds * 1000 // step_ms):
        if hole_at and hole_at <= k < hole_at + 50:
            continue
        true_ns = k * step_ms * MS
        batch_ns.append(round(true_ns * (1 + drift)) + 5_000 * MS)
        truth.append(true_ns)
        if len(batch_ns) == batch:
            stamps += clock.stamp(batch_ns, true_ns + latency())
            batch_ns = []
    errors = [(stamp - true) / MS for stamp, true in zip(stamps, truth, strict=False)]
    return errors, [b - a for a, b in itertools.pairwise(stamps)]


def test_follows_a_drifting_crystal_through_late_batches():
    rng = random.Random(3)
    errors, intervals = run(50e-6, 200, lambda: MS + int(rng.expovariate(1 / (3 * MS))))
    settled = errors[60_000:]
    assert max(settled) < 2.5
    assert min(settled) > 0.0
    assert all(0.89 * MS < interval < 1.11 * MS for interval in intervals)


def test_a_hole_in_the_data_stays_a_hole_in_the_times():
    rng = random.Random(4)
    _, intervals = run(0.0, 30, lambda: MS + int(rng.expovariate(1 / MS)), hole_at=12_000)
    holes = [interval for interval in intervals if interval > 1.5 * MS]
    assert len(holes) == 1
    assert 45 * MS < holes[0] < 57 * MS


def test_a_meter_that_was_restarted_is_followed():
    clock = DeviceClock()
    first = clock.stamp([10_000 * MS], 100 * MS)[0]
    second = clock.stamp([3 * MS], 5_100 * MS)[0]
    assert (first, second) == (100 * MS, 5_100 * MS)
