"""Telemetry sources against recorded trees of sysfs files, and the doctor's checks on their samples."""

import json

import pytest

from edgebench_runner import doctor, plugins, telemetry
from edgebench_runner.probes import cpufreq, gpu, memory, rails, thermal, throttled


def tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def test_zones_by_type_without_the_bogus_ones(tmp_path):
    root = tree(
        tmp_path,
        {
            "thermal/thermal_zone0/type": "CPU-therm\n",
            "thermal/thermal_zone0/temp": "48312\n",
            "thermal/thermal_zone1/type": "PMIC-Die\n",
            "thermal/thermal_zone1/temp": "50000\n",
            "thermal/thermal_zone2/type": "iwlwifi\n",
            "thermal/thermal_zone2/temp": "-256000\n",
            "thermal/thermal_zone3/type": "CPU-therm\n",
            "thermal/thermal_zone3/temp": "40000\n",
        },
    )
    probe = thermal.Probe(root)
    assert probe.read() == {"temperature_c": {"CPU-therm": 48.312, "CPU-therm 2": 40.0}}
    (tmp_path / "thermal/thermal_zone0/temp").write_text("")
    assert probe.read()["temperature_c"]["CPU-therm"] is None


def test_sensors_where_there_is_no_zone(tmp_path):
    root = tree(
        tmp_path,
        {
            "hwmon/hwmon0/name": "k10temp",
            "hwmon/hwmon0/temp1_input": "55000",
            "hwmon/hwmon0/temp1_label": "Tctl",
        },
    )
    assert thermal.Probe(root).read() == {"temperature_c": {"k10temp Tctl": 55.0}}


def test_frequency_by_policy(tmp_path):
    root = tree(tmp_path, {"policy0/scaling_cur_freq": "1500000\n", "policy4/scaling_cur_freq": "bad\n"})
    assert cpufreq.Probe(root).read() == {"frequency_hz": {"policy0": 1500000000, "policy4": None}}


def test_throttle_bits_are_hexadecimal(tmp_path):
    path = tmp_path / "get_throttled"
    path.write_text("50005\n")
    assert throttled.Probe(str(path), "/nowhere").read() == {"throttled": 0x50005}
    path.write_text("?")
    assert throttled.Probe(str(path), "/nowhere").read() == {"throttled": None}


def test_mailbox_that_refuses_is_unknown(tmp_path):
    device = tmp_path / "vcio"
    device.write_text("")
    assert throttled.Probe("/nowhere", str(device)).read() == {"throttled": None}


def test_rails_of_both_drivers(tmp_path):
    root = tree(
        tmp_path,
        {
            "ina3221/1-0040/hwmon/hwmon3/in1_label": "VDD_IN",
            "ina3221/1-0040/hwmon/hwmon3/in1_input": "5000",
            "ina3221/1-0040/hwmon/hwmon3/curr1_input": "983",
            "ina3221/1-0040/hwmon/hwmon3/in2_label": "NC",
            "ina3221x/6-0040/iio:device0/rail_name_0": "POM_5V_IN",
            "ina3221x/6-0040/iio:device0/in_power0_input": "2003",
            "ina3221x/6-0040/iio:device0/in_voltage0_input": "5000",
        },
    )
    assert rails.Probe(root).read() == {"rails_w": {"VDD_IN": 4.915, "POM_5V_IN": 2.003}}


def test_gpu_load_in_thousandths(tmp_path):
    (tmp_path / "load").write_text("312")
    assert gpu.Probe([str(tmp_path / "load")], []).read() == {"gpu_load": 0.312}


