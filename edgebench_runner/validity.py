"""Whether a number may be trusted: valid, suspect or invalid, with every reason. Unknown is never valid."""

from typing import Dict, List, Optional

from edgebench_runner import kernel_log

INVALID_REASONS = ("throttled", "undervoltage")
_THROTTLED, _UNDERVOLTAGE = 0b1110, 0b0001
_STICKY_SHIFT = 16
_CLOCK_STEP_S = 0.1
_CLOCK_SLEW = 500e-6  # the kernel's limit for slewing
_FREQUENCY_SHARE = 0.98
_GPU_IN_USE = 0.5  # of its time


def verdict(reasons: List[str]) -> Dict:
    """Return the record's ``validity``."""
    name = "suspect" if reasons else "valid"
    if any(reason in INVALID_REASONS for reason in reasons):
        name = "invalid"
    return {"verdict": name, "reasons": reasons}


def reasons(
    kind: str,
    samples: List[Dict],
    window: Optional[Dict],
    clock: List[Dict],
    kernel_lines: Optional[List[str]],
    cooldown: Dict,
    doctor: List[Dict],
) -> List[str]:
    """Return what casts doubt on a cell, sorted.

    Args:
        kind: kind of board; only a Raspberry Pi should have throttle bits.
        samples: telemetry from before the cell to after it.
        window: the measured phase, or ``None``.
        clock: pairs of clock readings at start and end.
        kernel_lines: the kernel's log of the cell, ``None`` where it cannot be read.
        cooldown: how the rest before the cell ended.
        doctor: the checks of the gate.
    """
    found = set(_throttle_reasons(kind, samples))
    if not any(value is not None for sample in samples for value in sample.get("temperature_c", {}).values()):
        found.add("temperature_unknown")
    found.update(_frequency_reasons(samples, window))
    if clock_moved(clock):
        found.add("clock_moved")
    if cooldown["status"] in ("warm", "unknown"):
        found.add("started_warm" if cooldown["status"] == "warm" else "temperature_unknown")
    if kernel_lines is None:
        found.add("kernel_log_unknown")
    elif any(kernel_log.is_suspect(line) for line in kernel_lines):
        found.add("kernel_log")
    found.update("doctor_" + check["check"] for check in doctor if check["status"] == "fail")
    return sorted(found)


def stated_reasons(spec: Dict) -> List[str]:
    """Return what the spec itself says against the number: a shortened protocol, a stand-in for a board."""
    found = {
        "rehearsal": spec["protocol"].get("scale", 1) < 1,
        "simulated": "board" in spec.get("simulated", []),
    }
    return [reason for reason, holds in found.items() if holds]


def clock_moved(clock: List[Dict]) -> bool:
    """Tell whether the time of day was stepped between the pairs, beyond what slewing can explain."""
    first, last = clock[0], clock[-1]
    elapsed_s = (last["monotonic_ns"] - first["monotonic_ns"]) / 1e9
    moved_s = (last["realtime_ns"] - first["realtime_ns"]) / 1e9 - elapsed_s
    return abs(moved_s) > _CLOCK_STEP_S + _CLOCK_SLEW * elapsed_s


def _throttle_reasons(kind: str, samples: List[Dict]) -> List[str]:
    bits = [sample.get("throttled") for sample in samples]
    known = [value for value in bits if value is not None]
    found = []
    if len(known) < len(bits) and (known or kind.startswith("raspberry_pi")):
        found.append("throttle_unknown")
    if known:
        seen = (known[-1] & ~known[0]) >> _STICKY_SHIFT
        for value in known:
            seen |= value
        if seen & _THROTTLED:
            found.append("throttled")
        if seen & _UNDERVOLTAGE:
            found.append("undervoltage")
    return found


def _frequency_reasons(samples: List[Dict], window: Optional[Dict]) -> List[str]:
    """A frequency that changed within the window is a reason; one that was not read there is another.

    A GPU's counts where the GPU was used: it may rest while something else is measured.
    """
    if window is None or window["end_ns"] is None:
        return [] if any(sample.get("frequency_hz") for sample in samples) else ["frequency_unknown"]
    inside = [sample for sample in samples if window["start_ns"] <= sample["t_ns"] <= window["end_ns"]]
    policies: Dict[str, List[int]] = {}
    for sample in inside:
        for name, value in sample.get("frequency_hz", {}).items():
            if value is not None:
                policies.setdefault(name, []).append(value)
    if not policies:
        return ["frequency_unknown"]
    gpu = [
        sample.get("gpu_frequency_hz") for sample in inside if (sample.get("gpu_load") or 0) >= _GPU_IN_USE
    ]
    found = ["frequency_changed"] if any(map(_moved, policies.values())) else []
    return found + (
        ["gpu_frequency_changed"] if _moved([value for value in gpu if value is not None]) else []
    )


def _moved(frequencies: List[int]) -> bool:
    return bool(frequencies) and min(frequencies) < _FREQUENCY_SHARE * max(frequencies)
