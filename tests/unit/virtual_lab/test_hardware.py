"""What a board's hardware shows for a state."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_lab import hardware
from virtual_lab.config import KINDS
from virtual_lab.errors import LabError

EVERY_KIND = sorted(path.stem for path in KINDS.glob("*.toml"))


def made(folder: Path, name: str) -> dict[str, object]:
    kind = hardware.load_kind(name)
    hardware.write_identity(folder / "hardware", kind, "0123456789abcdef")
    hardware.write_knobs(folder / "hardware", kind)
    hardware.write_state(folder, kind, hardware.initial_state(kind))
    return kind


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_kind_shows_model_temperature_and_clock(tmp_path: Path, name: str) -> None:
    kind = made(tmp_path, name)
    shown = tmp_path / "hardware"
    assert (shown / "firmware/devicetree/base/model").read_text() == f"{kind['model']}\0"
    assert int((shown / "thermal/thermal_zone0/temp").read_text()) > 20_000
    policy = shown / "cpufreq/policy0"
    assert (policy / "scaling_cur_freq").read_text() == (policy / "scaling_max_freq").read_text()


def test_a_change_is_shown_everywhere(tmp_path: Path) -> None:
    kind = made(tmp_path, "raspberry_pi_4")
    changes = hardware.parse_changes(["temperature_c=80", "throttled=0x50005", "frequency_hz=600000000"])
    hardware.change_state(tmp_path, kind, lambda state: dataclasses.replace(state, **changes))  # type: ignore[arg-type]
    shown = tmp_path / "hardware"
    assert (shown / "thermal/thermal_zone0/temp").read_text() == "80000\n"
    assert (shown / "cpufreq/policy0/scaling_cur_freq").read_text() == "600000\n"
    assert (shown / "commands/vcgencmd/get_throttled").read_text() == "throttled=0x50005\n"
    assert (shown / "commands/vcgencmd/measure_clock_arm").read_text() == "frequency(48)=600000000\n"


def test_power_up_keeps_the_throttle_bits_of_now_and_resets_the_knobs(tmp_path: Path) -> None:
    kind = made(tmp_path, "raspberry_pi_4")
    governor = tmp_path / "hardware/cpufreq/policy0/scaling_governor"
    governor.write_text("performance\n")
    hardware.change_state(tmp_path, kind, lambda state: dataclasses.replace(state, throttled=0x80001))
    hardware.reset_at_boot(tmp_path, kind)
    assert hardware.read_state(tmp_path).throttled == 0x10001
    assert governor.read_text() == "ondemand\n"


def test_bogus_jetson_zones_stay_bogus(tmp_path: Path) -> None:
    kind = made(tmp_path, "jetson_nano")
    hardware.change_state(tmp_path, kind, lambda state: dataclasses.replace(state, temperature_c=60.0))
    zones = tmp_path / "hardware/thermal"
    shown = {zone.joinpath("type").read_text(): zone.joinpath("temp").read_text() for zone in zones.iterdir()}
    assert shown["PMIC-Die\n"] == "100000\n"
    assert shown["CPU-therm\n"] == "60000\n"


@given(
    hot_c=st.floats(-20, 120),
    ambient_c=st.floats(-20, 120),
    tau_s=st.floats(0.1, 1000),
    steps=st.lists(st.floats(0, 100), max_size=20),
)
def test_cooling_tends_to_the_surroundings_and_never_past_them(
    hot_c: float, ambient_c: float, tau_s: float, steps: list[float]
) -> None:
    state = hardware.State(temperature_c=hot_c, ambient_c=ambient_c, cooling_tau_s=tau_s)
    for step_s in steps:
        before, state = state, hardware.cooled(state, step_s)
        assert abs(state.temperature_c - ambient_c) <= abs(before.temperature_c - ambient_c) + 1e-3


def test_a_board_that_holds_its_temperature_holds_it() -> None:
    state = hardware.State(temperature_c=80.0, ambient_c=40.0, cooling_tau_s=0.0)
    assert hardware.cooled(state, 3600.0) == state


@pytest.mark.parametrize("word", ["temperature_c", "heat=3", "throttled=1.5", "temperature_c=hot"])
def test_a_wrong_change_is_refused(word: str) -> None:
    with pytest.raises(LabError):
        hardware.parse_changes([word])
