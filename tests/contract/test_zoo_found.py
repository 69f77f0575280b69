"""Networks of one's own that find boxes and pixels, on COCO's layout, from their entries to mAP and mIoU."""

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
COUNT, SIZE = 58, 32  # images, of which 52 verify and calibrate; pixels of the networks' input
WIDTH, HEIGHT = 64, 40


def pictures(folder: Path) -> None:
    """Write images of one thing from edge to edge: a red person, a green bicycle or a blue car."""
    random = np.random.default_rng(1)
    images, annotations = [], []
    (folder / "val2017").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for number in range(1, COUNT + 1):
        channel = number % 3
        pixels = random.integers(0, 60, (HEIGHT, WIDTH, 3), np.uint8)
        pixels[..., channel] += 180
        name = f"{number:012d}.png"
        Image.fromarray(pixels).save(folder / "val2017" / name)
        images.append({"id": number, "file_name": name, "height": HEIGHT, "width": WIDTH})
        annotations.append(
            {
                "id": number,
                "image_id": number,
                "category_id": channel + 1,
                "bbox": [0, 0, WIDTH, HEIGHT],
                "area": WIDTH * HEIGHT,
                "iscrowd": 0,
                "segmentation": [[0, 0, WIDTH, 0, WIDTH, HEIGHT, 0, HEIGHT]],
            }
        )
    content = {"images": images, "annotations": annotations, "categories": []}
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(content))


def network(path: Path, nodes: list[Any], shape: list[int], **constants: np.ndarray) -> None:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, shape)
    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, path.stem, [image], [answer], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def write_boxes(path: Path) -> None:
    """Write a network that answers one box around everything, of the class of the strongest colour."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "to_classes"], ["classes"]),
        helper.make_node("Concat", ["box", "classes"], ["row"], axis=1),
        helper.make_node("Unsqueeze", ["row", "axes"], ["answer"]),
    ]
    box = np.array([[SIZE / 2, SIZE / 2, SIZE, SIZE, 1]], np.float32)
    axes = np.array([1], np.int64)
    network(path, nodes, [1, 1, 85], to_classes=np.eye(3, 80, dtype=np.float32), box=box, axes=axes)


def write_pixels(path: Path) -> None:
    """Write a network that answers the class of each pixel's colour, but takes blue for the background."""
    weights = np.zeros((21, 3, 1, 1), np.float32)
    for channel, label in enumerate((15, 2, 0)):
        weights[label, channel] = 1
    nodes = [helper.make_node("Conv", ["image", "weights"], ["answer"])]
    network(path, nodes, [1, 21, SIZE, SIZE], weights=weights)


def entry(path: Path, task: str, postprocess: str) -> str:
    return (
        f'[{path.stem}]\ntask = "{task}"\nsource = "onnx:{path.name}"\nsha256 = "{sha256_of(path)}"\n'
        f'preprocess = "unit"\ninput = [1, 3, {SIZE}, {SIZE}]\npostprocess = {{ {postprocess} }}\n'
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the analysis says of each network, by its name, from results that were moved away from the store."""
    folder = tmp_path_factory.mktemp("found")
    own, store = folder / "own", folder / "zoo"
    own.mkdir()
    pictures(folder / "data" / "coco")
    write_boxes(own / "boxes.onnx")
    write_pixels(own / "pixels.onnx")
    seen = 'boxes = "decoded", labels = "coco80", score_threshold = 0.5, iou_threshold = 0.5'
    (own / "own.toml").write_text(
        entry(own / "boxes.onnx", "detection", seen)
        + entry(own / "pixels.onnx", "segmentation", 'labels = "voc21"')
    )
    variables = {**os.environ, "EDGEBENCH_MODELS": str(own), "EDGEBENCH_DATA": str(folder / "data")}
    data = {"detection": "coco", "segmentation": "coco_voc"}
    build = ["build", "boxes", "pixels", "--store", str(store), "--datasets"]
    build += [f"{task}={name}" for task, name in data.items()]
    subprocess.run([sys.executable, "-m", "model_zoo", *build], cwd=ROOT, env=variables, check=True)
    results = measure(folder, store, data)
    zoo_records.keep(results, store, json.loads((store / "index.json").read_text()), "pi")
    moved = folder / "elsewhere" / "made"
    shutil.copytree(results.path, moved)
    shutil.rmtree(store)
    sweep = load_sweep(moved)
    ingest(sweep)
    return {row["model"]: row for row in load_cells(sweep)[0].to_dict("records")}


def measure(folder: Path, store: Path, data: dict[str, str]) -> Results:
    """Run the cell of each network that goes through all images once."""
    offered = a_catalogue()
    for name in ("boxes", "pixels"):
        offered.models[name] = {**offered.models["digits_cnn"], "model": name}
    modes = {"accuracy": {"warmup": 0, "inferences": "all"}}
    chosen = a_profile(models=["boxes", "pixels"], datasets=data, modes=modes, repeats=1)
    results = Results(folder / "results" / "made")
    results.begin(make_manifest("made", "made", chosen, {"pi": a_host()}, offered, ROOT))
    environment = {"name": "onnxruntime", "python": sys.executable, "lock_sha256": None}
    setup = a_setup(root=str(store), environments={"onnxruntime": environment})
    zoo = json.loads((store / "index.json").read_text())
    for cell in results.manifest()["cells"]:
        path = folder / f"{cell['model']}.json"
        path.write_text(json.dumps(spec.build(cell, results.manifest(), zoo, setup)))
        command = ["run", str(path), "--out", str(results.cell_dir(cell["cell_id"]))]
        subprocess.run([sys.executable, "-m", "edgebench_runner", *command], cwd=ROOT, check=True)
    return results


def test_boxes_that_are_all_right_are_worth_1(rows: dict[str, dict[str, Any]]) -> None:
    row = rows["boxes"]
    assert (row["outcome"], row["n"], row["accuracy_n"]) == ("ok", COUNT - 52, COUNT - 52)
    assert (row["map"], row["map50"]) == (pytest.approx(1), pytest.approx(1))
    assert row["dataset"] == "coco"


def test_pixels_of_which_one_class_is_missed_are_worth_half(rows: dict[str, dict[str, Any]]) -> None:
    """Person and bicycle are whole; the car has no pixel right, and neither has the background, which is nowhere."""
    row = rows["pixels"]
    assert (row["outcome"], row["accuracy_n"], row["dataset"]) == ("ok", COUNT - 52, "coco_voc")
    assert row["miou"] == pytest.approx(0.5)
