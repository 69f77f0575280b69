from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from controller.catalogues import Catalogues
from controller.plan import cells_of, make_manifest, new_sweep_id
from tests.unit.controller.controller_factory import (
    ROOT,
    SWEEP_ID,
    a_catalogue,
    a_host,
    a_manifest,
    a_metered_host,
    a_profile,
)

MODELS = st.lists(st.sampled_from(["digits_cnn", "resnet50"]), min_size=1, unique=True)
BACKENDS = st.lists(st.sampled_from(["onnxruntime", "pytorch", "null"]), min_size=1, unique=True).map(
    lambda names: {name: {} for name in names}
)
MODES = st.lists(st.sampled_from(["cold", "warm", "sustained"]), min_size=1, unique=True).map(
    lambda names: {name: {"warmup": 0, "inferences": 1} for name in names}
)
BOARDS = st.lists(st.sampled_from(["pi", "nano", "orin", "desk-1"]), min_size=1, unique=True)
PROFILES = st.fixed_dictionaries(
    {
        "models": MODELS,
        "backends": BACKENDS,
        "modes": MODES,
        "repeats": st.integers(1, 4),
        "order": st.fixed_dictionaries({"shuffle": st.booleans(), "seed": st.integers(0, 2**40)}),
    }
)


def plan(boards: Iterable[str], **changes: Any) -> list[dict[str, Any]]:
    profile = a_profile(**changes)
    return cells_of({name: a_host() for name in boards}, profile, profile["order"]["seed"], a_catalogue())


def of_board(cells: list[dict[str, Any]], board: str) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell["board"] == board]


