"""What is wrong is named, in each backend's own environment, by real cells: never a number, never a bare traceback."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import backend_cells
import environments
import pytest
import runner_process
from runner_factory import sha256, write_spec

from edgebench_runner import environment, plugins

FILES = [
    ("onnxruntime", "onnx"),
    ("pytorch", "torchscript"),
    ("pytorch", "torch_export"),
    ("tflite", "tflite"),
    ("litert", "tflite"),
    ("openvino", "openvino"),
    ("openvino", "onnx"),
    ("opencv", "onnx"),
    ("opencv", "caffe"),
    ("opencv", "tensorflow_frozen"),
    ("opencv5", "onnx"),
    ("opencv5", "tensorflow_frozen"),
    ("tensorflow", "keras"),
    ("tensorflow", "saved_model"),
    ("ncnn", "ncnn"),
    ("mnn", "mnn"),
    ("executorch", "executorch"),
    ("armnn", "tflite"),
    ("caffe", "caffe"),
    ("caffe2", "caffe2"),
]
# None of these tells which input a file wants: its own error is the answer.
SILENT = ("opencv", "torchscript", "caffe2")
# tflite-runtime reads beyond the end of a file that was cut: what it finds there decides how it fails.
READS_BEYOND = "tflite"
ELSEWHERE = [
    ("onnxruntime", "onnx", {"device": "cuda"}, "backend_unavailable", "CUDAExecutionProvider is not in"),
    ("onnxruntime", "onnx", {"device": "xnnpack"}, "backend_unavailable", "XnnpackExecutionProvider is not"),
    ("pytorch", "torchscript", {"device": "cuda"}, "backend_unavailable", "no CUDA device"),
    ("openvino", "openvino", {"device": "myriad"}, "backend_unavailable", "no device MYRIAD; there are: CPU"),
    ("opencv", "onnx", {"device": "cuda"}, "backend_unavailable", "no DNN_TARGET_CUDA"),
    ("tensorflow", "keras", {"device": "cuda"}, "backend_unavailable", "no CUDA device"),
    ("ncnn", "ncnn", {"device": "vulkan"}, "backend_unavailable", "no Vulkan device"),
    ("mnn", "mnn", {"device": "cuda"}, "fell_back", "asked for cuda"),
    ("mnn", "mnn", {"device": "opencl"}, "fell_back", "asked for opencl"),
]


# By backend: the package whose libraries are its runtime.
PACKAGES = {
    "onnxruntime": "onnxruntime",
    "pytorch": "torch",
    "tflite": "tflite_runtime",
    "litert": "ai_edge_litert",
    "openvino": "openvino",
    "opencv": "cv2",
    "opencv5": "cv2",
    "tensorflow": "tensorflow",
    "ncnn": "ncnn",
    "mnn": "_mnncengine",
    "executorch": "executorch",
    "armnn": "pyarmnn",
    "caffe": "caffe",
    "caffe2": "caffe2",
}
HUGE, HEADROOM_KIB = 1024, 24_000  # pixels, whose first feature maps alone take 33 MB


def spec_of(
    tmp_path: Path, network: Path, python: str, backend: str, kind: str, file=None, **options
) -> dict:
    """Return a spec over a copy of the files, which a test may damage."""
    source = network / (file or backend_cells.FILES[kind])
    copy = tmp_path / "files"
    shutil.copytree(source.parent, copy)
    return backend_cells.cell_spec(tmp_path, backend, python, copy / source.name, kind, 2e-5, **options)


def run(tmp_path: Path, spec: dict) -> dict:
    return runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")


@pytest.mark.parametrize(("backend", "kind"), environments.possible(FILES))
def test_file_that_was_cut(tmp_path, network, interpreters, backend, kind):
    spec = spec_of(tmp_path, network, interpreters[backend], backend, kind)
    path = Path(spec["artifact"]["path"])
    cut = path.with_suffix(".bin") if kind == "ncnn" else path
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    spec["artifact"]["sha256"] = sha256(path)
    record = run(tmp_path, spec)
    if backend == READS_BEYOND:
        assert record["outcome"] in ("load_failed", "unsupported", "crashed")
    else:
        assert record["outcome"] == "load_failed", record["outcome_detail"]
    assert record["n_completed"] == 0


def test_file_that_was_cut_on_its_way_is_known_by_its_hash(tmp_path, network, interpreters):
    spec = spec_of(tmp_path, network, interpreters["tflite"], "tflite", "tflite")
    path = Path(spec["artifact"]["path"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    record = run(tmp_path, spec)
    assert record["outcome"] == "load_failed"
    assert "SHA-256" in record["outcome_detail"]


@pytest.mark.parametrize("wrong", ["layout", "size"])
@pytest.mark.parametrize(("backend", "kind"), environments.possible(FILES))
def test_input_that_is_not_the_files(tmp_path, network, interpreters, backend, kind, wrong):
    if wrong == "size" and (backend in SILENT or kind in SILENT):
        pytest.skip("the small network runs on any size, and this file fixes none")
    spec = spec_of(tmp_path, network, interpreters[backend], backend, kind)
    artifact = spec["artifact"]
    shape, first = artifact["input"]["shape"], artifact["input"]["layout"] == "NCHW"
    if wrong == "layout":
        moved = [shape[0], *shape[2:], shape[1]] if first else [shape[0], shape[3], *shape[1:3]]
        artifact["input"].update(shape=moved, layout="NHWC" if first else "NCHW")
    else:
        artifact["input"]["shape"] = [20 if size == 16 else size for size in shape]
        artifact["preprocess"] = dict(artifact["preprocess"], size=[20, 20])
    record = run(tmp_path, spec)
    if backend in SILENT or kind in SILENT:
        assert record["outcome"] == "crashed"
        assert "channels" in record["outcome_detail"]
    else:
        assert record["outcome"] == "load_failed"
        assert f"the artifact says {artifact['input']['shape']}" in record["outcome_detail"]
    assert record["n_completed"] == 0


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "opencv", "opencv5"])
def test_outputs_that_are_not_numbers(tmp_path, network, interpreters, backend):
    spec = spec_of(tmp_path, network, interpreters[backend], backend, "onnx", file="model_nan.onnx")
    record = run(tmp_path, spec)
    assert record["outcome"] == "wrong_answer"
    assert "NaN or infinite" in record["outcome_detail"]
    assert record["check"]["max_abs_diff"] is None


@pytest.mark.parametrize("backend", ["tflite", "litert"])
@pytest.mark.parametrize("fault", ["missing", "another architecture", "no delegate"])
def test_delegate_that_does_not_load(tmp_path, network, interpreters, backend, fault):
    library = tmp_path / "libdelegate.so.1"
    if fault == "another architecture":
        library.write_bytes(foreign_library(Path("/proc/self/exe")))
    elif fault == "no delegate":
        mapped = Path("/proc/self/maps").read_text().splitlines()
        found = next(line.split()[-1] for line in mapped if "libc.so" in line)
        library.symlink_to(found)
    python = interpreters[backend]
    spec = spec_of(tmp_path, network, python, backend, "tflite", delegate=str(library))
    record = run(tmp_path, spec)
    assert record["outcome"] == "backend_unavailable", record["outcome_detail"]
    assert str(library) in record["outcome_detail"]


@pytest.mark.parametrize(("backend", "kind", "options", "outcome", "words"), ELSEWHERE)
def test_device_that_is_not_there(tmp_path, network, interpreters, backend, kind, options, outcome, words):
    record = run(tmp_path, spec_of(tmp_path, network, interpreters[backend], backend, kind, **options))
    assert (record["outcome"], record["n_completed"]) == (outcome, 0), record["outcome_detail"]
    assert words in record["outcome_detail"]


@pytest.mark.parametrize(("backend", "kind"), environments.possible(FILES))
def test_library_that_was_built_for_another_processor(tmp_path, network, interpreters, backend, kind):
    python = foreign_environment(tmp_path, interpreters[backend], PACKAGES[backend])
    record = run(tmp_path, spec_of(tmp_path, network, python, backend, kind))
    assert record["outcome"] == "backend_unavailable", record["outcome_detail"]
    assert record["outcome_detail"]
    assert record["n_completed"] == 0


def foreign_environment(tmp_path: Path, python: str, package: str) -> str:
    """Return the interpreter of an environment whose package has libraries of another processor."""
    script = (
        f"import importlib.util as u; spec = u.find_spec({package!r})\n"
        "print(spec.origin or next(iter(spec.submodule_search_locations)) + '/__init__.py')"  # a namespace has no file
    )
    command = [python, "-c", script]
    origin = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    packages, foreign = origin.parent.parent, tmp_path / "foreign"
    files = origin.parent.rglob("*")
    if ".so" in origin.name:  # no package, but a library alone
        packages, files = origin.parent, iter([origin])
    for path in files:
        target = foreign / path.relative_to(packages)
        target.parent.mkdir(parents=True, exist_ok=True)
        if ".so" in path.name:
            target.write_bytes(foreign_library(path))
        elif path.suffix == ".py":
            shutil.copy(path, target)  # OpenCV looks where its own link leads
        elif path.is_file():
            target.symlink_to(path)
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH="{foreign}:$PYTHONPATH" exec "{python}" "$@"\n')
    wrapper.chmod(0o755)
    return str(wrapper)


def foreign_library(path: Path) -> bytes:
    """Return the beginning of a library, for RISC-V by its header."""
    with path.open("rb") as file:
        header = bytearray(file.read(4096))
    header[18:20] = (0xF3).to_bytes(2, "little")  # e_machine
    return bytes(header)


# TensorFlow is not here: it makes its threads when it is first used, and under such a limit it is those that it lacks.
LIMITED = [
    ("onnxruntime", "onnx"),
    ("pytorch", "torchscript"),
    ("tflite", "tflite"),
    ("litert", "tflite"),
    ("openvino", "onnx"),
    ("opencv", "onnx"),
    ("opencv5", "onnx"),
    ("ncnn", "ncnn"),
    ("mnn", "mnn"),
    ("executorch", "executorch"),
    ("armnn", "tflite"),
]
# XNNPACK's delegate fails there in words that do not say memory; the advice beside them does.
UNSAID = {"litert": ("load_failed", "it was memory")}


@pytest.mark.parametrize(("backend", "kind"), environments.possible(LIMITED))
def test_model_that_is_larger_than_memory(tmp_path, huge_network, interpreters, backend, kind):
    """The process may have what its runtime takes when it is imported, and less than the network needs on top."""
    python = interpreters[backend]
    limited = tmp_path / "python"
    limit_kib = address_space_kib(python, backend) + HEADROOM_KIB
    limited.write_text(f'#!/bin/sh\nulimit -v {limit_kib}\nexec "{python}" "$@"\n')
    limited.chmod(0o755)
    threads = {"threads": 1} if "threads" in plugins.load("backends", backend).Backend.options else {}
    path = huge_network / backend_cells.FILES[kind]
    spec = backend_cells.cell_spec(tmp_path, backend, str(limited), path, kind, 1.0, size=HUGE, **threads)
    record = run(tmp_path, spec)
    outcome, words = UNSAID.get(backend, ("out_of_memory", ""))
    assert record["outcome"] == outcome, record["outcome_detail"]
    assert words in record["outcome_detail"]
    assert record["n_completed"] == 0


def address_space_kib(python: str, backend: str) -> int:
    """Return the most addresses that a process had when it had imported a runtime."""
    script = (
        "import sys, numpy\nfrom edgebench_runner import plugins\n"
        "plugins.load('backends', sys.argv[1]).Backend({}).import_runtime()\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmPeak')][0])"
    )
    variables = environment.variables(python)
    command = [python, "-c", script, backend]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])
