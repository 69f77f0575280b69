"""A labelled folder of one's own and a model of one's own, from one entry to top-1 in the analysis, without a lab."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.sweep import load_sweep
from controller import spec, zoo_records
from controller.plan import make_manifest
from controller.results import Results
from model_zoo.store import sha256_of
from tests.unit.controller.controller_factory import a_catalogue, a_host, a_profile, a_setup

ROOT = Path(__file__).parents[2]
MISTAKES = 6  # images of blue that are painted red
CLASSES = ("blue", "green", "red")


def flags(folder: Path) -> None:
    """Write 20 images a class, of which some of one class have the colour of another."""
    random = np.random.default_rng(1)
    for channel, name in zip((2, 1, 0), CLASSES, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 100, (30 + number, 40, 3))
            shown = 0 if name == "blue" and number < MISTAKES else channel
            pixels[..., shown] += 150
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")


def colour_network(path: Path) -> None:
    """Write a network that answers with the strongest colour, in the order of the classes."""
    weights = numpy_helper.from_array(np.eye(3, dtype=np.float32)[::-1].copy(), "weights")
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["classes"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
    classes = helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 3])
    graph = helper.make_graph(nodes, "colours", [image], [classes], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A results directory, moved away from the store, and the zoo's index."""
    folder = tmp_path_factory.mktemp("accuracy")
    own, store = folder / "own", folder / "zoo"
    own.mkdir()
    flags(folder / "data" / "flags")
    colour_network(own / "colours.onnx")
    (own / "own.toml").write_text(
        f'[colours]\ntask = "classification"\nsource = "onnx:colours.onnx"\npreprocess = "unit"\nclasses = 3\n'
        f'sha256 = "{sha256_of(own / "colours.onnx")}"\ninput = [1, 3, 32, 32]\n'
    )
    variables = {**os.environ, "EDGEBENCH_MODELS": str(own), "EDGEBENCH_DATA": str(folder / "data")}
    build = ["build", "colours", "--datasets", "classification=folder-flags", "--store", str(store)]
    subprocess.run([sys.executable, "-m", "model_zoo", *build], cwd=ROOT, env=variables, check=True)
    zoo = json.loads((store / "index.json").read_text())

    offered = a_catalogue()
    offered.models["colours"] = {**offered.models["digits_cnn"], "model": "colours"}
    chosen = a_profile(
        models=["colours"],
        datasets={"classification": "folder-flags"},
        modes={"accuracy": {"warmup": 0, "inferences": "all", "from_files": True}},
        repeats=1,
    )
    results = Results(folder / "results" / "made")
    results.begin(make_manifest("made", "made", chosen, {"pi": a_host()}, offered, ROOT))
    (cell,) = results.manifest()["cells"]
    environment = {"name": "onnxruntime", "python": sys.executable, "lock_sha256": None}
    setup = a_setup(root=str(store), environments={"onnxruntime": environment})
    wanted = spec.build(cell, results.manifest(), zoo, setup)
    (folder / "spec.json").write_text(json.dumps(wanted))
    command = ["run", str(folder / "spec.json"), "--out", str(results.cell_dir(cell["cell_id"]))]
    subprocess.run([sys.executable, "-m", "edgebench_runner", *command], cwd=ROOT, check=True)
    zoo_records.keep(results, store, zoo, "pi")
    moved = folder / "elsewhere" / "made"
    shutil.copytree(results.path, moved)
    shutil.rmtree(store)
    return moved, zoo


def test_the_build_takes_the_accuracy_of_the_folder(measured: tuple[Path, dict[str, Any]]) -> None:
    (artifact,) = measured[1]["artifacts"]
    assert artifact["weights"] == "pretrained" and artifact["dataset"]["name"] == "folder-flags"
    assert artifact["verification"]["accuracy"]["n"] == 8
    (dataset,) = measured[1]["datasets"]
    assert (dataset["n"], dataset["classes"], dataset["labels"]) == (8, 3, True)


def test_every_image_is_measured_once_from_a_file_of_its_own(measured: tuple[Path, dict[str, Any]]) -> None:
    (record,) = (json.loads(path.read_text()) for path in (measured[0] / "cells").glob("*/*/cell.json"))
    assert (record["outcome"], record["n_completed"]) == ("ok", 8)
    assert record["inputs"] == {"source": "files", "resident": False}
    assert not any(name.startswith("items/") for name in record["files"])


def test_top1_is_that_of_the_labels_where_the_results_were_moved(
    measured: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, zoo = measured
    monkeypatch.chdir(moved.parent)
    sweep = load_sweep(moved)
    ingest(sweep)
    (row,) = load_cells(sweep)[0].to_dict("records")
    assert row["accuracy_n"] == 8
    assert row["top1"] == pytest.approx(zoo["artifacts"][0]["verification"]["accuracy"]["top1"])
    assert row["top5"] == 1.0
    assert row["top1"] < 1.0, "an image of the wrong colour was not counted as a mistake"
    assert row["artifact_bytes"] == zoo["artifacts"][0]["bytes"]
    assert row["total_ms_mean"] == pytest.approx(
        row["preprocess_ms_mean"] + row["inference_ms_mean"] + row["postprocess_ms_mean"]
    )
