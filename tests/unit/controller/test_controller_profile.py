from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller import profile
from controller.catalogues import Catalogues, ask_all
from controller.errors import InputError, Problem
from tests.unit.controller.controller_factory import ROOT, a_catalogue, a_profile

LEAST = {
    "schema": "edgebench/profile/1",
    "description": "the least that is needed",
    "models": ["digits_cnn"],
    "backends": {"onnxruntime": {}},
    "modes": {"warm": {"warmup": 1, "inferences": 2}},
    "repeats": 1,
}
Load = Callable[[Any], dict[str, Any]]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Writes a value (or raw bytes) as a profile and reads it as the preflight does."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "profiles").mkdir()
    (root / "schemas").mkdir()
    shutil.copy(ROOT / "schemas" / "profile.json", root / "schemas")

    def write_and_load(value: Any) -> dict[str, Any]:
        content = value if isinstance(value, bytes) else yaml.safe_dump(value).encode()
        (root / "profiles" / "made.yml").write_bytes(content)
        return profile.load(root, "made", a_catalogue())

    return write_and_load


@pytest.fixture(scope="module")
def offered() -> Catalogues:
    """What the packages of this checkout really offer."""
    return ask_all(ROOT)


def problems_of(load: Load, value: Any) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        load(value)
    return caught.value.problems


def test_defaults_are_filled_in_at_every_level(load: Load) -> None:
    loaded = load({**LEAST, "power": {"idle_before_s": 3}})
    assert loaded["variants"] == ["fp32"]
    assert loaded["scale"] == 1.0
    assert loaded["order"] == {"shuffle": True, "seed": None}
    assert loaded["cooldown"] == {"method": "none"}
    assert loaded["power"]["idle_before_s"] == 3
    assert loaded["power"]["minimum_window_s"] == 60
    assert loaded["gate"]["max_load_per_cpu"] is None


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.yml")), ids=lambda path: path.stem)
def test_every_profile_of_the_checkout_can_be_read(path: Path, offered: Catalogues) -> None:
    assert profile.load(ROOT, path.stem, offered)["description"]


def test_a_profile_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(InputError) as caught:
        profile.load(ROOT, "smok", a_catalogue())
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.found) == ("profiles/", "profile", "smok")
    assert "smoke" in problem.valid.split(", ")


@pytest.mark.parametrize("name", ["../profiles/smoke", "", "/etc/passwd", "smoke.yml"])
def test_a_profile_is_named_not_pathed(name: str) -> None:
    with pytest.raises(InputError):
        profile.load(ROOT, name, a_catalogue())


@pytest.mark.parametrize(
    ("changes", "key", "found", "valid"),
    [
        ({"repeats": "three"}, "repeats", "three", "a whole number"),
        ({"repeats": True}, "repeats", True, "a whole number"),
        ({"repeats": 0}, "repeats", 0, "at least 1"),
        ({"models": "resnet50"}, "models", "resnet50", "a list"),
        ({"models": ["ResNet 50"]}, "models.0", "ResNet 50", "text that matches"),
        ({"backends": {"onnxruntime": None}}, "backends.onnxruntime", None, "a mapping"),
        ({"backends": {"floor": {"runtime": None}}}, "backends.floor.runtime", None, "text"),
        ({"modes": {"hot": {"warmup": 0, "inferences": 1}}}, "modes", "hot", "cold, sustained"),
        ({"modes": {"warm": {"warmup": 0}}}, "modes.warm.inferences", None, "a whole number"),
        ({"isolation": "boot"}, "isolation", "boot", "auto, process, reboot"),
        ({"order": {"sead": 1}}, "order.sead", "sead", "seed, shuffle"),
        ({"cooldown": {"method": "ice"}}, "cooldown.method", "ice", "fixed, none, reference"),
        ({"cooldown": {"method": "fixed"}}, "cooldown.seconds", None, "a number"),
        ({"repeat": 3}, "repeat", "repeat", "backends, "),
        ({"schema": "edgebench/profile/2"}, "schema", "edgebench/profile/2", "'edgebench/profile/1'"),
        ({"scale": 0}, "scale", 0, "above 0"),
        ({"power": []}, "power", [], "a mapping"),
        ({"rest_s": float("inf")}, "rest_s", float("inf"), "a finite number"),
        ({"cooldown": {"method": "none", "seconds": 3}}, "cooldown.seconds", "seconds", "method"),
        ({"description": 5}, "description", 5, "text, in quotes: '5'"),
        ({"backends": {None: {}}}, "backends", None, "in quotes: 'null'"),
    ],
)
def test_a_mistake_is_named_with_its_key_what_was_found_and_what_is_valid(
    load: Load, changes: dict[str, Any], key: str, found: Any, valid: str
) -> None:
    (problem,) = problems_of(load, {**LEAST, **changes})
    assert problem.file == "profiles/made.yml"
    assert problem.key == key
    assert problem.found == found
    assert valid in problem.valid


def test_what_is_missing_is_named(load: Load) -> None:
    problems = problems_of(load, {"schema": "edgebench/profile/1"})
    assert {problem.key: (problem.found, problem.valid) for problem in problems} == {
        "description": (None, "text"),
        "models": (None, "a list"),
        "backends": (None, "a mapping"),
        "modes": (None, "a mapping"),
        "repeats": (None, "a whole number"),
    }


