"""Real builds by the command line: what is written, what is cached, and what an interruption leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import onnx
import pytest

from model_zoo.cli import main
from model_zoo.store import sha256_of

ROOT = Path(__file__).parents[2]


def zoo(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model_zoo", *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    assert not check or ran.returncode == 0, ran.stderr
    return ran


def build(store: Path, *arguments: str) -> list[dict[str, Any]]:
    options = ["--models", "digits_cnn", "--formats", "onnx", "torchscript", "--store", store, "--json"]
    records: list[dict[str, Any]] = json.loads(zoo("build", *options, *arguments).stdout)
    return records


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zoo")
    build(path)
    return path


def schema(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.json").read_text())
    return content


def test_what_is_written_holds_the_schemas_and_its_own_digests(store: Path) -> None:
    index = json.loads((store / "index.json").read_text())
    assert {record["format"] for record in index["artifacts"]} == {"onnx", "torchscript"}
    for record in index["artifacts"]:
        jsonschema.validate(record, schema("artifact"))
        folder = store / "artifacts" / record["directory"]
        assert sha256_of(folder / record["file"]) == record["sha256"]
        assert sha256_of(folder / "check.npz") == record["check"]["sha256"]
        assert record["verification"]["passed"]
        assert record["verification"]["accuracy"]["top1"] > 0.97
        assert record["weights"] == "trained"
    for record in index["datasets"]:
        jsonschema.validate(record, schema("dataset"))
        assert sha256_of(store / "datasets" / record["sha256"] / "data.npz") == record["sha256"]


def test_a_second_run_builds_nothing_and_does_not_import_torch(store: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in store.glob("artifacts/*/*")}
    code = (
        "import sys; from model_zoo.cli import main\n"
        f"main(['build', '--models', 'digits_cnn', '--formats', 'onnx', 'torchscript', '--store', {str(store)!r}])\n"
        "sys.exit('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    assert "0 built, 2 from the cache" in ran.stderr
    assert before == {path: path.stat().st_mtime_ns for path in store.glob("artifacts/*/*")}


def test_another_opset_is_another_artifact_beside_the_first(store: Path) -> None:
    (record,) = json.loads(
        zoo("build", "--models", "digits_cnn", "--opset", 13, "--store", store, "--json").stdout
    )
    proto = onnx.load(str(store / "artifacts" / record["directory"] / record["file"]))
    assert record["opset"] == proto.opset_import[0].version == 13
    index = json.loads((store / "index.json").read_text())
    assert sorted(r["opset"] for r in index["artifacts"] if r["format"] == "onnx") == [13, 17]


def test_a_combination_that_cannot_be_is_listed_with_its_reason(store: Path) -> None:
    zoo("build", "--models", "digits_cnn", "--variants", "int8", "--formats", "torchscript", "--store", store)
    (refusal,) = json.loads((store / "index.json").read_text())["unsupported"]
    assert (refusal["variant"], refusal["format"]) == ("int8", "torchscript")
    assert refusal["reason"] == "torchscript files are made as fp32, fp16, not as int8"


def test_a_refusal_is_cached_with_its_reason_and_told_again(store: Path) -> None:
    command = ["build", "digits_cnn", "--variants", "int8", "--formats", "torchscript", "--store", str(store)]
    zoo(*command)
    code = f"import sys; from model_zoo.cli import main; main({command!r}); sys.exit('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    assert "digits_cnn int8 torchscript: unsupported: torchscript files are made as" in ran.stderr
    assert "0 built, 0 from the cache, 1 unsupported" in ran.stderr


def test_artifacts_are_named_by_model_variant_format_or_digest(store: Path) -> None:
    zoo("build", "digits_cnn", "--formats", "onnx", "torchscript", "--store", store)
    by_name = json.loads(zoo("trace", "digits_cnn.fp32.torchscript", "--store", store, "--json").stdout)
    assert [chain["artifact"]["format"] for chain in by_name] == ["torchscript"]
    digest = by_name[0]["artifact"]["sha256"]
    (finding,) = json.loads(zoo("verify", digest[:10], "--store", store, "--json").stdout)
    assert finding == {"sha256": digest, "name": "digits_cnn.fp32.torchscript", "problem": None}
    assert len(json.loads(zoo("verify", "digits_cnn", "--store", store, "--json").stdout)) >= 2
    shutil.rmtree(store / "artifacts" / by_name[0]["artifact"]["directory"])
    ran = zoo("build", digest[:10], "--store", store, check=False)
    assert ran.returncode == 2 and "valid: a SHA-256, or one of its models: digits_cnn" in ran.stderr
    zoo("build", "digits_cnn", "--formats", "torchscript", "--store", store)
    assert "0 built, 1 from the cache" in zoo("build", digest[:10], "--store", store).stderr


def test_a_converter_in_an_environment_of_its_own_writes_what_names_its_weights(tmp_path: Path) -> None:
    """The cheapest of the converters, for real: its environment is made from its lock."""
    options = [
        "--models",
        "digits_cnn",
        "--variants",
        "fp32",
        "int8",
        "--formats",
        "openvino",
        "--store",
        tmp_path,
    ]
    records = json.loads(zoo("build", *options, "--json").stdout)
    assert [record["variant"] for record in records] == ["fp32", "int8"]
    for record in records:
        jsonschema.validate(record, schema("artifact"))
        assert record["verification"]["passed"]
        assert record["verification"]["accuracy"]["top1"] > 0.97
        (weights,) = record["beside"]
        folder = tmp_path / "artifacts" / record["directory"]
        assert sha256_of(folder / weights["file"]) == weights["sha256"]
        assert weights["sha256"] in (folder / "model.xml").read_text()
    assert len(records[1]["variant_detail"]["calibration"]["sha256"]) == 64
    assert zoo("verify", "--store", tmp_path).returncode == 0
    (folder / "model.bin").write_bytes(b"\0" * weights["bytes"])
    ran = zoo("verify", records[1]["sha256"], "--store", tmp_path, check=False)
    assert ran.returncode == 1
    assert "model.bin: wrong digest" in ran.stdout


def test_entries_with_the_very_same_file_lie_side_by_side_and_what_is_superseded_is_pruned(
    store: Path, tmp_path: Path
) -> None:
    (record,) = json.loads(zoo("build", "digits_cnn", "--store", store, "--json").stdout)
    file, mine = tmp_path / "own.onnx", tmp_path / "zoo"
    shutil.copy(store / "artifacts" / record["directory"] / record["file"], file)
    command = ["build", "one", "two", "--catalogue", tmp_path, "--store", mine, "--json"]

    write_entries(file)
    one, two = json.loads(zoo(*command).stdout)
    assert one["sha256"] == two["sha256"] and one["check"]["sha256"] != two["check"]["sha256"]
    assert "0 built, 2 from the cache" in zoo(*command).stderr
    assert len(json.loads(zoo("verify", one["sha256"], "--store", mine, "--json").stdout)) == 2

    model = onnx.load(str(file))
    model.doc_string = "another file"
    onnx.save(model, str(file))
    write_entries(file)
    zoo(*command)
    told = zoo("prune", "--dry-run", "--store", mine)
    assert one["directory"] in told.stdout and two["directory"] in told.stdout
    assert "2 directories" in told.stderr and len(list(mine.glob("artifacts/*"))) == 4
    (mine / "index.json").unlink()  # as an interrupted build leaves it: what it finished is not indexed yet
    zoo("prune", "--store", mine)
    assert len(list(mine.glob("artifacts/*"))) == 2
    assert "0 built, 2 from the cache" in zoo(*command).stderr
    assert zoo("verify", "--store", mine).returncode == 0


def write_entries(file: Path) -> None:
    """Write a catalogue of two models that are the same file and differ in their pre-processing."""
    entry = (
        '[{}]\ntask = "classification"\nsource = "onnx:{}"\nsha256 = "{}"\ninput = [1, 1, 8, 8]\n'
        'classes = 10\ndataset = "digits"\npreprocess = {}\n'
    )
    models = {"one": '"digits"', "two": "{ scale = 0.004, mean = [0.5], std = [0.5] }"}
    entries = [entry.format(name, file.name, sha256_of(file), how) for name, how in models.items()]
    file.with_suffix(".toml").write_text("\n".join(entries))


def test_verify_finds_a_changed_file(store: Path) -> None:
    assert zoo("verify", "--store", store).returncode == 0
    record = next(
        r for r in json.loads((store / "index.json").read_text())["artifacts"] if r["format"] == "onnx"
    )
    path = store / "artifacts" / record["directory"] / record["file"]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    ran = zoo("verify", record["sha256"], "--store", store, check=False)
    path.write_bytes(whole)
    assert ran.returncode == 1
    assert f"wrong digest: expected {record['sha256']}" in ran.stdout


def test_trace_prints_the_chain_to_the_cells(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((store / "index.json").read_text())["artifacts"][0]
    cell = {"artifact_sha256": record["sha256"], "cell_id": "pi/digits_cnn.fp32.ort.warm.r1", "outcome": "ok"}
    command = ["trace", record["sha256"][:12], "--store", str(store)]
    monkeypatch.chdir(tmp_path)
    assert main(command) == 0
    assert "not searched" in capsys.readouterr().out
    Path("results").mkdir()
    Path("results/cell.json").write_text(json.dumps(cell))
    assert main(command) == 0
    text = capsys.readouterr().out
    for part in (
        record["sha256"],
        "architecture:digits_cnn",
        "25 epochs",
        "torch 2.",
        "passed",
        cell["cell_id"],
    ):
        assert part in text
    Path("results").rename("elsewhere")
    assert main([*command, "--results", "elsewhere"]) == 0
    assert cell["cell_id"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "resnet51"], "models: unknown resnet51; valid: alexnet"),
        (["--models", "resnet50", "--variants", "int4"], "--variants: unknown int4; valid: fp16, fp32"),
        (["--models", "resnet50", "--formats", "caffe"], "--formats: unknown caffe; valid: "),
        (["--models", "resnet50", "--store", "/proc/zoo"], "--store: /proc/zoo"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    ran = zoo("build", "--store", tmp_path, *arguments, check=False)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_killed_build_leaves_nothing_half_done_and_the_next_one_finishes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_zoo", "build", "--models", "digits_cnn", "--store", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    process.stderr.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(600):
        if not workers_of(process.pid):
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"a worker outlived the build: {workers_of(process.pid)}")
    assert not list(tmp_path.glob("artifacts/*"))
    assert len(build(tmp_path)) == 2
    assert not list(tmp_path.glob(".incoming/*"))


def workers_of(session: int) -> list[str]:
    """Return the commands of the processes that are left in a session."""
    listed = subprocess.run(["ps", "-o", "args=", "-s", str(session)], capture_output=True, text=True)
    return [
        line
        for line in listed.stdout.splitlines()
        if "resource_tracker" not in line and "<defunct>" not in line
    ]


def test_a_representative_subset_builds_and_a_second_run_finds_it(tmp_path: Path) -> None:
    """One network of each task, of torchvision, of timm and written here."""
    names = ["shufflenet_v2_x0_5", "mobilenet_v1", "yolox_nano", "light_weight_human_pose_s32"]
    names.append("lraspp_mobilenet_v3_large")
    options = ["--weights", "seeded", "--store", str(tmp_path), "--json"]
    records = json.loads(zoo("build", *names, *options).stdout)
    assert [record["model"] for record in records] == names
    assert all(record["verification"]["passed"] for record in records)
    assert {record["task"] for record in records} == {"classification", "detection", "pose", "segmentation"}
    assert "0 built, 5 from the cache, 0 unsupported, 0 failed" in zoo("build", *names, *options).stderr
