"""The other cores and systems, one emulated board at a time, each with the backends of its kind. `make test-arm`."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import debian_packages
import provisioning
import pytest
import small_cells
from labs import VirtualLab, emulated
from provisioning import ROOT, STATE, changed_tasks, changes, environments, interpreter, run_cell

pytestmark = pytest.mark.arm

EMULATED_S = 1800.0
TIMEOUT_S = 3600


@dataclasses.dataclass(frozen=True)
class Case:
    """A board, and the format that each of its backends is tried with.

    Attributes:
        core: of Arm's list of parts, as /proc/cpuinfo has it.
        packages: of the distribution, which a backend's runtime comes in.
        variables: of the inventory, where a lab's board differs from a real one of its kind.
    """

    name: str
    kind: str
    release: str
    memory_mb: int
    core: str
    formats: dict[str, str]
    packages: tuple[str, ...] = ()
    variables: dict[str, object] = dataclasses.field(default_factory=dict)


CASES = (
    Case(
        name="pi4",
        kind="raspberry_pi_4",
        release="trixie",
        memory_mb=2048,
        core="0xd08",
        formats={
            "onnxruntime": "onnx",
            "pytorch": "torchscript",
            "litert": "tflite",
            "openvino": "onnx",
            "opencv": "onnx",
            "ncnn": "ncnn",
            "mnn": "mnn",
            "armnn": "tflite",
        },
        packages=("python3-pyarmnn", "libarmnn-cpuacc-backend33", "libarmnn-cpuref-backend33"),
    ),
    Case(
        name="pi5",
        kind="raspberry_pi_5",
        release="bookworm",
        memory_mb=3072,
        core="0xd0b",
        formats={"onnxruntime": "onnx", "tflite": "tflite", "tensorflow": "keras"},
    ),
    Case(
        name="nano",
        kind="jetson_nano",
        release="bullseye",
        memory_mb=2048,
        core="0xd07",
        formats={"onnxruntime": "onnx", "tflite": "tflite"},
        # JetPack is in no registry: the core of a Nano, under Debian and its own Python.
        variables={
            "ansible_python_interpreter": "/usr/bin/python3",
            "edgebench_python": "python3",
            "python_bootstrap_packages": [],
        },
    ),
)


class Scene:
    """One board of its own lab."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.lab = VirtualLab("cores", "10.213.85.0/24", folder, [self._entry()])
        self.lab.playbook("-e", "state=absent")  # of a session that was killed
        self.lab.playbook()
        self.found = self.state()

    def close(self) -> None:
        """Remove the lab."""
        self.lab.playbook("-e", "state=absent")

    def state(self) -> str:
        """What tuning touches."""
        return self.lab.output(self.case.name, STATE)

    def playbook(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the product's playbooks."""
        variables = ("-e", json.dumps(self.case.variables))
        backends = list(self.case.formats)
        return provisioning.playbook(self.lab, name, backends, *variables, *arguments, timeout_s=TIMEOUT_S)

    def _entry(self) -> dict[str, object]:
        return emulated(self.case.name, self.case.kind, self.case.memory_mb, self.case.release)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small network in every format."""
    directory = tmp_path_factory.mktemp("network")
    small_cells.write_files(directory)
    return directory


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case.name}-{case.release}")
def scene(
    request: pytest.FixtureRequest, needs_root: None, files: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A board that nobody has touched, but for the distribution's own packages."""
    made = Scene(request.param, tmp_path_factory.mktemp(request.param.name))
    yield made
    made.close()


def test_the_core_is_the_kinds(scene: Scene) -> None:
    parts = scene.lab.output(scene.case.name, "grep -m1 'CPU part' /proc/cpuinfo")
    assert parts.endswith(scene.case.core)


def test_a_dry_run_changes_nothing(scene: Scene) -> None:
    dry = scene.playbook("provision", "--check")
    assert dry.returncode == 0, dry.stdout
    assert changes(dry)[scene.case.name] > 0, "a dry run says what would change"
    assert scene.lab.output(scene.case.name, f"ls {ROOT} 2>/dev/null || true") == ""
    assert scene.state() == scene.found


def test_provisioning_makes_every_environment_and_a_second_one_changes_nothing(scene: Scene) -> None:
    if scene.case.packages:
        debian_packages.install(scene.lab, scene.case.name, scene.case.release, scene.case.packages)
    done = scene.playbook("provision")
    assert done.returncode == 0, done.stdout
    made = environments(scene.lab, scene.case.name)
    assert sorted(one["backend"] for one in made.values()) == sorted(scene.case.formats)
    again = scene.playbook("provision")
    assert again.returncode == 0, again.stdout
    assert changes(again) == {scene.case.name: 0}, changed_tasks(again)


def test_every_backend_gives_the_sources_answers_as_a_real_cell(
    scene: Scene, files: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    case = scene.case
    for backend, form in case.formats.items():
        with subtests.test(backend=backend):
            directory = tmp_path / backend
            directory.mkdir()
            python = interpreter(scene.lab, case.name, backend)
            where = (files, directory, "/root/cell-files")
            spec = small_cells.prepare(*where, case.name, case.kind, backend, form, python)
            record, _ = run_cell(scene.lab, case.name, directory, spec, EMULATED_S)
            assert (record["outcome"], record["outcome_detail"]) == ("ok", "")
            assert record["check"]["passed"]
            assert record["check"]["top1_agreement"] == 1.0
            assert record["n_completed"] == spec["protocol"]["inferences"]


def test_restore_puts_the_board_back(scene: Scene) -> None:
    assert scene.state() != scene.found, "nothing to restore"
    done = scene.playbook("restore")
    assert done.returncode == 0, done.stdout
    assert scene.state() == scene.found
