"""Boards show the hardware of their kind, and what a test makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from labs import VirtualLab, wait_until

pytestmark = pytest.mark.lab


@pytest.fixture
def cool(lab: VirtualLab) -> Iterator[VirtualLab]:
    yield lab
    lab.cli("set", "pi4-a", "temperature_c=45", "ambient_c=45", "cooling_tau_s=0", "throttled=0")


def zone(lab: VirtualLab) -> float:
    return int(lab.output("pi4-a", "cat /sys/class/thermal/thermal_zone0/temp")) / 1000


def test_a_raspberry_pi_reads_like_one(lab: VirtualLab) -> None:
    model = lab.output("pi4-a", "tr -d '\\0' < /sys/firmware/devicetree/base/model")
    assert model.startswith("Raspberry Pi 4")
    assert lab.output("pi4-a", "vcgencmd measure_clock arm") == "frequency(48)=1500000000"
    policy = "/sys/devices/system/cpu/cpufreq/policy0"
    assert (
        lab.output("pi4-a", f"cat {policy}/cpuinfo_max_freq {policy}/scaling_cur_freq") == "1500000\n1500000"
    )
    assert lab.ssh("pi4-a", "vcgencmd no_such_command").returncode != 0


def test_a_jetson_reads_like_one(lab: VirtualLab) -> None:
    assert "NVIDIA Jetson Orin" in lab.output("orin-a", "tr -d '\\0' < /sys/firmware/devicetree/base/model")
    assert "VDD_IN 4900mW/4900mW" in lab.output("orin-a", "tegrastats --interval 100 | head -1")
    rail = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
    assert (
        lab.output("orin-a", f"cat {rail}/in1_label {rail}/in1_input {rail}/curr1_input")
        == "VDD_IN\n19000\n258"
    )
    lab.output("orin-a", "nvpmodel -m 2")
    assert lab.output("orin-a", "nvpmodel -q") == "NV Power Mode: MAXN_SUPER\n2"
    assert lab.ssh("orin-a", "nvpmodel -m 9").returncode != 0
    lab.output("orin-a", "nvpmodel -m 0")


def test_a_test_can_make_a_board_hot_and_throttled(cool: VirtualLab) -> None:
    cool.cli("set", "pi4-a", "temperature_c=81.5", "throttled=0x50005")
    assert zone(cool) == 81.5
    assert cool.output("pi4-a", "vcgencmd measure_temp") == "temp=81.5'C"
    assert cool.output("pi4-a", "vcgencmd get_throttled") == "throttled=0x50005"


def test_a_hot_board_cools_towards_its_surroundings(cool: VirtualLab) -> None:
    cool.cli("set", "pi4-a", "temperature_c=80", "ambient_c=45", "cooling_tau_s=1")
    wait_until(lambda: zone(cool) < 50, 60, "the board has cooled")
    assert zone(cool) >= 45


def test_a_reboot_clears_throttle_history_and_knobs(cool: VirtualLab) -> None:
    governor = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
    cool.cli("set", "pi4-a", "throttled=0x50000")
    cool.output("pi4-a", f"echo performance > {governor}")
    assert cool.output("pi4-a", f"cat {governor}") == "performance"
    cool.reboot("pi4-a")
    assert cool.output("pi4-a", "vcgencmd get_throttled") == "throttled=0x0"
    assert cool.output("pi4-a", f"cat {governor}") == "ondemand"
