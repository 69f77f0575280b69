"""Locks are complete, strict, and free of what is known to break a board."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from locks.update import LOCKS, Platform, Target, find_targets

TARGETS = list(find_targets([]))
PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ]+) \\")

each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


def pins(lock: Path) -> dict[str, Version]:
    """Return name -> version of every package in a lock."""
    matches = (PINNED.match(line) for line in lock.read_text().splitlines())
    return {canonicalize_name(match["name"]): Version(match["version"]) for match in matches if match}


def requirements(source: Path) -> list[Requirement]:
    """Return what an ``.in`` file asks for."""
    lines = (line.split("#")[0].strip() for line in source.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


@each_target
def test_every_source_is_locked(target: Target) -> None:
    locked = pins(target.lock)
    unmet = [str(need) for need in requirements(target.source) if not is_met(need, locked)]
    assert not unmet, f"run python -m locks.update {target.name}"


def is_met(need: Requirement, locked: dict[str, Version]) -> bool:
    version = locked.get(canonicalize_name(need.name))
    return version is not None and need.specifier.contains(version, prereleases=True)


@each_target
def test_a_lock_is_pins_with_one_hash_each_and_nothing_else(target: Target) -> None:
    lines = target.lock.read_text().splitlines()
    assert lines[0].startswith("# Made by")
    assert len(lines) > 2
    for pin, sha256 in zip(lines[1::2], lines[2::2], strict=True):
        assert PINNED.fullmatch(pin), pin
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", sha256), sha256


@each_target
def test_nothing_says_where_packages_come_from(target: Target) -> None:
    for path in (target.source, target.lock):
        assert not re.search(r"://|--index|--find-links|--trusted-host", path.read_text()), path


@pytest.mark.parametrize(
    "lock", sorted(LOCKS.glob("**/*.txt")), ids=lambda lock: lock.relative_to(LOCKS).as_posix()
)
def test_every_lock_has_a_source(lock: Path) -> None:
    assert lock.with_suffix(".in").exists()


def test_tests_and_controller_agree_on_what_they_share() -> None:
    controller, dev = pins(LOCKS / "controller.txt"), pins(LOCKS / "dev.txt")
    shared = controller.keys() & dev.keys()
    assert shared
    assert {name: controller[name] for name in shared} == {name: dev[name] for name in shared}


def test_the_controller_never_gets_a_cuda_build() -> None:
    locked = pins(LOCKS / "controller.txt")
    assert locked["torch"].local == "cpu"
    assert not [name for name in locked if name.startswith(("nvidia-", "cuda-"))]


@pytest.mark.parametrize(
    "platform", sorted({target.source.parent for target in TARGETS} - {LOCKS}), ids=lambda path: path.name
)
def test_a_platform_is_named_by_what_it_is(platform: Path) -> None:
    content = Platform.load(platform.name)
    assert platform.name.endswith(f"-{content.machine}-cp{content.python.replace('.', '')}")


class Hazard(NamedTuple):
    """Versions that break some boards; sources in docs/environments.md.

    ``beside`` limits it to locks that also hold that package in that version.
    """

    package: str
    versions: str
    machines: tuple[str, ...]
    why: str
    beside: str | None = None


HAZARDS = [
    Hazard("onnxruntime", "==1.21.0", ("aarch64",), "illegal instruction on Cortex-A53 and A72"),
    Hazard("torch", "==2.4.0", ("aarch64",), "illegal instruction on Cortex-A53 and A72"),
    Hazard("torch", "==2.6.0", ("aarch64",), "illegal instruction in TorchScript on Cortex-A53 and A72"),
    Hazard("torch", "==2.10.0", ("aarch64",), "illegal instruction on Cortex-A53, A57 and A72"),
    Hazard("torch", ">=2.11", ("aarch64",), "a CUDA build of hundreds of megabytes"),
    Hazard("onnxruntime-gpu", ">=1", ("aarch64",), "no code for a Jetson's GPU"),
    Hazard("numpy", ">=0", ("armv7l",), "has no wheels for 32 bits: it is the distribution's"),
    Hazard("tflite-runtime", ">=2", ("aarch64", "x86_64"), "fails at the first model", beside="numpy>=2"),
    Hazard("numpy", "==1.19.5", ("aarch64",), "illegal instruction on the Jetson Nano"),
    Hazard(
        "opencv-python-headless", ">=4.12", ("aarch64", "x86_64"), "is built for numpy 2", beside="numpy<2"
    ),
    Hazard("pycoral", ">=0", ("aarch64", "x86_64"), "is another project of that name"),
]


def is_hit(hazard: Hazard, locked: dict[str, Version], machine: str) -> bool:
    if machine not in hazard.machines or not is_met(Requirement(hazard.package + hazard.versions), locked):
        return False
    return hazard.beside is None or is_met(Requirement(hazard.beside), locked)


@each_target
def test_no_lock_holds_what_is_known_to_break_a_board(target: Target) -> None:
    locked = pins(target.lock)
    hits = [hazard for hazard in HAZARDS if is_hit(hazard, locked, target.platform.machine)]
    assert not hits


@each_target
def test_no_lock_holds_cuda_libraries(target: Target) -> None:
    assert not [name for name in pins(target.lock) if name.startswith(("nvidia-", "cuda-"))]


@pytest.mark.parametrize(
    ("locked", "machine", "package"),
    [
        ({"torch": "2.10.0"}, "aarch64", "torch"),
        ({"torch": "2.13.0"}, "aarch64", "torch"),
        ({"tflite-runtime": "2.14.0", "numpy": "2.0.2"}, "x86_64", "tflite-runtime"),
    ],
)
def test_a_hazard_would_be_found(locked: dict[str, str], machine: str, package: str) -> None:
    versions = {name: Version(version) for name, version in locked.items()}
    assert package in [hazard.package for hazard in HAZARDS if is_hit(hazard, versions, machine)]
