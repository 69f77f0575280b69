"""Meters that the kernel reads, from directories laid out as its own."""

import pytest
from served_meter import opened, samples_of

from power_meter import registry
from power_meter.contract import MeterError, MeterUnpluggedError
from power_meter.drivers import _hwmon


def sensor(root, number, name, **files):
    directory = root / f"hwmon{number}"
    directory.mkdir(parents=True)
    for file, text in {"name": name, **files}.items():
        (directory / file).write_text(f"{text}\n")
    return directory


def test_hwmon_sensors_are_found_by_name_and_read_in_their_own_units(tmp_path, monkeypatch):
    monkeypatch.setattr(_hwmon.find_hwmon, "__defaults__", (tmp_path,))
    sensor(tmp_path, 0, "coretemp")
    sensor(tmp_path, 1, "ina226", in0_input=2, in1_input=5100, curr1_input=1200, power1_input=6120000)
    with opened("hwmon", "auto") as meter:
        assert samples_of(meter, 2)[0][1:4] == pytest.approx((5.1, 1.2, 6.12))
        assert meter.identity["model"] == "ina226"
    sensor(tmp_path, 2, "powerz", in0_input=9000, curr1_input=-500)
    with pytest.raises(MeterUnpluggedError, match="2 sensors fit"):
        registry.load_driver("hwmon").METER("auto", {})
    with opened("hwmon", "powerz") as meter:
        assert samples_of(meter, 1)[0][1:4] == pytest.approx((9.0, -0.5, 4.5))
        (tmp_path / "hwmon2" / "curr1_input").write_text("EIO\n")
        assert meter.read() == []
        assert meter.counters["read_errors"] == 1


def test_jetson_rails_are_not_added_to_the_total_that_holds_them(tmp_path, monkeypatch):
    monkeypatch.setattr(_hwmon.find_hwmon, "__defaults__", (tmp_path,))
    rails = {"in1_label": "VDD_IN", "in1_input": 19000, "curr1_input": 500}
    rails |= {"in2_label": "VDD_CPU_GPU_CV", "in2_input": 19000, "curr2_input": 200, "in3_label": "NC"}
    rails |= {"in7_label": "sum of shunt voltages", "in7_input": 1}
    directory = sensor(tmp_path, 3, "ina3221", **rails)
    with opened("ina3221", "auto") as meter:
        assert meter.identity["model"] == "INA3221 VDD_IN"
        assert samples_of(meter, 1)[0][1:4] == pytest.approx((19.0, 0.5, 9.5))
    (directory / "in1_label").write_text("VDD_SOC\n")
    with opened("ina3221", "auto") as meter:
        assert samples_of(meter, 1)[0].power_w == pytest.approx(9.5 + 3.8), "no total rail: the sum"
    with pytest.raises(MeterError, match="valid: VDD_SOC, VDD_CPU_GPU_CV"):
        registry.load_driver("ina3221").METER("auto", {"rails": ["VDD_IN"]})
