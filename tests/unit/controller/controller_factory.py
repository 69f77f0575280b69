"""What the controller's tests work on: catalogues, a profile, an inventory, a zoo, a board's setup, a packed cell."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from controller.catalogues import Catalogues
from controller.plan import make_manifest
from controller.results import Results
from controller.spec import BoardSetup

ROOT = Path(__file__).resolve().parents[3]
SWEEP_ID = "20261121-070500-made"
ARTIFACT_DIRECTORY = f"digits_cnn.fp32.onnx.17.{'a' * 64}"


def _driver(
    name: str, transport: str, scope: str, simulator: bool = False, on_board: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "transport": transport,
        "scopes": [scope],
        "simulator": simulator,
        "on_board": on_board,
        "caps": {"update_hz": 10.0},
    }


def a_catalogue() -> Catalogues:
    threads = {"type": "int", "default": None, "help": "", "minimum": 1}
    device = {"type": "str", "default": "cpu", "help": "", "choices": ["cpu", "cuda"]}
    return Catalogues(
        backends={
            "onnxruntime": {
                "name": "onnxruntime",
                "formats": ["onnx"],
                "default_format": "onnx",
                "options": {"threads": threads, "device": device},
                "tasks": None,
            },
            "pytorch": {
                "name": "pytorch",
                "formats": ["torchscript"],
                "default_format": "torchscript",
                "options": {"threads": threads},
                "tasks": None,
            },
            "null": {
                "name": "null",
                "formats": [],
                "default_format": None,
                "options": {"sleep_s": {"type": "float", "default": 0.0, "help": "", "minimum": 0}},
                "tasks": None,
            },
        },
        tasks={"classification": {"name": "classification"}},
        drivers={
            "tc66c": _driver("tc66c", "serial", "dc_input", simulator=True),
            "rails": _driver("rails", "file", "pmic_rails"),
            "ina3221": _driver("ina3221", "sysfs", "module_input", on_board=True),
            "hwmon": _driver("hwmon", "sysfs", "dc_input"),
        },
        models={
            "digits_cnn": {
                "model": "digits_cnn",
                "task": "classification",
                "variants": ["fp32", "int8"],
                "formats": ["onnx", "torchscript"],
            },
            "resnet50": {
                "model": "resnet50",
                "task": "classification",
                "variants": ["fp32"],
                "formats": ["onnx", "torchscript"],
            },
        },
        formats={
            "onnx": {"format": "onnx", "file_format": "onnx", "opset": True},
            "torchscript": {"format": "torchscript", "file_format": "torchscript", "opset": False},
        },
        kinds=["generic_linux", "raspberry_pi_4"],
        datasets=[
            {"dataset": "digits", "pattern": "digits", "names": "digits", "task": "classification"},
            {
                "dataset": "imagenet",
                "pattern": "imagenet(-\\d+)?",
                "names": "imagenet",
                "task": "classification",
            },
            {"dataset": "coco", "pattern": "coco(-\\d+)?", "names": "coco", "task": "detection"},
        ],
    )


def a_profile(**changes: Any) -> dict[str, Any]:
    """A profile as ``profile.load`` returns one: validated, with defaults filled in."""
    return {
        "schema": "edgebench/profile/1",
        "description": "made for a test",
        "models": ["digits_cnn"],
        "variants": ["fp32"],
        "datasets": {},
        "backends": {"onnxruntime": {"threads": 1}},
        "modes": {"warm": {"warmup": 5, "inferences": 30}},
        "repeats": 2,
        "isolation": "auto",
        "order": {"shuffle": True, "seed": 7},
        "rest_s": 0,
        "cooldown": {"method": "none"},
        "power": {"idle_before_s": 1.0, "idle_after_s": 0.5, "sync_pulses": False, "minimum_window_s": 60},
        "gate": {"min_disk_free_bytes": 1000, "min_memory_free_bytes": 0, "max_load_per_cpu": None},
        "deadline_s": 60,
        "telemetry_interval_s": 0.5,
        "opset": 17,
        "scale": 1.0,
        **changes,
    }


def a_host(**changes: Any) -> dict[str, Any]:
    """The ``edgebench_*`` variables of a board without a meter."""
    return {"edgebench_kind": "generic_linux", "edgebench_root": "/var/lib/edgebench", **changes}


def a_metered_host(**changes: Any) -> dict[str, Any]:
    meter = {"driver": "tc66c", "scope": "dc_input", "simulate": {"load": "host_cpu"}}
    return a_host(edgebench_meter="desk", edgebench_meters={"desk": {**meter, **changes}})


def a_manifest(boards: tuple[str, ...] = ("pi",), **profile_changes: Any) -> dict[str, Any]:
    hosts = {name: a_host() for name in boards}
    return make_manifest(SWEEP_ID, "made", a_profile(**profile_changes), hosts, a_catalogue(), ROOT)


def some_results(
    folder: Path, boards: tuple[str, ...] = ("pi",), **profile_changes: Any
) -> tuple[Results, list[str]]:
    """A sweep that has begun, and the ids of its cells in their order."""
    results = Results(folder / "results" / SWEEP_ID)
    manifest = a_manifest(boards, **profile_changes)
    results.begin(manifest)
    return results, [cell["cell_id"] for cell in manifest["cells"]]


def a_setup(**changes: Any) -> BoardSetup:
    environment = {"name": "onnxruntime", "python": "/envs/onnxruntime/bin/python", "lock_sha256": "e" * 64}
    return BoardSetup(
        **{
            "root": "/var/lib/edgebench",
            "python": "python3",
            "can_reboot": False,
            "simulated": False,
            "metered": False,
            "meter_simulated": False,
            "environments": {"onnxruntime": environment, "null": {**environment, "name": "null"}},
            "gate": {},
            **changes,
        }
    )


def a_zoo(**artifact_changes: Any) -> dict[str, Any]:
    artifact = {
        "schema": "edgebench/artifact/1",
        "sha256": "a" * 64,
        "directory": ARTIFACT_DIRECTORY,
        "model": "digits_cnn",
        "variant": "fp32",
        "format": "onnx",
        "opset": 17,
        "file": "model.onnx",
        "task": "classification",
        "weights": "trained",
        "classes": 10,
        "outputs": [{"name": "output", "shape": [1, 10], "dtype": "float32"}],
        "input": {"name": "input", "shape": [1, 1, 8, 8], "dtype": "float32", "layout": "NCHW"},
        "preprocess": {"size": [8, 8], "scale": 1.0, "mean": [0.0], "std": [1.0]},
        "dataset": {"name": "digits", "sha256": "d" * 64},
        "check": {"file": "check.npz", "sha256": "c" * 64, "atol": 1e-4, "rtol": 1e-3},
        "verification": {"passed": True},
        **artifact_changes,
    }
    dataset = {"name": "digits", "sha256": "d" * 64, "labels": True}
    return {"schema": "edgebench/zoo_index/1", "artifacts": [artifact], "datasets": [dataset]}


def a_record(cell_id: str, files: dict[str, bytes], outcome: str = "ok", **changes: Any) -> dict[str, Any]:
    """The parts of a runner's ``cell.json`` that the controller reads."""
    return {
        "sweep_id": SWEEP_ID,
        "cell_id": cell_id,
        "outcome": outcome,
        "outcome_detail": "",
        "validity": {"verdict": "valid", "reasons": []},
        "n_completed": 30,
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        },
        **changes,
    }


FILES = {"inferences.bin": bytes(range(256)) * 4, "stderr.txt": b"a line\n"}


def an_archive(cell_id: str, files: dict[str, bytes] | None = None, **record_changes: Any) -> bytes:
    """A cell as its board packs it."""
    content = FILES if files is None else files
    record = json.dumps(a_record(cell_id, content, **record_changes)).encode()
    return pack({**content, "cell.json": record})


def pack(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """A compressed tar of files and symbolic links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