@pytest.mark.parametrize("name", ["57000000.gpu", "17000000.gp10b", "17000000.gv11b", "17000000.ga10b"])
def test_gpu_clock_of_every_jetson(tmp_path, name):
    tree(tmp_path, {name + "/cur_freq": "921600000\n", name + "/min_freq": "76800000\n"})
    tree(tmp_path, {name + "/max_freq": "921600000\n", name + "/governor": "nvhost_podgov\n"})
    clocks = [pattern.replace("/sys/class/devfreq", str(tmp_path)) for pattern in gpu._CLOCKS]
    assert gpu.Probe([], clocks).read() == {"gpu_frequency_hz": 921600000}
    assert gpu.limits(clocks) == {
        "governor": "nvhost_podgov",
        "min_freq": "76800000",
        "max_freq": "921600000",
    }
    (tmp_path / name / "cur_freq").write_text("")
    assert gpu.Probe([], clocks).read() == {"gpu_frequency_hz": None}


def test_what_a_board_lacks_is_absent(tmp_path):
    empty = str(tmp_path)
    assert thermal.Probe(empty).read() == {}
    assert cpufreq.Probe(empty).read() == {}
    assert throttled.Probe("/nowhere", "/nowhere").read() == {}
    assert rails.Probe(empty).read() == {}
    assert gpu.Probe([empty + "/load"], [empty + "/*.gpu"]).read() == {}
    assert gpu.limits([empty + "/*.gpu"]) is None
    assert gpu.Probe([]).read() == {}
    assert memory.meminfo_bytes("MemAvailable", str(tmp_path / "none")) is None


def test_sample_of_this_machine_is_json_and_has_its_memory():
    sample = telemetry.Board().sample()
    assert json.loads(json.dumps(sample))["memory_available_bytes"] > 0


def test_sampler_takes_one_at_once_and_stops():
    sampler = telemetry.Sampler(telemetry.Board(), 3600.0)
    sampler.stop()
    assert sampler.summary()["samples"] == 1
    assert sampler.summary()["cpu_s"] >= 0
    off = telemetry.Sampler(telemetry.Board(), None)
    off.stop()
    assert off.summary() == {"samples": 0, "interval_s": None, "cpu_s": 0.0, "error": None}


def check(name, tmp_path, **sample):
    about = doctor.context(sample, {}, str(tmp_path / "not/yet/there"))
    return plugins.load("checks", name).check(about)[0]


@pytest.mark.parametrize(
    ("name", "sample", "status"),
    [
        ("throttle", {"throttled": 0}, "pass"),
        ("throttle", {"throttled": 0b100}, "fail"),
        ("throttle", {"throttled": 0x40000}, "warn"),
        ("throttle", {}, "unknown"),
        ("under_voltage", {"throttled": 1}, "fail"),
        ("under_voltage", {"throttled": 1 << 16}, "warn"),
        ("under_voltage", {"throttled": 0}, "pass"),
        ("under_voltage", {}, "unknown"),
        ("temperature", {"temperature_c": {"cpu": 40.0}}, "pass"),
        ("temperature", {"temperature_c": {"cpu": 40.0, "gpu": 71.0}}, "warn"),
        ("temperature", {"temperature_c": {"cpu": None}}, "unknown"),
        ("memory", {"memory_available_bytes": 10**6}, "fail"),
        ("memory", {"memory_available_bytes": 10**10}, "pass"),
        ("memory", {}, "unknown"),
        ("disk", {}, "pass"),
        ("backend", {}, "unknown"),
    ],
)
def test_checks(tmp_path, name, sample, status):
    assert check(name, tmp_path, **sample) == status


def test_disk_below_the_gate_fails(tmp_path):
    about = doctor.context({}, {"min_disk_free_bytes": 10**18}, str(tmp_path))
    assert plugins.load("checks", "disk").check(about)[0] == "fail"


def test_a_source_that_fails_unexpectedly_casts_doubt_on_the_cell(monkeypatch):
    board = telemetry.Board()
    samples = iter([{"t_ns": 1}])
    monkeypatch.setattr(board, "sample", lambda: next(samples))
    sampler = telemetry.Sampler(board, 0.001)
    sampler._thread.join(30)
    sampler.stop()
    assert len(sampler.samples) == 1
    assert sampler.summary()["error"].startswith("StopIteration")
    assert sampler.doubts() == ["telemetry_stopped"]
