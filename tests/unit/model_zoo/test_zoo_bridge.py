"""A converter in another interpreter: what it writes, what it refuses, and what its death means.

The far side is a real process of this interpreter; a module that stands in for OpenVINO does as it is told by the file.
"""

import ast
import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import psutil
import pytest

from model_zoo import bridge, converter_environment
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.request import Request

STAND_IN = """
import os, signal
import numpy as np

def convert_model(path):
    text = open(path).read()
    if text != "network":
        exec(text)
    return text

def save_model(model, path, compress_to_fp16):
    path.write_text("<net><layers/></net>")
    path.with_suffix(".bin").write_bytes(b"half" if compress_to_fp16 else b"single")

class Core:
    def compile_model(self, path, device, settings):
        print("a library talks on standard output")
        def infer(inputs):
            value = inputs[0].ravel()[0]
            if value == 0 and inputs[0].size == 1:
                os.kill(os.getpid(), signal.SIGSEGV)
            if value == -1:
                raise RuntimeError("an operator is missing")
            if value == -2:
                os.kill(os.getpid(), signal.SIGKILL)
            return [inputs[0] * 2]
        return infer
"""


@pytest.fixture(autouse=True)
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "openvino.py").write_text(STAND_IN)
    monkeypatch.setattr(converter_environment, "python_of", lambda target: Path(sys.executable))
    checkout = converter_environment.CHECKOUT
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = bridge._variables(Path(sys.executable)) | {"PYTHONPATH": f"{folder}:{checkout}"}
    monkeypatch.setattr(bridge, "_variables", lambda python: variables)
    yield
    bridge.close()


def convert(folder: Path, words: str, precision: str = "fp32") -> Path:
    source, path = folder / "model.onnx", folder / "model.xml"
    source.write_text(words)
    request = Request(precision, None, np.ones((2, 1, 3, 3), np.float32))
    assert bridge.convert("openvino", source, path, request) is None
    return path


@pytest.mark.parametrize(("precision", "weights"), [("fp32", b"single"), ("fp16", b"half")])
def test_a_file_comes_back_and_names_its_weights(tmp_path: Path, precision: str, weights: bytes) -> None:
    path = convert(tmp_path, "network", precision)
    assert path.with_suffix(".bin").read_bytes() == weights
    named = ElementTree.parse(path).getroot().find("rt_info/edgebench/weights_sha256")
    assert named is not None
    assert named.get("value") == hashlib.sha256(weights).hexdigest()


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (
            "raise RuntimeError('no operator\\n  NonZero')",
            UnsupportedError,
            "RuntimeError: no operator NonZero",
        ),
        ("raise FileNotFoundError(2, 'No such file')", UnsupportedError, "No such file"),
        ("raise SystemExit(1)", UnsupportedError, "SystemExit: 1"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", UnsupportedError, "its process was killed by signal 11"),
        ("os.kill(os.getpid(), signal.SIGKILL)", ZooError, "its process was killed by signal 9"),
        ("raise OSError(28, 'No space left on device')", ZooError, "No space left on device"),
        ("raise MemoryError()", ZooError, "MemoryError"),
        ("import not_installed", ZooError, "No module named 'not_installed'"),
    ],
)
def test_a_network_is_refused_and_a_machine_fails(
    tmp_path: Path, words: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        convert(tmp_path, words)
    assert str(caught.value).startswith("openvino: ")
    assert "\n" not in str(caught.value)


def test_a_converter_finds_the_tools_of_its_own_environment_first(tmp_path: Path) -> None:
    convert(tmp_path, "path.with_suffix('.path').write_text(repr(dict(os.environ))); text = 'network'")
    variables = ast.literal_eval((tmp_path / "model.path").read_text())
    first, *others = variables["PATH"].split(":")
    assert Path(first) == Path(sys.executable).parent
    assert others
    assert "PYTHONDONTWRITEBYTECODE" not in variables


def test_an_artifact_is_opened_where_its_exporter_lives(tmp_path: Path) -> None:
    batch = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    with bridge.opened("openvino", tmp_path / "model.xml") as infer:
        np.testing.assert_array_equal(infer(batch), batch * 2)
        np.testing.assert_array_equal(infer(batch + 1), batch * 2 + 2)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, UnsupportedError, "openvino: its process was killed by signal 11"),
        (-1, UnsupportedError, "openvino: RuntimeError: an operator is missing"),
        (-2, ZooError, "openvino: its process was killed by signal 9"),
    ],
)
def test_an_artifact_that_does_not_run_is_one_error(
    tmp_path: Path, value: float, error: type[Exception], message: str
) -> None:
    with (
        pytest.raises(error, match=rf"^model\.xml does not run: {message}"),
        bridge.opened("openvino", tmp_path / "model.xml") as infer,
    ):
        infer(np.full((1, 1, 1, 1), value, np.float32))


def test_one_process_does_one_thing_after_another_until_it_dies_of_one(tmp_path: Path) -> None:
    write_pid = "import pathlib; pathlib.Path({!r}).write_text(str(os.getpid())); text = 'network'"
    pids = []
    for name in ("first", "second", "dies", "after"):
        words = write_pid.format(str(tmp_path / name))
        if name == "dies":
            with pytest.raises(ZooError, match="was killed by signal 9"):
                convert(tmp_path, f"{words}; os.kill(os.getpid(), signal.SIGKILL)")
        else:
            convert(tmp_path, words)
            with bridge.opened("openvino", tmp_path / "model.xml") as infer:
                infer(np.ones((1, 1, 3, 3), np.float32))
        pids.append((tmp_path / name).read_text())
    assert pids[0] == pids[1] == pids[2] != pids[3]
    bridge.close()
    assert has_ended(int(pids[3]))


@pytest.mark.parametrize("dies", [False, True])
def test_what_a_library_starts_and_leaves_behind_ends_with_its_process(tmp_path: Path, dies: bool) -> None:
    """Were it to hold the pipe, the end of the stream would come only after five minutes."""
    said = str(tmp_path / "pid")
    forks = "child = os.fork() or __import__('time').sleep(300) or os._exit(0)"
    words = f"{forks}; open({said!r}, 'w').write(str(child)); text = 'network'"
    if dies:
        with pytest.raises(ZooError, match="was killed by signal 9"):
            convert(tmp_path, f"{words}; os.kill(os.getpid(), signal.SIGKILL)")
    else:
        convert(tmp_path, words)
        bridge.close()
    deadline = time.monotonic() + 30
    while not has_ended(int(Path(said).read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_file_that_the_runtime_here_cannot_open_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no network")
    with (
        pytest.raises(UnsupportedError, match=r"^model\.onnx does not open: "),
        bridge.opened("onnx", tmp_path / "model.onnx"),
    ):
        pass
