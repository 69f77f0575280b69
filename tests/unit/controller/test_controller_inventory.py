from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import inventory
from controller.errors import Problem
from tests.unit.controller.controller_factory import a_catalogue, a_host, a_metered_host


def check(hosts: dict[str, dict[str, Any]]) -> list[Problem]:
    problems = inventory.check(hosts, "inventory/lab", a_catalogue())
    assert all(problem.file == "inventory/lab" for problem in problems)
    return problems


def test_boards_with_and_without_a_meter_are_accepted() -> None:
    assert check({"pi": a_host(), "nano-2": a_metered_host()}) == []


def test_what_has_a_default_may_be_left_out() -> None:
    assert check({"pi": {"edgebench_kind": "generic_linux"}}) == []


def test_an_inventory_without_boards_is_refused() -> None:
    (problem,) = check({})
    assert problem.key == "boards"
    assert problem.found is None


@pytest.mark.parametrize(
    ("changes", "key", "found", "valid"),
    [
        ({"edgebench_kind": "pi4"}, "edgebench_kind", "pi4", "generic_linux, raspberry_pi_4"),
        ({"edgebench_kind": None}, "edgebench_kind", None, "generic_linux, raspberry_pi_4"),
        ({"edgebench_root": ""}, "edgebench_root", "", "the whole path of a folder"),
        ({"edgebench_root": "bench"}, "edgebench_root", "bench", "the whole path of a folder"),
        ({"edgebench_can_reboot": "yes"}, "edgebench_can_reboot", "yes", "true or false"),
        ({"edgebench_can_reboot": 1}, "edgebench_can_reboot", 1, "true or false"),
        ({"edgebench_metre": "desk"}, "edgebench_metre", "edgebench_metre", "edgebench_meter, "),
        ({"edgebench_meter": "desc"}, "edgebench_meter", "desc", "desk"),
        ({"edgebench_power_switch": "plug"}, "edgebench_power_switch", "plug", "a mapping"),
        ({"edgebench_reconnect_s": "soon"}, "edgebench_reconnect_s", "soon", "seconds"),
        ({"edgebench_reconnect_s": 0}, "edgebench_reconnect_s", 0, "above 0"),
        ({"edgebench_reconnect_s": True}, "edgebench_reconnect_s", True, "seconds"),
    ],
)
def test_a_mistake_in_a_board_is_one_problem(
    changes: dict[str, Any], key: str, found: Any, valid: str
) -> None:
    (problem,) = check({"pi": {**a_metered_host(), **changes}})
    assert (problem.key, problem.found) == (f"pi.{key}", found)
    assert valid in problem.valid


@pytest.mark.parametrize("seconds", [30, 0.5, "120"])
def test_seconds_may_come_from_the_command_line(seconds: Any) -> None:
    assert check({"pi": {**a_host(), "edgebench_reconnect_s": seconds}}) == []


@pytest.mark.parametrize("port", ["auto", "usb:28e9:018a", "location:1-1.4", "/dev/null"])
def test_a_port_may_be_named_by_what_it_is(port: str) -> None:
    board = a_metered_host()
    (meter,) = board["edgebench_meters"].values()
    meter |= {"simulate": None, "port": port}
    assert check({"pi": board}) == []


@pytest.mark.parametrize("name", ["Pi", "pi.lab", "-pi", "my pi", "pi/../etc"])
def test_a_name_that_cannot_be_a_directory_is_refused(name: str) -> None:
    (problem,) = check({name: a_host()})
    assert (problem.key, problem.found) == ("host name", name)


@pytest.mark.parametrize(
    ("changes", "key", "found"),
    [
        ({"driver": "tc66"}, "driver", "tc66"),
        ({"driver": None}, "driver", None),
        ({"driver": ["tc66c"]}, "driver", ["tc66c"]),
        ({"scope": "wall_ac"}, "scope", "wall_ac"),
        ({"speed": 9600}, "speed", "speed"),
        ({"options": 5}, "options", 5),
        ({"options": {"rate": 5}}, "options.rate", "rate"),
        ({"host": "sidecar"}, "host", "sidecar"),
        ({"host": "board"}, "host", "board"),
        ({"driver": "ina3221", "scope": "module_input", "host": "pi"}, "host", "pi"),
        ({"simulate": None}, "port", None),
        ({"simulate": None, "port": "/dev/no-such-port"}, "port", "/dev/no-such-port"),
        ({"simulate": {"load": "host_cp"}}, "simulate.load", "host_cp"),
        ({"simulate": {"lode": "host_cpu"}}, "simulate.load", None),
        ({"driver": "rails", "scope": "pmic_rails"}, "simulate", "rails"),
    ],
)
def test_a_mistake_in_a_meter_is_named(changes: dict[str, Any], key: str, found: Any) -> None:
    problems = check({"pi": a_metered_host(**changes)})
    assert (f"edgebench_meters.desk.{key}", found) in [(problem.key, problem.found) for problem in problems]


def test_a_simulated_load_may_be_a_script(tmp_path: Path) -> None:
    script = tmp_path / "load.json"
    script.write_text("[]")
    assert check({"pi": a_metered_host(simulate={"load": str(script)})}) == []


def test_mistakes_of_all_boards_are_said_at_once() -> None:
    problems = check(
        {"pi": a_host(edgebench_kind="pi4"), "nano": a_metered_host(driver="tc66"), "Orin": a_host()}
    )
    assert {problem.key for problem in problems} == {
        "pi.edgebench_kind",
        "edgebench_meters.desk.driver",
        "host name",
    }


def test_two_boards_may_name_the_same_meter_only_once_in_the_sweep() -> None:
    """A supply that feeds two boards tells nothing about either."""
    (problem,) = check({"pi": a_metered_host(), "nano": a_metered_host()})
    assert problem.key == "pi.edgebench_meter"
    assert problem.found == "desk"
    assert "nano" in problem.valid


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=5,
)


@given(
    host=st.dictionaries(st.sampled_from([*inventory.VARIABLES, "edgebench_odd"]), VALUES, max_size=5),
    meter=VALUES | st.dictionaries(st.sampled_from([*inventory.METER_KEYS, "odd"]), VALUES, max_size=4),
    name=st.sampled_from(["pi", "Pi", ""]),
)
def test_any_inventory_is_accepted_or_refused_in_words(host: dict[str, Any], meter: Any, name: str) -> None:
    metered = a_metered_host()
    for variables in (host, {**metered, **host}, {**metered, "edgebench_meters": {"desk": meter}}):
        assert all("\n" not in str(problem) for problem in check({name: variables}))
