"""Each way a worker can end, with real processes: exactly one outcome, and the rows before it are kept."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import runner_process
from runner_factory import linear_classifier, null_spec, onnx_spec, sha256, write_spec

pytestmark = pytest.mark.fault

MACHINE_CODE = """
def fault():
    import ctypes, mmap
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write({code!r})
    ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""
UNDEFINED = {"x86_64": bytes([0x0F, 0x0B]), "aarch64": bytes(4)}
SEGFAULT = "def fault():\n    import ctypes\n    ctypes.string_at(0)\n"
ALLOCATE = "def fault():\n    hoard = []\n    while True: hoard.append(bytearray(1 << 24))\n"
ABORT = "def fault():\n    import os\n    os.write(2, b'terminate: std::bad_alloc\\n'); os.abort()\n"


def faulty_spec(tmp_path: Path, fault: str, prelude: str = "") -> dict:
    """Return a spec whose third inference meets ``fault``: one warm-up row and one measured row are complete."""
    directory = tmp_path / "environment"
    directory.mkdir()
    spec = onnx_spec(tmp_path)
    spec["artifact"]["check"] = None
    spec["protocol"] = {"warmup": 1, "inferences": 5, "deadline_s": 30}
    module = runner_process.FAULTY_RUNTIME + fault
    spec["environment"]["python"] = runner_process.faulty_python(directory, prelude, module)
    return spec


def rows(out: Path) -> np.ndarray:
    return np.fromfile(out / "inferences.bin", "<i8").reshape(-1, 4)


def test_segmentation_fault_keeps_the_rows_before_it(tmp_path):
    spec = write_spec(tmp_path, faulty_spec(tmp_path, SEGFAULT))
    record = runner_process.run(spec, tmp_path / "out")
    assert (record["outcome"], record["signal"], record["exit_code"]) == ("crashed", "SIGSEGV", None)
    assert "phase measured: segmentation fault" in record["outcome_detail"]
    assert record["n_completed"] == 1
    assert (rows(tmp_path / "out")[:2] > 0).all()
    assert (rows(tmp_path / "out")[2:] == 0).all()
    assert [p["end_ns"] for p in record["phases"] if p["name"] == "measured"] == [None]


def test_illegal_instruction_is_named(tmp_path):
    code = UNDEFINED.get(os.uname().machine)
    if code is None:
        pytest.skip(f"no undefined instruction known for {os.uname().machine}")
    spec = write_spec(tmp_path, faulty_spec(tmp_path, MACHINE_CODE.format(code=code)))
    record = runner_process.run(spec, tmp_path / "out")
    assert (record["outcome"], record["signal"]) == ("crashed", "SIGILL")
    assert "illegal instruction" in record["outcome_detail"]
    assert record["n_completed"] == 1


def test_allocator_that_raises_under_a_real_limit(tmp_path):
    spec = write_spec(tmp_path, faulty_spec(tmp_path, ALLOCATE, prelude="ulimit -v 1500000"))
    record = runner_process.run(spec, tmp_path / "out")
    assert record["outcome"] == "out_of_memory"
    assert record["signal"] is None
    assert record["n_completed"] == 1


def test_a_model_that_cannot_fit_is_not_tried(tmp_path):
    spec = onnx_spec(tmp_path)
    with Path(spec["artifact"]["path"]).open("r+b") as file:
        file.truncate(2 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))  # sparse
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "out_of_memory"
    assert record["outcome_detail"].startswith("not tried")
    assert (record["signal"], record["exit_code"], record["n_completed"]) == (None, None, 0)
    assert "model_memory" in [check["check"] for check in record["doctor"] if check["status"] == "warn"]


def test_allocator_that_aborts(tmp_path):
    record = runner_process.run(write_spec(tmp_path, faulty_spec(tmp_path, ABORT)), tmp_path / "out")
    assert (record["outcome"], record["signal"]) == ("out_of_memory", "SIGABRT")


