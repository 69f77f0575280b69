"""What is plugged into a board, and the vendors' files that it needs, are checked before anything is touched."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from controller import attachments
from tests.unit.controller.controller_factory import a_host

BACKENDS = ["onnxruntime", "openvino", "pytorch", "tflite"]


@pytest.fixture
def package(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "libedgetpu1-std_16.0_arm64.deb"
    path.write_bytes(b"package")
    return {"file": str(path), "sha256": hashlib.sha256(b"package").hexdigest()}


def problems(**variables: Any) -> list[str]:
    board = {**a_host(), "edgebench_kind": "raspberry_pi_4", **variables}
    return [str(problem) for problem in attachments.check("lab", "pi", board, BACKENDS)]


def test_a_coral_with_its_library_is_accepted(package: dict[str, str]) -> None:
    files = {"tflite": [package]}
    assert problems(edgebench_attachments=["coral_usb"], edgebench_vendor_files=files) == []


def test_a_board_with_nothing_plugged_in_is_accepted() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("kind", "names", "words"),
    [
        ("raspberry_pi_4", ["coral_tpu"], "found 'coral_tpu'; valid: coral_usb, ncs2"),
        ("raspberry_pi_4", ["coral_usb"], "vendor_files.tflite: found nothing; valid: what coral_usb needs"),
        (
            "jetson_nano",
            ["coral_usb"],
            "found 'coral_usb on a jetson_nano'; valid: generic_linux, jetson_orin",
        ),
        ("raspberry_pi_5", ["ncs2"], "found 'ncs2 on a raspberry_pi_5'"),
    ],
)
def test_an_attachment_that_cannot_be_used_is_refused(kind: str, names: list[str], words: str) -> None:
    (problem,) = problems(edgebench_kind=kind, edgebench_attachments=names)
    assert words in problem


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "the inventory expects of"),
        ({"sha256": None}, "64 hexadecimal digits"),
        ({"sha256": 5}, "64 hexadecimal digits"),
        ({"file": "/nowhere/a.whl"}, "found '/nowhere/a.whl'; valid: a file on the controller"),
        ({"file": "/etc/hostname"}, "one of .whl, .deb"),
        ({"hash": "1"}, "tflite[0].hash: found 'hash'; valid: file, setup, sha256"),
    ],
)
def test_another_file_than_the_one_that_is_meant_is_refused(
    package: dict[str, str], changes: dict[str, Any], words: str
) -> None:
    (problem,) = problems(edgebench_vendor_files={"tflite": [{**package, **changes}]})
    assert words in problem


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"tensorrt9": []}, "valid: onnxruntime, openvino, pytorch, tflite"),
        ({"tflite": "a.whl"}, "a list of files"),
        ({"tflite": ["a.whl"]}, "a mapping with file and sha256"),
    ],
)
def test_files_that_are_not_by_backend_are_refused(files: dict[str, Any], words: str) -> None:
    (problem,) = problems(edgebench_vendor_files=files)
    assert words in problem


def test_every_attachment_says_all_that_is_asked_of_it() -> None:
    for name in attachments.names():
        (problem,) = problems(edgebench_attachments=[name], edgebench_kind="generic_linux")
        assert f"what {name} needs" in problem
