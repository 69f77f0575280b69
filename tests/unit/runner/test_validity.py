"""Every reason to doubt a number, and that unknown is never valid."""

import pytest

from edgebench_runner import kernel_log, validity

COOL = {"status": "cool"}
CLOCK = [{"monotonic_ns": 0, "realtime_ns": 10**18}, {"monotonic_ns": 10**10, "realtime_ns": 10**18 + 10**10}]
WINDOW = {"name": "measured", "start_ns": 1, "end_ns": 3}


def sample(t_ns=2, **changes):
    return {"t_ns": t_ns, "temperature_c": {"cpu": 40.0}, "frequency_hz": {"policy0": 1500000000}, **changes}


def gpu(load, frequency_hz):
    return sample(gpu_load=load, gpu_frequency_hz=frequency_hz)


def reasons(samples=None, kind="generic_linux", window=WINDOW, clock=CLOCK, lines=(), rest=COOL, doctor=()):
    samples = [sample(), sample()] if samples is None else samples
    return validity.reasons(
        kind, samples, window, clock, None if lines is None else list(lines), rest, list(doctor)
    )


def test_known_and_steady_is_valid():
    assert validity.verdict(reasons()) == {"verdict": "valid", "reasons": []}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"samples": [{"t_ns": 2}]}, ["frequency_unknown", "temperature_unknown"]),
        ({"samples": [sample(temperature_c={"cpu": None})]}, ["temperature_unknown"]),
        ({"samples": [sample(), sample(frequency_hz={"policy0": 600000000})]}, ["frequency_changed"]),
        ({"samples": [gpu(0.9, 921600000), gpu(0.9, 460800000)]}, ["gpu_frequency_changed"]),
        ({"samples": [gpu(0.9, 921600000), gpu(0.0, 76800000)]}, []),
        ({"samples": [sample(), sample(t_ns=9, frequency_hz={"policy0": 600000000})]}, []),
        ({"samples": [sample(t_ns=0), sample(t_ns=9)]}, ["frequency_unknown"]),
        ({"kind": "raspberry_pi_4"}, ["throttle_unknown"]),
        ({"samples": [sample(throttled=0), sample(throttled=None)]}, ["throttle_unknown"]),
        ({"samples": [sample(throttled=0), sample(throttled=4)]}, ["throttled"]),
        ({"samples": [sample(throttled=0), sample(throttled=1)]}, ["undervoltage"]),
        ({"samples": [sample(throttled=0), sample(throttled=0x40000)]}, ["throttled"]),
        ({"samples": [sample(throttled=0x50000), sample(throttled=0x50000)]}, []),
        (
            {"clock": [CLOCK[0], {"monotonic_ns": 10**10, "realtime_ns": 10**18 + 2 * 10**10}]},
            ["clock_moved"],
        ),
        ({"lines": None}, ["kernel_log_unknown"]),
        ({"lines": ["3,1,2,-;mmc0: timeout"]}, ["kernel_log"]),
        ({"lines": ["6,1,2,-;usb 1-1: new device"]}, []),
        ({"rest": {"status": "warm"}}, ["started_warm"]),
        ({"rest": {"status": "unknown"}}, ["temperature_unknown"]),
        (
            {"doctor": [{"check": "disk", "status": "fail"}, {"check": "load", "status": "warn"}]},
            ["doctor_disk"],
        ),
    ],
)
def test_reasons(case, expected):
    assert reasons(**case) == expected


@pytest.mark.parametrize(
    ("found", "verdict"),
    [([], "valid"), (["temperature_unknown"], "suspect"), (["kernel_log", "throttled"], "invalid")],
)
def test_verdict(found, verdict):
    assert validity.verdict(found)["verdict"] == verdict


def test_slewing_is_not_a_step():
    slewed = [CLOCK[0], {"monotonic_ns": 10**12, "realtime_ns": 10**18 + 10**12 + 4 * 10**8}]
    assert not validity.clock_moved(slewed)


@pytest.mark.parametrize(
    ("line", "suspect"),
    [
        ("4,9,1,-;hwmon hwmon1: Undervoltage detected!", True),
        ("4,9,1,-;Under-voltage detected! (0x00050005)", True),
        ("27,9,1,-;daemon error", True),
        ("30,9,1,-;daemon information", False),
        ("6,9,1,-;blk_update_request: I/O error, dev mmcblk0", True),
    ],
)
def test_kernel_lines_that_cast_doubt(line, suspect):
    assert kernel_log.is_suspect(line) == suspect


def test_log_that_cannot_be_read_says_why(tmp_path):
    log = kernel_log.KernelLog(str(tmp_path / "kmsg"))
    assert log.lines() is None
    assert "No such file" in log.reason


def test_a_rehearsal_and_a_stand_in_for_a_board_say_so() -> None:
    """What the spec itself states against a number is among its reasons."""
    real = {"protocol": {"scale": 1.0}, "simulated": ["meter"]}
    assert validity.stated_reasons(real) == []
    assert validity.stated_reasons({"protocol": {"scale": 0.1}, "simulated": ["board"]}) == [
        "rehearsal",
        "simulated",
    ]