def test_all_mistakes_are_said_at_once(load: Load) -> None:
    wrong = {"repeats": "x", "opset": 2, "models": ["digits_cn"], "variants": [5], "backends": {"onnx": {}}}
    problems = problems_of(load, {**LEAST, **wrong})
    assert {problem.key for problem in problems} == {
        "repeats",
        "opset",
        "models",
        "variants.0",
        "backends.onnx",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1, 2]",
        b"a: b: c",
        b"\xff\xfe\x00",
        b"!!python/object:os.system x",
        b"- *nowhere",
        b"a: 2023-13-45",
        b"[" * 500,
    ],
)
def test_a_file_that_is_no_mapping_is_one_problem(load: Load, content: bytes) -> None:
    (problem,) = problems_of(load, content)
    assert problem.key == "(whole file)"
    assert problem.valid in ("a YAML mapping", "a mapping")
    assert "\n" not in str(problem)


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.sampled_from([*a_profile(), "modes", "surprise"]), JSON_VALUES, max_size=4))
def test_any_yaml_is_read_or_refused_in_words(load: Load, changes: dict[str, Any]) -> None:
    try:
        loaded = load({**LEAST, **changes})
    except InputError as error:
        assert error.problems
        assert all("\n" not in str(problem) for problem in error.problems)
    else:
        assert set(loaded) >= set(LEAST)


def check_names(**changes: Any) -> list[tuple[str, Any]]:
    problems = profile.check_names(a_profile(**changes), "profiles/made.yml", a_catalogue())
    assert all(problem.file == "profiles/made.yml" for problem in problems)
    return [(problem.key, problem.found) for problem in problems]


def test_names_that_the_packages_offer_are_no_problem() -> None:
    assert check_names() == []
    assert check_names(backends={"floor": {"runtime": "null", "sleep_s": 1}}) == []
    assert check_names(backends={"onnxruntime": {"kinds": ["raspberry_pi_4"], "threads": None}}) == []


@pytest.mark.parametrize(
    ("changes", "key", "found"),
    [
        ({"models": ["resnet5"]}, "models", "resnet5"),
        ({"variants": ["int4"]}, "variants", "int4"),
        ({"backends": {"onnx": {}}}, "backends.onnx", "onnx"),
        ({"backends": {"fast": {"runtime": "onx"}}}, "backends.fast", "onx"),
        ({"backends": {"onnxruntime": {"threds": 1}}}, "backends.onnxruntime.threds", "threds"),
        ({"backends": {"onnxruntime": {"threads": "two"}}}, "backends.onnxruntime.threads", "two"),
        ({"backends": {"onnxruntime": {"threads": True}}}, "backends.onnxruntime.threads", True),
        ({"backends": {"onnxruntime": {"threads": 0}}}, "backends.onnxruntime.threads", 0),
        ({"backends": {"onnxruntime": {"device": "cpuu"}}}, "backends.onnxruntime.device", "cpuu"),
        ({"backends": {"onnxruntime": {"kinds": ["pi4"]}}}, "backends.onnxruntime.kinds", "pi4"),
        ({"backends": {"floor": {"runtime": "null", "sleep_s": -1}}}, "backends.floor.sleep_s", -1),
    ],
)
def test_a_name_that_nothing_offers_is_one_problem(changes: dict[str, Any], key: str, found: Any) -> None:
    assert check_names(**changes) == [(key, found)]


def test_a_variant_that_one_of_two_models_lacks_is_named_with_the_model() -> None:
    changed = a_profile(models=["digits_cnn", "resnet50"], variants=["int8"])
    (problem,) = profile.check_names(changed, "profiles/made.yml", a_catalogue())
    assert problem.found == "int8"
    assert "of model resnet50" in problem.valid


def test_a_backend_that_reads_no_format_of_a_model_is_refused() -> None:
    catalogue = a_catalogue()
    catalogue.models["digits_cnn"]["formats"] = ["torchscript"]
    (problem,) = profile.check_names(a_profile(), "profiles/made.yml", catalogue)
    assert problem.key == "backends.onnxruntime"
    assert "torchscript" in problem.valid
    assert "digits_cnn" in problem.valid


@pytest.mark.parametrize("wanted", ["torchscript", "tflight"])
def test_a_format_that_a_backend_does_not_read_or_that_is_not_there_is_refused(wanted: str) -> None:
    (problem,) = profile.check_names(
        a_profile(backends={"onnxruntime": {"format": wanted}}), "profiles/made.yml", a_catalogue()
    )
    assert (problem.key, problem.found) == ("backends.onnxruntime.format", wanted)
    assert "onnx (formats of model digits_cnn that onnxruntime reads)" in problem.valid


def test_a_variant_of_a_backend_that_a_model_lacks_is_refused() -> None:
    backends = {"onnxruntime": {"variants": ["fp32", "int4"]}}
    (problem,) = profile.check_names(a_profile(backends=backends), "profiles/made.yml", a_catalogue())
    assert (problem.key, problem.found) == ("backends.onnxruntime.variants", "int4")


def test_data_sets_are_chosen_by_task_and_name(load: Load) -> None:
    assert load(a_profile(datasets={"classification": "imagenet-100"}))["datasets"] == {
        "classification": "imagenet-100"
    }
    with pytest.raises(InputError, match=r"datasets\.classification.*imagenot.*digits"):
        load(a_profile(datasets={"classification": "imagenot"}))
    assert load(a_profile(datasets={"detection": "coco-50"}))["datasets"] == {"detection": "coco-50"}
    with pytest.raises(InputError, match=r"datasets\.detection.*imagenet.*valid: coco"):
        load(a_profile(datasets={"detection": "imagenet"}))


def test_all_inferences_means_every_item_once_and_other_words_are_refused(load: Load) -> None:
    modes = {"accuracy": {"warmup": 0, "inferences": "all"}}
    assert load(a_profile(modes=modes))["modes"] == modes
    with pytest.raises(InputError, match=r"modes\.accuracy\.inferences"):
        load(a_profile(modes={"accuracy": {"warmup": 0, "inferences": "some"}}))
