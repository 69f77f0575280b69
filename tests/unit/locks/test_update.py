"""Targets are found by name, and platforms accept the wheels they can run."""

from __future__ import annotations

from pathlib import Path

import pytest

from locks import update
from locks.update import LockError, Platform, Target, find_targets, main


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of locks with a controller and one platform of two backends."""
    platform = tmp_path / "debian-12-aarch64-cp311"
    platform.mkdir()
    (platform / "platform.yml").write_text('{machine: aarch64, glibc: "2.36", python: "3.11"}')
    for source in (tmp_path / "controller.in", platform / "null.in", platform / "pytorch.in"):
        source.write_text("numpy\n")
    monkeypatch.setattr(update, "LOCKS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], ["controller", "debian-12-aarch64-cp311/null", "debian-12-aarch64-cp311/pytorch"]),
        (["controller"], ["controller"]),
        (["debian-12-aarch64-cp311"], ["debian-12-aarch64-cp311/null", "debian-12-aarch64-cp311/pytorch"]),
        (["debian-12-aarch64-cp311/null"], ["debian-12-aarch64-cp311/null"]),
    ],
)
def test_targets_are_found_by_name(locks: Path, names: list[str], found: list[str]) -> None:
    assert [target.name for target in find_targets(names)] == found


def test_an_unknown_target_is_one_error_that_lists_the_valid_ones(
    locks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["debian-13"]) == 2
    message = capsys.readouterr().err
    assert "'debian-13'" in message
    assert "debian-12-aarch64-cp311/null" in message


def test_the_newest_wheel_that_fits_comes_first() -> None:
    tags = Platform(machine="aarch64", glibc="2.31", python="3.9").wheel_platforms
    assert tags[0] == "manylinux_2_31_aarch64"
    assert "manylinux_2_34_aarch64" not in tags
    assert tags.index("manylinux_2_28_aarch64") < tags.index("manylinux2014_aarch64")


def test_a_platform_that_lacks_a_key_is_named(locks: Path) -> None:
    path = locks / "debian-12-aarch64-cp311" / "platform.yml"
    path.write_text("machine: aarch64\n")
    with pytest.raises(LockError, match=r"platform\.yml: expected the keys machine, glibc and python"):
        Platform.load("debian-12-aarch64-cp311")


def test_packages_without_their_dependencies_are_told_by_the_name() -> None:
    assert not Target(Path("controller-nodeps.in")).resolves_dependencies
    assert Target(Path("controller.in")).resolves_dependencies


@pytest.mark.parametrize(("glibc", "known"), [("2.27", 17), ("2.30", 28), ("2.36", 36), ("2.41", 40)])
def test_uv_is_told_of_a_c_library_that_is_not_newer(glibc: str, known: int) -> None:
    assert Platform("aarch64", glibc, "3.11").uv_platform == f"aarch64-manylinux_2_{known}"


def test_a_lock_that_its_sources_no_longer_ask_for_has_drifted(
    locks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def solve(target: Target, upgrade: bool) -> str:
        return update.lock_text(target, {"numpy": ("2.0.2", "b" * 64)})

    monkeypatch.setattr(update, "solve", solve)
    assert main(["controller"]) == 0
    written = (locks / "controller.txt").read_text()
    assert main(["controller", "--check"]) == 0
    (locks / "controller.txt").write_text(written.replace("2.0.2", "1.26.4"))
    assert main(["controller", "--check"]) == 1
    assert "-numpy==1.26.4" in capsys.readouterr().out
    assert "1.26.4" in (locks / "controller.txt").read_text()