def test_real_runtime_under_a_limit_runs_out_of_memory(tmp_path):
    """ONNX Runtime itself fails to allocate a weight of 400 MB."""
    import onnx
    from onnx import TensorProto, helper

    shape = [10000, 10000]
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["filled"]),
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("ReduceSum", ["flat"], ["sum"]),
        helper.make_node("Add", ["filled", "sum"], ["shifted"]),
        helper.make_node("MatMul", ["shifted", "shifted"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        [onnx.numpy_helper.from_array(np.array(shape), "shape")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    directory = tmp_path / "environment"
    directory.mkdir()
    spec = onnx_spec(tmp_path)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    spec["artifact"].update(sha256=sha256(tmp_path / "model.onnx"), check=None)
    spec["environment"]["python"] = runner_process.faulty_python(directory, "ulimit -v 1200000")
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "out_of_memory", record["outcome_detail"]


def test_unsupported_operator(tmp_path):
    spec = onnx_spec(tmp_path)
    linear_classifier(tmp_path / "model.onnx", operator="Frobnicate", domain="example.test")
    spec["artifact"]["sha256"] = sha256(tmp_path / "model.onnx")
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "unsupported"
    assert "Frobnicate" in record["outcome_detail"]


def test_format_the_backend_does_not_read(tmp_path):
    spec = onnx_spec(tmp_path)
    spec["artifact"]["format"] = "tflite"
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert (record["outcome"], record["outcome_detail"]) == (
        "unsupported",
        "onnxruntime reads onnx, not tflite",
    )


@pytest.mark.parametrize("keep_hash", [True, False], ids=["hash differs", "hash of the damaged file"])
def test_corrupt_artifact(tmp_path, keep_hash):
    spec = onnx_spec(tmp_path)
    model = tmp_path / "model.onnx"
    model.write_bytes(model.read_bytes()[:1000])
    if not keep_hash:
        spec["artifact"]["sha256"] = sha256(model)
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "load_failed"
    assert ("SHA-256" in record["outcome_detail"]) == keep_hash


def test_artifact_that_loads_but_is_not_the_one_named(tmp_path):
    spec = onnx_spec(tmp_path)
    spec["artifact"]["sha256"] = "0" * 64
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "load_failed"


@pytest.mark.parametrize(("mode", "warmup", "completed"), [("warm", 2, 0), ("cold", 0, 5)])
def test_wrong_answer_stops_a_warm_cell_before_and_marks_a_cold_one_after(tmp_path, mode, warmup, completed):
    spec = onnx_spec(tmp_path, error=1.0, mode=mode)
    spec["protocol"]["warmup"] = warmup
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "wrong_answer"
    assert record["check"]["max_abs_diff"] == pytest.approx(1.0, abs=1e-3)
    assert record["n_completed"] == completed


def test_output_that_is_not_finite_is_a_wrong_answer(tmp_path):
    spec = onnx_spec(tmp_path, error=float("nan"))
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "wrong_answer"


def test_deadline_kills_a_busy_worker_and_keeps_its_rows(tmp_path):
    spec = null_spec(options={"burn_s": 0.05})
    spec["protocol"] = {"warmup": 0, "inferences": 100000, "deadline_s": 1.5}
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "timeout"
    assert record["outcome_detail"] == "deadline passed in phase measured"
    assert 0 < record["n_completed"] < 100000


def test_worker_killed_by_a_stranger_is_not_taken_for_a_memory_kill(tmp_path):
    spec = null_spec(options={"sleep_s": 0.01})
    spec["protocol"] = {"warmup": 0, "inferences": 100000, "deadline_s": 60}
    out = tmp_path / "out"
    process = runner_process.start(write_spec(tmp_path, spec), out)
    runner_process.wait_until_measuring(out)
    runner_process.worker_of(out).send_signal(signal.SIGKILL)
    process.communicate(timeout=runner_process.PATIENCE_S)
    record = runner_process.record(out)
    assert (record["outcome"], record["signal"]) == ("crashed", "SIGKILL")
    assert "killed by another process" in record["outcome_detail"]


def test_missing_interpreter(tmp_path):
    spec = null_spec(environment={"name": "gone", "python": str(tmp_path / "gone/bin/python")})
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "backend_unavailable"
    assert record["exit_code"] is None


def test_runtime_that_cannot_be_imported(tmp_path):
    directory = tmp_path / "environment"
    directory.mkdir()
    spec = onnx_spec(tmp_path)
    module = "raise ImportError('libfoo.so.1: cannot open shared object file')"
    spec["environment"]["python"] = runner_process.faulty_python(directory, module=module)
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "backend_unavailable"
    assert "libfoo.so.1" in record["outcome_detail"]


def test_provider_that_is_not_in_the_build(tmp_path):
    spec = onnx_spec(tmp_path, options={"device": "tensorrt"})
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "backend_unavailable"


def test_layout_that_is_not_the_files_is_refused_while_loading(tmp_path):
    spec = onnx_spec(tmp_path)
    spec["artifact"]["input"].update(shape=[1, 8, 8, 3], layout="NHWC")
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "load_failed"
    assert "[1, 3, 8, 8], the artifact says [1, 8, 8, 3]" in record["outcome_detail"]


def test_library_of_another_architecture(tmp_path):
    directory = tmp_path / "environment"
    directory.mkdir()
    foreign = tmp_path / "libforeign.so"
    header = bytearray(Path("/proc/self/exe").read_bytes()[:4096])
    header[18:20] = (0xF3).to_bytes(2, "little")  # e_machine: RISC-V
    foreign.write_bytes(bytes(header))
    spec = onnx_spec(tmp_path)
    module = f"import ctypes; ctypes.CDLL({str(foreign)!r})"
    spec["environment"]["python"] = runner_process.faulty_python(directory, module=module)
    record = runner_process.run(write_spec(tmp_path, spec), tmp_path / "out")
    assert record["outcome"] == "backend_unavailable"
    assert "libforeign.so" in record["outcome_detail"]
