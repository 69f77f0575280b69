"""Load of the power side: ``python benchmarks/bench_power.py [--seconds 600] [--hours 8]``.

Prints one JSON line per figure, with its limit, and exits 1 when a limit is passed:
eight simulated 1 kHz meters with a recorder each (lost samples, CPU of all recorders together), the integration of a
quarter of a million windows over an eight-hour 1 kHz trace (time, memory), and bytes per sample once archived.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from analysis.power import archive_trace, energies, read_trace  # noqa: E402 - runs from a checkout, uninstalled
from analysis.power.records import RECORD  # noqa: E402

METERS, RATE_HZ, WINDOWS = 8, 1000, 250_000
PERIOD_US, LOST_JUMP_US = 1000, 1500
CAPS = {
    "nominal_hz": 1000,
    "update_hz": 1000,
    "group_delay_s": 0.0,
    "v_resolution": 1e-4,
    "i_resolution": 1e-4,
}


def report(name: str, value: float, limit: float, unit: str) -> bool:
    """Print one figure and return whether it keeps its limit."""
    print(json.dumps({"benchmark": name, "value": round(value, 4), "limit": limit, "unit": unit}), flush=True)
    return value <= limit


def cpu_s(pid: int) -> float:
    """Return the CPU time of a live process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def power_meter(*words: str) -> dict[str, object]:
    """Run one command of the package and return its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "power_meter", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def bench_recorders(directory: Path, seconds: float) -> bool:
    """Record eight simulated meters at once; a lost sample shows as a jump in the meter's own time."""
    script = directory / "load.json"
    script.write_text(
        json.dumps(
            {"steps": [{"duration_s": 3, "power_w": 3}, {"duration_s": 2, "power_w": 7}], "repeat": True}
        )
    )
    names = [f"m{k}" for k in range(METERS)]
    entry = {"driver": "shizuku", "simulate": {"load": str(script)}}
    (directory / "meters.json").write_text(json.dumps(dict.fromkeys(names, entry)))
    pids = []
    for name in names:
        words = [
            "record",
            "--meter",
            name,
            "--meters",
            str(directory / "meters.json"),
            "--out",
            str(directory / name),
        ]
        pids.append(int(str(power_meter(*words, "--detach")["pid"])))
    before, begin_s = [cpu_s(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    used = sum(cpu_s(pid) for pid in pids) - sum(before)
    elapsed_s = time.monotonic() - begin_s
    for name in names:
        power_meter("stop", "--out", str(directory / name))
    lost = sum(lost_samples(directory / name) for name in names)
    ok = report("eight recorders at 1 kHz: lost samples", lost, 0, "samples")
    return report("eight recorders at 1 kHz: CPU", used / elapsed_s, 0.5, "cores") and ok


def lost_samples(directory: Path) -> int:
    """Count the samples missing between neighbours; host times follow the meter's, so a hole is a whole period."""
    times_us = np.asarray(read_trace(directory).records["t_ns"]) / 1000
    steps = np.diff(times_us)
    return int(np.sum(np.rint(steps[steps > LOST_JUMP_US] / PERIOD_US) - 1))


def write_long_trace(directory: Path, hours: float) -> int:
    """Write a 1 kHz trace of a stepped load as a 0.1 mV, 0.1 mA meter shows it; return the number of samples."""
    rng, count, chunk = np.random.default_rng(1), int(hours * 3600 * RATE_HZ), 1_000_000
    head = {
        "schema": "edgebench/power_trace/1",
        "meter": "m1",
        "scope": "dc_input",
        "simulated": True,
        "caps": CAPS,
    }
    (directory / "meter.json").write_text(json.dumps(head))
    with (directory / "trace.bin").open("wb") as file:
        for start in range(0, count, chunk):
            index = np.arange(start, min(start + chunk, count))
            records = np.empty(len(index), RECORD)
            current = np.where(index // 3000 % 2, 1.3, 0.6) + rng.normal(0, 4e-4, len(index))
            voltage = 5.1 - 0.05 * current + rng.normal(0, 1e-4, len(index))
            records["t_ns"] = 10**15 + index * 1_000_020 + rng.integers(-50, 50, len(index))
            records["voltage_v"], records["current_a"] = (
                np.rint(voltage * 1e4) / 1e4,
                np.rint(current * 1e4) / 1e4,
            )
            records["power_w"] = records["voltage_v"] * records["current_a"]
            records.tofile(file)
    return count


def bench_integration(directory: Path, count: int) -> bool:
    """Integrate in a process of its own, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--integrate", str(directory)], capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    print(
        json.dumps({"wall_s": round(result["seconds"], 2)}), flush=True
    )  # on a busy machine: mostly others' work
    ok = report(f"{WINDOWS} windows over {count} samples: CPU time", result["cpu_s"], 3.0, "s")
    return report("the same: peak memory", result["peak_mb"], 500, "MB") and ok


def integrate(directory: Path) -> None:
    """Print time and peak memory of the integration."""
    trace, rng = read_trace(directory), np.random.default_rng(2)
    first, last = int(trace.records["t_ns"][0]), int(trace.records["t_ns"][-1])
    starts = rng.integers(first, last - 10**9, WINDOWS)
    ends = starts + rng.integers(10**6, 10**9, WINDOWS)
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    result = energies(trace, starts, ends)
    seconds, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    assert np.all(result.observed_j > 0)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": peak_mb}))


def bench_archive(directory: Path, count: int) -> bool:
    """Archive the trace and weigh it."""
    begin_s = time.perf_counter()
    size = archive_trace(directory).stat().st_size
    print(json.dumps({"archived_in_s": round(time.perf_counter() - begin_s, 1)}), flush=True)
    return report("archived trace", size / count, 4.1, "bytes/sample")


def main() -> int:
    """Run all, each in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="of the recorders (default: %(default)s)")
    parser.add_argument("--hours", type=float, default=8, help="of the long trace (default: %(default)s)")
    parser.add_argument("--integrate", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.integrate:
        integrate(arguments.integrate)
        return 0
    checks: list[Callable[[Path], bool]] = [lambda d: bench_recorders(d, arguments.seconds)]
    checks.append(
        lambda d: (
            (n := write_long_trace(d, arguments.hours)) > 0 and bench_integration(d, n) & bench_archive(d, n)
        )
    )
    results = []
    for check in checks:
        with tempfile.TemporaryDirectory() as directory:
            results.append(check(Path(directory)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
