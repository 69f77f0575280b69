"""The recorder as a process, against simulated meters as processes, read back by the analysis."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from analysis.power import cell_energy, read_trace

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "power_trace.json").read_text())
PYTHON = [sys.executable, "-m", "power_meter"]


def power_meter(*words, check=True):
    done = subprocess.run([*PYTHON, *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, done.stderr
    return done


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def events_of(out, name):
    lines = (out / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == name]


class Lab:
    """One simulated meter that follows a script, and its recorder."""

    def __init__(self, directory, driver, script):
        self.out = directory / "trace"
        (directory / "load.json").write_text(json.dumps(script))
        self.meters = directory / "meters.json"
        self.meters.write_text(
            json.dumps({"m1": {"driver": driver, "simulate": {"load": str(directory / "load.json")}}})
        )

    def start(self, *more):
        words = [
            "record",
            "--meter",
            "m1",
            "--meters",
            str(self.meters),
            "--out",
            str(self.out),
            "--detach",
            *more,
        ]
        return json.loads(power_meter(*words).stdout)

    def stop(self):
        return json.loads(power_meter("stop", "--out", str(self.out)).stdout)

    def samples(self):
        return (self.out / "trace.bin").stat().st_size // 20


@pytest.fixture
def lab(tmp_path):
    made = []

    def make(driver="tc66c", script=None):
        made.append(Lab(tmp_path, driver, script or {"steps": [{"duration_s": 600, "power_w": 3.0}]}))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_what_is_recorded_is_what_the_contract_says(lab):
    meter = lab()
    started = meter.start()
    assert started["started"] is True
    assert meter.start()["started"] is False, "a second start must find the first"
    assert wait_until(lambda: meter.samples() >= 15)
    stopped = meter.stop()
    jsonschema.validate(json.loads((meter.out / "meter.json").read_text()), SCHEMA)
    for line in (meter.out / "events.jsonl").read_text().splitlines():
        jsonschema.validate(json.loads(line), SCHEMA["$defs"]["event"])
    jsonschema.validate(stopped["summary"], SCHEMA["$defs"]["summary"])
    trace = read_trace(meter.out)
    assert trace.meter["simulated"] is True
    assert trace.records["power_w"].mean() == pytest.approx(3.0, abs=0.01)
    assert len(events_of(meter.out, "clock")) >= 2
    assert not alive(started["pid"])


def test_analysis_finds_the_energy_of_a_cell(lab):
    meter = lab()
    meter.start()
    assert wait_until(lambda: meter.samples() >= 60)
    meter.stop()
    trace = read_trace(meter.out)
    first, last = (int(trace.records["t_ns"][k]) for k in (0, -1))
    third = (last - first) // 3
    names = ("idle_before", "measured", "idle_after")
    phases = [
        {"name": n, "start_ns": first + k * third, "end_ns": first + (k + 1) * third}
        for k, n in enumerate(names)
    ]
    record = {
        "boot_id": trace.meter["boot_id"],
        "n_completed": 10,
        "phases": phases,
        "pulses": None,
        "clock": [],
    }
    energy = cell_energy(record, None, trace)
    assert energy.energy_status == "degraded"
    assert "shorter than 60 s" in energy.energy_reason
    assert energy.energy_j_per_inference == pytest.approx(3.0 * third / 1e9 / 10, rel=0.01)
    assert energy.simulated is True


@pytest.mark.fault
@pytest.mark.parametrize("driver", ["witrn", "shizuku"])  # over a socket, over a pseudo-terminal
def test_sigkill_loses_at_most_a_second_and_a_restart_appends(lab, driver):
    meter = lab(driver=driver)
    pid = meter.start()["pid"]
    assert wait_until(lambda: meter.samples() >= 100)
    killed_ns = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not alive(pid))
    last_ns = int(read_trace(meter.out).records["t_ns"][-1])
    assert killed_ns - last_ns < 1_000_000_000
    before = (meter.out / "trace.bin").read_bytes()
    with (meter.out / "trace.bin").open("ab") as torn:
        torn.write(b"torn")
    assert meter.start()["started"] is True
    assert wait_until(lambda: meter.samples() >= len(before) // 20 + 50)
    meter.stop()
    assert (meter.out / "trace.bin").read_bytes().startswith(before)
    times = read_trace(meter.out).records["t_ns"]
    assert (times[1:] > times[:-1]).all()


@pytest.mark.fault
def test_a_dead_man_ends_the_recorder_and_its_simulator(lab):
    meter = lab()
    pid = meter.start("--dead-man-s", "1")["pid"]
    assert wait_until(lambda: not alive(pid))
    assert "dead man" in events_of(meter.out, "stop")[0]["reason"]
    assert not (meter.out / "simulated.port").exists()


@pytest.mark.fault
def test_faults_of_the_meter_are_survived_and_counted(lab):
    faults = [
        {"kind": "corrupt", "at_s": 1.0, "count": 2},
        {"kind": "short", "at_s": 2.5, "count": 1},
        {"kind": "silence", "at_s": 4.0, "for_s": 2.0},
        {"kind": "unplug", "at_s": 7.0, "for_s": 1.5},
        {"kind": "garbage", "at_s": 10.0, "count": 2},
        {"kind": "duplicate", "at_s": 11.0, "count": 1},
    ]
    meter = lab(script={"steps": [{"duration_s": 600, "power_w": 3.0}], "faults": faults})
    meter.start()
    terminal = (meter.out / "simulated.port").readlink()
    assert wait_until(lambda: events_of(meter.out, "reconnect"))
    assert (meter.out / "simulated.port").readlink() != terminal, "it came back under another number"
    resumed = meter.samples()
    assert wait_until(lambda: meter.samples() >= resumed + 35)
    summary = meter.stop()["summary"]
    assert summary["checksum_errors"] >= 3
    assert summary["short_frames"] >= 1
    assert summary["reconnects"] == 1
    assert summary["resyncs"] >= 1, "an answer that came twice is not taken for the next one"
    for name in ("unplugged", "silence", "gap"):
        assert events_of(meter.out, name), name
    powers = read_trace(meter.out).records["power_w"]
    assert abs(powers - 3.0).max() < 0.05, "no damaged frame may become a sample"


def test_the_effective_rate_is_that_of_distinct_values(lab):
    meter = lab(driver="um25c")  # answers four polls a second, measures twice
    meter.start()
    assert wait_until(lambda: meter.samples() >= 24)
    summary = meter.stop()["summary"]
    assert summary["effective_hz"] == pytest.approx(2.0, rel=0.25)
    assert summary["duplicates"] > 0.25 * summary["samples"]


@pytest.mark.fault
def test_the_recorder_survives_the_death_of_who_started_it(lab):
    meter = lab()
    words = ["record", "--meter", "m1", "--meters", str(meter.meters), "--out", str(meter.out), "--detach"]
    script = f"import subprocess,sys,os,signal; subprocess.run({[*PYTHON, *words]!r}); os.killpg(0, signal.SIGKILL)"
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    resumed = meter.samples()
    assert wait_until(lambda: meter.samples() > resumed + 5)


def test_many_meters_are_started_and_stopped_at_once_and_one_that_is_not_there_is_named(tmp_path):
    simulated = {"driver": "tc66c", "simulate": {"load": "host_cpu"}}
    absent = {"driver": "tc66c", "port": str(tmp_path / "no-such-port")}
    meters = tmp_path / "meters.json"
    meters.write_text(json.dumps({"a": simulated, "b": simulated, "gone": absent}))
    words = ["start", "--meters", str(meters), "--out", str(tmp_path), "--ready-within-s", "8"]
    done = power_meter(*words, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(one["meter"], one["error"] is None) for one in answers] == [
        ("a", True),
        ("b", True),
        ("gone", False),
    ]
    assert "no-such-port" in answers[2]["error"]
    stopped = power_meter("stop", "--out", *(str(tmp_path / name) for name in ("a", "b", "gone")))
    answers = [json.loads(line) for line in stopped.stdout.splitlines()]
    assert [one["stopped"] for one in answers] == [True, True, False]
    assert answers[0]["summary"] is not None
