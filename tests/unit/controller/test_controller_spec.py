from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller import spec
from tests.unit.controller.controller_factory import (
    ARTIFACT_DIRECTORY,
    ROOT,
    a_manifest,
    a_profile,
    a_setup,
    a_zoo,
)

SCHEMA = json.loads((ROOT / "schemas" / "cell_spec.json").read_text(encoding="utf-8"))


def build(
    zoo: dict[str, Any] | None = None, setup: spec.BoardSetup | None = None, **profile: Any
) -> dict[str, Any]:
    manifest = a_manifest(**profile)
    built = spec.build(manifest["cells"][0], manifest, zoo or a_zoo(), setup or a_setup())
    Draft202012Validator(SCHEMA).validate(built)
    return built


def test_a_spec_says_where_everything_is_on_the_board() -> None:
    built = build()
    assert built["artifact"]["path"] == f"/var/lib/edgebench/artifacts/{ARTIFACT_DIRECTORY}/model.onnx"
    assert (
        built["artifact"]["check"]["path"] == f"/var/lib/edgebench/artifacts/{ARTIFACT_DIRECTORY}/check.npz"
    )
    assert built["dataset"]["path"] == f"/var/lib/edgebench/datasets/{'d' * 64}/data.npz"
    assert built["environment"]["python"] == "/envs/onnxruntime/bin/python"
    assert built["options"] == {"threads": 1}


def test_the_null_backend_needs_neither_artifact_nor_dataset() -> None:
    built = build(
        zoo={"artifacts": [], "datasets": []},
        backends={"floor": {"runtime": "null", "kinds": ["generic_linux"]}},
    )
    assert built["artifact"] is None
    assert built["dataset"] is None
    assert built["options"] == {}


def test_an_artifact_that_is_not_there_is_refused() -> None:
    with pytest.raises(spec.NoArtifactError, match="no artifact"):
        build(opset=13)


def test_an_artifact_that_failed_its_verification_is_refused() -> None:
    with pytest.raises(spec.NoArtifactError, match="failed its verification"):
        build(zoo=a_zoo(verification={"passed": False}))


@pytest.mark.parametrize(
    ("asked", "can_reboot", "got"),
    [
        ("auto", True, "reboot"),
        ("auto", False, "process"),
        ("process", True, "process"),
        ("reboot", False, "reboot"),
    ],
)
def test_isolation_is_what_was_asked_or_the_best_the_board_can(
    asked: str, can_reboot: bool, got: str
) -> None:
    assert build(setup=a_setup(can_reboot=can_reboot), isolation=asked)["isolation"] == got


def test_a_mode_overrides_the_profile() -> None:
    modes = {
        "warm": {"warmup": 2, "inferences": 3, "isolation": "process", "deadline_s": 5, "rest_s": 7},
    }
    manifest = a_manifest(modes=modes)
    cell = manifest["cells"][0]
    built = spec.build(cell, manifest, a_zoo(), a_setup(can_reboot=True))
    assert built["isolation"] == "process"
    assert built["protocol"]["deadline_s"] == 5
    assert spec.rest_s(cell, manifest["profile"]) == 7


def test_a_rehearsal_shortens_counts_and_rests_and_says_so() -> None:
    built = build(scale=0.1, rest_s=100, cooldown={"method": "fixed", "seconds": 600})
    assert built["protocol"]["inferences"] == 3
    assert built["protocol"]["scale"] == 0.1
    assert built["cooldown"]["seconds"] == pytest.approx(60)
    manifest = a_manifest(scale=0.1, rest_s=100)
    assert spec.rest_s(manifest["cells"][0], manifest["profile"]) == pytest.approx(10)


def test_a_rehearsal_measures_at_least_once() -> None:
    assert build(scale=0.001)["protocol"]["inferences"] == 1


CAPS = {"update_hz": 10.0}
RAILS = {
    "name": "rails",
    "driver": "ina3221",
    "port": "auto",
    "scope": "module_input",
    "options": {},
    "caps": CAPS,
}


@pytest.mark.parametrize("setup", [{}, {"metered": True}, {"board_meter": RAILS}])
def test_only_a_board_with_a_meter_waits_for_it(setup: dict[str, Any]) -> None:
    power = {"idle_before_s": 10, "idle_after_s": 5, "sync_pulses": True, "minimum_window_s": 60}
    built = build(setup=a_setup(**setup), power=power)["protocol"]
    waits = [built[name] for name in ("idle_before_s", "idle_after_s", "sync_pulses")]
    assert waits == ([10, 5, True] if setup else [0, 0, False])


def test_the_boards_gate_overrides_the_profiles_and_null_lifts_it() -> None:
    gate = build(setup=a_setup(gate={"min_disk_free_bytes": 5, "min_memory_free_bytes": None}))["gate"]
    assert gate == {"min_disk_free_bytes": 5}


@pytest.mark.parametrize(
    ("setup", "simulated"),
    [
        ({}, []),
        ({"simulated": True}, ["board"]),
        ({"metered": True, "meter_simulated": True}, ["meter"]),
        ({"simulated": True, "meter_simulated": True}, ["board", "meter"]),
    ],
)
def test_what_is_simulated_is_said(setup: dict[str, Any], simulated: list[str]) -> None:
    assert build(setup=a_setup(**setup))["simulated"] == simulated


