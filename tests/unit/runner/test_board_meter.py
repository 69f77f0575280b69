"""Meters that are wired in the board, on made-up kernel files and a made-up command."""

import json
import struct
import time
from pathlib import Path

import pytest

from edgebench_runner import board_meter, cell, spec
from edgebench_runner.meters import MeterError, hwmon, ina3221, pi5_pmic, sensors
from tests.unit.runner.runner_factory import null_spec

PMIC_LINES = "".join(
    f" RAIL{n}_A current({n})=0.50000000A\n RAIL{n}_V volt({n})=1.20000000V\n" for n in range(12)
)
SUPPLY = "  EXT5V_V volt(24)=5.10000000V\n"
CAPS = {"nominal_hz": 10, "update_hz": 10, "group_delay_s": 0.05, "u_v_pct": 0.5, "u_i_pct": 3.0}


def files(directory: Path, **contents: object) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_text(f"{content}\n")
    return str(directory)


def jetpack5(directory: Path) -> str:
    rails = {"in1_label": "VDD_IN", "in1_input": 5000, "curr1_input": 1200}
    rails.update(in2_label="VDD_CPU", in2_input=5000, curr2_input=400, in3_label="NC")
    return files(directory, **rails)


def command(path: Path, output: str, status: int = 0) -> str:
    path.write_text(f"#!/bin/sh\ncat <<END\n{output}END\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("options", "model", "watts"),
    [
        ({}, "INA3221 VDD_IN", 6.0),  # the total alone, not the rails that it contains
        ({"rails": ["VDD_CPU"]}, "INA3221 VDD_CPU", 2.0),
        ({"rails": ["VDD_IN", "VDD_CPU"]}, "INA3221 VDD_IN+VDD_CPU", 8.0),
    ],
)
def test_rails_of_jetpack_5(tmp_path, options, model, watts):
    meter = ina3221.Meter(jetpack5(tmp_path / "hwmon3"), options)
    assert meter.identity()["model"] == model
    assert meter.read() == pytest.approx((5.0, watts / 5.0, watts))


def test_rails_of_jetpack_4(tmp_path):
    rails = {"rail_name_0": "POM_5V_IN", "in_voltage0_input": 4960, "in_power0_input": 2480}
    meter = ina3221.Meter(files(tmp_path, **rails), {})
    assert meter.read() == pytest.approx((4.96, 0.5, 2.48))


def test_a_rail_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(MeterError, match=r"no rail \['GPU'\]; valid: VDD_CPU, VDD_IN"):
        ina3221.Meter(jetpack5(tmp_path / "hwmon3"), {"rails": ["GPU"]})


def test_a_sensor_on_the_bus_takes_the_bus_voltage_and_its_own_power(tmp_path):
    sensor = files(
        tmp_path, name="ina226", in0_input=2, in1_input=5100, curr1_input=800, power1_input=4_090_000
    )
    assert hwmon.Meter(sensor, {}).read() == pytest.approx((5.1, 0.8, 4.09))


def test_sensors_are_found_by_name_whatever_their_number(tmp_path):
    files(tmp_path / "hwmon0", name="cpu_thermal")
    wanted = files(tmp_path / "hwmon5", name="ina219")
    assert sensors("auto", ("ina2",), str(tmp_path)) == [wanted]
    with pytest.raises(MeterError, match="there is: cpu_thermal, ina219"):
        sensors("powerz", ("ina2",), str(tmp_path))


def test_rails_of_a_pi_5_are_added_up_and_a_partial_sum_is_refused(tmp_path):
    meter = pi5_pmic.Meter(command(tmp_path / "vcgencmd", PMIC_LINES + SUPPLY), {})
    assert meter.read() == pytest.approx((5.1, 7.2 / 5.1, 7.2))
    assert meter.children_cpu_s > 0
    with pytest.raises(MeterError, match="0 rails with voltage and current"):
        pi5_pmic.Meter(command(tmp_path / "old", SUPPLY), {})
    with pytest.raises(MeterError, match="status"):
        pi5_pmic.Meter(command(tmp_path / "broken", "error=1 command not registered\n", 1), {})
    with pytest.raises(MeterError, match="No such file"):
        pi5_pmic.Meter(str(tmp_path / "none"), {})


def asked(port: str, **changes: object) -> dict:
    meter = {"name": "rails", "driver": "ina3221", "port": port, "scope": "module_input"}
    return dict(meter, options={}, caps=CAPS, **changes)


def test_a_cell_carries_the_trace_of_its_boards_meter(tmp_path):
    protocol = {"warmup": 0, "inferences": 5, "deadline_s": 60, "idle_before_s": 0.6, "idle_after_s": 0.4}
    wanted = spec.complete(null_spec(meter=asked(jetpack5(tmp_path / "hwmon3")), protocol=protocol))
    directory = tmp_path / "cell"
    directory.mkdir()
    record = cell.Cell(wanted, str(directory), []).run()
    found = record["board_meter"]
    assert found["error"] is None
    assert found["read_errors"] == 0
    assert 0 <= found["cpu_s"] < 0.5
    samples = list(struct.iter_unpack("<qfff", (directory / "power" / "trace.bin").read_bytes()))
    assert len(samples) == found["samples"] >= 8
    phases = {phase["name"]: phase for phase in record["phases"]}
    assert samples[0][0] < phases["idle_before"]["end_ns"]
    assert samples[-1][0] > phases["idle_after"]["start_ns"]
    assert samples[3][1:] == pytest.approx((5.0, 1.2, 6.0))
    meter = json.loads((directory / "power" / "meter.json").read_text())
    assert (meter["boot_id"], meter["simulated"]) == (record["boot_id"], False)
    assert {"power/trace.bin", "power/meter.json", "power/events.jsonl"} <= set(record["files"])


def test_a_meter_that_is_not_there_is_said_and_the_cell_is_measured(tmp_path):
    wanted = spec.complete(null_spec(meter=asked(str(tmp_path / "nothing"))))
    directory = tmp_path / "cell"
    directory.mkdir()
    record = cell.Cell(wanted, str(directory), []).run()
    assert record["outcome"] == "ok"
    assert "no rail at all" in record["board_meter"]["error"]
    assert not (directory / "power").exists()


def test_a_reading_that_fails_is_counted_and_leaves_a_gap(tmp_path):
    port = jetpack5(tmp_path / "hwmon3")
    meter = board_meter.BoardMeter(asked(port))
    time.sleep(0.35)
    Path(port, "curr1_input").unlink()
    time.sleep(0.35)
    meter.stop()
    meter.write(str(tmp_path))
    summary = json.loads((tmp_path / "power" / "summary.json").read_text())
    assert summary["read_errors"] >= 1
    assert summary["samples"] >= 1
    events = (tmp_path / "power" / "events.jsonl").read_text()
    assert events.count('"failed"') == 1
    assert "curr1_input: no number" in events


def test_an_unknown_meter_is_a_mistake_of_the_spec():
    wrong = null_spec(meter=dict(asked("auto"), driver="ina9999"))
    assert spec.problems(wrong) == ["meter.driver: found 'ina9999', valid: hwmon, ina3221, pi5_pmic"]