@given(boards=BOARDS, changes=PROFILES)
def test_every_combination_is_planned_exactly_once(boards: list[str], changes: dict[str, Any]) -> None:
    cells = plan(boards, **changes)
    planned = Counter(
        (cell["board"], cell["model"], cell["backend"], cell["mode"], cell["repeat"]) for cell in cells
    )
    expected = product(
        boards,
        changes["models"],
        changes["backends"],
        changes["modes"],
        range(1, changes["repeats"] + 1),
    )
    assert planned == Counter(expected)
    assert len({cell["cell_id"] for cell in cells}) == len(cells)
    for board in boards:
        assert [cell["position"] for cell in of_board(cells, board)] == list(
            range(1, len(cells) // len(boards) + 1)
        )


@given(boards=BOARDS, changes=PROFILES)
def test_the_same_seed_gives_the_same_order(boards: list[str], changes: dict[str, Any]) -> None:
    assert plan(boards, **changes) == plan(boards[::-1], **changes)


@given(boards=BOARDS, changes=PROFILES)
def test_another_board_does_not_reorder_the_others(boards: list[str], changes: dict[str, Any]) -> None:
    few, more = plan(boards, **changes), plan([*boards, "added"], **changes)
    for board in boards:
        assert of_board(few, board) == of_board(more, board)


def test_orders_differ_between_boards_and_between_seeds() -> None:
    def order(seed: int, board: str) -> list[str]:
        cells = plan(["pi", "nano"], repeats=20, order={"shuffle": True, "seed": seed})
        return [cell["cell_id"].partition("/")[2] for cell in of_board(cells, board)]

    assert order(1, "pi") != order(1, "nano")
    assert order(1, "pi") != order(2, "pi")
    assert sorted(order(1, "pi")) == sorted(order(2, "nano"))


def test_without_a_shuffle_repeats_follow_one_another() -> None:
    cells = plan(["pi"], models=["digits_cnn", "resnet50"], order={"shuffle": False, "seed": 1})
    assert [(cell["repeat"], cell["model"]) for cell in cells] == [
        (1, "digits_cnn"),
        (1, "resnet50"),
        (2, "digits_cnn"),
        (2, "resnet50"),
    ]


def test_without_a_seed_one_is_drawn_and_recorded() -> None:
    seeds = {a_manifest(order={"shuffle": True, "seed": None})["seed"] for _ in range(5)}
    assert len(seeds) == 5


def test_a_backend_for_some_kinds_is_planned_on_their_boards_only() -> None:
    backends = {"onnxruntime": {}, "pytorch": {"kinds": ["raspberry_pi_4"]}}
    hosts = {"desk": a_host(), "pi": a_host(edgebench_kind="raspberry_pi_4")}
    cells = cells_of(hosts, a_profile(backends=backends), 1, a_catalogue())
    assert {(cell["board"], cell["backend"]) for cell in cells} == {
        ("desk", "onnxruntime"),
        ("pi", "onnxruntime"),
        ("pi", "pytorch"),
    }


def test_a_cell_carries_the_format_its_backend_reads() -> None:
    backends = {"onnxruntime": {}, "pytorch": {}, "floor": {"runtime": "null"}}
    cells = plan(["pi"], backends=backends)
    found = {cell["backend"]: (cell["runtime"], cell["format"]) for cell in cells}
    assert found == {
        "onnxruntime": ("onnxruntime", "onnx"),
        "pytorch": ("pytorch", "torchscript"),
        "floor": ("null", None),
    }


@pytest.mark.parametrize("host", [a_host(), a_metered_host(), a_host(edgebench_simulated=True)])
def test_a_manifest_follows_its_schema(host: dict[str, Any]) -> None:
    profile = {**a_profile(), "backends": {"onnxruntime": {}, "floor": {"runtime": "null"}}}
    manifest = make_manifest(SWEEP_ID, "made", profile, {"pi": host}, a_catalogue(), ROOT)
    schemas = {
        name: json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("manifest", "profile")
    }
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    Draft202012Validator(schemas["manifest"], registry=registry).validate(json.loads(json.dumps(manifest)))


def test_a_meter_is_recorded_with_what_it_is() -> None:
    real = a_metered_host(simulate=None, port="/dev/ttyACM0", host="localhost")
    manifest = make_manifest(SWEEP_ID, "made", a_profile(), {"pi": real}, a_catalogue(), ROOT)
    assert manifest["boards"]["pi"] == {"kind": "generic_linux", "meter": "desk", "simulated": False}
    assert manifest["meters"] == {
        "desk": {"driver": "tc66c", "scope": "dc_input", "simulated": False, "host": "localhost"}
    }


def test_what_is_wired_in_a_board_is_recorded_by_the_board_unless_the_inventory_says_otherwise() -> None:
    def recorded(**meter: Any) -> dict[str, Any]:
        board = a_metered_host(**{"scope": "module_input", "simulate": None, **meter})
        manifest = make_manifest(SWEEP_ID, "made", a_profile(), {"pi": board}, a_catalogue(), ROOT)
        return dict(manifest["meters"]["desk"])

    assert recorded(driver="ina3221", options={"rails": ["VDD_IN"]}) == {
        "driver": "ina3221",
        "scope": "module_input",
        "simulated": False,
        "host": "board",
        "port": "auto",
        "options": {"rails": ["VDD_IN"]},
        "caps": {"update_hz": 10.0},
    }
    assert recorded(driver="ina3221", host="localhost")["host"] == "localhost"
    assert recorded(driver="hwmon")["host"] == "localhost"
    assert recorded(driver="hwmon", host="board")["host"] == "board"


def test_sweep_ids_name_their_profile_and_sort_by_time() -> None:
    assert new_sweep_id("smoke").endswith("-smoke")
    assert new_sweep_id("a") <= new_sweep_id("b")


def a_catalogue_with_routes() -> Catalogues:
    """Two ways to write TensorFlow Lite files, and a backend that reads OpenVINO's and ONNX files."""
    catalogue = a_catalogue()
    for name, kind in (("tflite", "tflite"), ("a_tflite", "tflite"), ("openvino", "openvino")):
        catalogue.formats[name] = {"format": name, "file_format": kind, "opset": False}
    catalogue.models["digits_cnn"]["formats"] = ["a_tflite", "onnx", "openvino", "tflite", "torchscript"]
    catalogue.backends["openvino"] = {
        **catalogue.backends["pytorch"],
        "formats": ["openvino", "onnx"],
        "default_format": "openvino",
    }
    catalogue.backends["tflite"] = {
        **catalogue.backends["pytorch"],
        "formats": ["tflite"],
        "default_format": "tflite",
    }
    return catalogue


@pytest.mark.parametrize(
    ("label", "entry", "formats", "found"),
    [
        ("openvino", {}, None, ("openvino", None)),
        ("openvino", {"format": "onnx"}, None, ("onnx", 17)),
        ("openvino", {}, ["onnx"], ("onnx", 17)),
        ("tflite", {}, None, ("tflite", None)),
        ("coral", {"runtime": "tflite", "format": "a_tflite"}, None, ("a_tflite", None)),
        ("tflite", {}, ["a_tflite", "onnx"], ("a_tflite", None)),
    ],
)
def test_the_format_is_the_profiles_else_the_backends_default_else_the_first(
    label, entry, formats, found
) -> None:
    catalogue = a_catalogue_with_routes()
    if formats:
        catalogue.models["digits_cnn"]["formats"] = formats
    (cell,) = cells_of({"pi": a_host()}, a_profile(backends={label: entry}, repeats=1), 1, catalogue)
    assert (cell["format"], cell["opset"]) == found


def test_an_old_board_gets_an_older_opset_and_none_gets_a_newer_one_than_the_profile() -> None:
    hosts = {"nano": a_host(edgebench_opset=13), "orin": a_host(edgebench_opset=25), "pi": a_host()}
    cells = cells_of(hosts, a_profile(), 1, a_catalogue())
    assert {(cell["board"], cell["opset"]) for cell in cells} == {("nano", 13), ("orin", 17), ("pi", 17)}


def test_a_backend_of_its_own_variants_is_planned_with_them() -> None:
    backends = {"onnxruntime": {"variants": ["fp32", "int8"]}, "pytorch": {}}
    cells = plan(["pi"], backends=backends, variants=["fp32"])
    found = {(cell["backend"], cell["variant"]) for cell in cells}
    assert found == {("onnxruntime", "fp32"), ("onnxruntime", "int8"), ("pytorch", "fp32")}