def test_a_board_gets_the_files_of_its_own_cells() -> None:
    cells = a_manifest(backends={"onnxruntime": {}, "floor": {"runtime": "null"}}, repeats=3)["cells"]
    wanted = spec.wanted_artifacts(cells)
    assert wanted == {
        "pi": [
            {"model": "digits_cnn", "variant": "fp32", "format": found, "opset": opset}
            for found, opset in dict.fromkeys((cell["format"], cell["opset"]) for cell in cells)
        ]
    }
    files = spec.zoo_files_of(a_zoo(), {"artifacts": wanted}, "pi")
    assert files == {
        f"artifacts/{ARTIFACT_DIRECTORY}": ["model.onnx", "check.npz"],
        f"datasets/{'d' * 64}": ["data.npz"],
    }


def test_what_the_zoo_lacks_is_not_copied() -> None:
    plan = {"artifacts": spec.wanted_artifacts(a_manifest(opset=13)["cells"])}
    assert spec.zoo_files_of(a_zoo(), plan, "pi") == {}


def test_no_cell_outlasts_the_bound() -> None:
    modes = {
        "warm": {"warmup": 0, "inferences": 1},
        "cold": {"warmup": 0, "inferences": 1, "deadline_s": 900},
    }
    profile = a_profile(
        modes=modes, rest_s=30, cooldown={"method": "reference", "within_c": 3, "deadline_s": 600}
    )
    assert spec.longest_cell_s(profile) == 900 + 30 + 600 + spec.RECOVERY_S


def test_all_means_as_many_inferences_as_the_data_set_has_items() -> None:
    modes = {"accuracy": {"warmup": 0, "inferences": "all"}}
    manifest = a_manifest(modes=modes, scale=0.5)
    zoo = a_zoo()
    zoo["datasets"][0]["n"] = 340
    assert spec.build(manifest["cells"][0], manifest, zoo, a_setup())["protocol"]["inferences"] == 170


def test_a_refusal_of_the_zoo_is_the_reason_why_a_cell_has_no_artifact() -> None:
    manifest = a_manifest()
    refusal = {
        "model": "digits_cnn",
        "variant": "fp32",
        "format": "onnx",
        "opset": 17,
        "reason": "it cannot be",
    }
    with pytest.raises(spec.NoArtifactError, match="it cannot be"):
        spec.find_artifact(
            manifest["cells"][0], manifest["profile"], {**a_zoo(), "artifacts": [], "unsupported": [refusal]}
        )


def test_an_artifact_built_with_other_images_than_the_profile_asks_for_is_not_taken() -> None:
    manifest = a_manifest(datasets={"classification": "imagenet"})
    zoo = a_zoo(dataset={"name": "synthetic_224", "sha256": "d" * 64})
    with pytest.raises(spec.NoArtifactError, match="data set imagenet"):
        spec.find_artifact(manifest["cells"][0], manifest["profile"], zoo)
    assert spec.find_artifact(manifest["cells"][0], manifest["profile"], a_zoo()) is not None


def test_files_beside_the_model_travel_with_it_and_are_named_by_hash() -> None:
    parts = {"beside": [{"file": "model.bin", "sha256": "b" * 64, "bytes": 3}], "file_format": "openvino"}
    artifact = build(zoo=a_zoo(**parts))["artifact"]
    folder = f"artifacts/{ARTIFACT_DIRECTORY}"
    assert artifact["beside"] == [{"path": f"/var/lib/edgebench/{folder}/model.bin", "sha256": "b" * 64}]
    assert (artifact["format"], artifact["exporter"]) == ("openvino", "onnx")
    wanted = {"profile": a_profile(), "artifacts": spec.wanted_artifacts(a_manifest()["cells"])}
    files = spec.zoo_files_of(a_zoo(**parts), wanted, "pi")
    assert files[folder] == ["model.onnx", "model.bin", "check.npz"]


def test_the_zoo_is_asked_for_what_cells_run_and_nothing_else() -> None:
    parts = [
        ("resnet50", "int8", "tflite", None),
        ("resnet50", "fp32", "onnx", 13),
        ("resnet50", "fp32", "onnx", 13),
        ("resnet50", "fp32", None, None),
    ]
    cells = [dict(zip(spec.ARTIFACT, of_cell, strict=True)) for of_cell in parts]
    assert spec.artifact_names(cells) == ["resnet50.fp32.onnx.13", "resnet50.int8.tflite"]


@pytest.mark.parametrize(
    ("options", "atol"),
    [({}, 0.002), ({"tf32": False}, 0.002), ({"tf32": True}, 0.5), ({"precision": "bf16"}, 4.0)],
)
def test_answers_may_be_as_far_off_as_what_the_runtime_computes_in(
    options: dict[str, Any], atol: float
) -> None:
    check = {"file": "check.npz", "sha256": "c" * 64, "atol": 0.002, "rtol": 0.001}
    tolerances = {"fp16": {"atol": 0.5, "rtol": 0.02}, "int8": {"atol": 4.0, "rtol": 0.1}}
    zoo = {**a_zoo(check=check), "tolerances": tolerances}
    assert build(zoo=zoo, backends={"onnxruntime": options})["artifact"]["check"]["atol"] == atol
