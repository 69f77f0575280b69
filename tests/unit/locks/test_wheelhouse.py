"""A wheelhouse is filled once, by one at a time, and never believes a file it has not checked."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from locks import wheelhouse
from locks.update import LockError, Target
from locks.wheelhouse import Wheelhouse, fill, locked_hashes

WHEELS = {"a-1-py3-none-any.whl": b"first", "b-2-py3-none-any.whl": b"second"}


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target whose lock names two wheels."""
    hashes = [hashlib.sha256(content).hexdigest() for content in WHEELS.values()]
    pins = [
        f"{name[0]}==1 \\\n    --hash=sha256:{sha256}" for name, sha256 in zip(WHEELS, hashes, strict=True)
    ]
    target = Target(tmp_path / "null.in")
    target.lock.write_text("\n".join(pins))
    return target


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """Replace pip by the two wheels; returns the list of downloads made."""
    made: list[Target] = []

    def deliver(target: Target, directory: Path) -> list[Path]:
        made.append(target)
        for name, content in WHEELS.items():
            (directory / name).write_bytes(content)
        return sorted(directory.iterdir())

    monkeypatch.setattr(wheelhouse, "download", deliver)
    return made


def test_a_second_fill_downloads_nothing(target: Target, downloads: list[Target], tmp_path: Path) -> None:
    first = fill(target, tmp_path / "house", check=False)
    second = fill(target, tmp_path / "house", check=False)
    assert (first["changed"], second["changed"]) == (True, False)
    assert second["files"] == [str(tmp_path / "house" / name) for name in WHEELS]
    assert len(downloads) == 1


@pytest.mark.parametrize("damage", [lambda wheel: wheel.unlink(), lambda wheel: wheel.write_bytes(b"trunc")])
def test_a_lost_or_cut_wheel_is_fetched_again(
    target: Target, downloads: list[Target], tmp_path: Path, damage: object
) -> None:
    fill(target, tmp_path / "house", check=False)
    damage(tmp_path / "house" / "b-2-py3-none-any.whl")  # type: ignore[operator]
    assert fill(target, tmp_path / "house", check=False)["changed"]
    assert (tmp_path / "house" / "b-2-py3-none-any.whl").read_bytes() == b"second"


def test_check_only_looks(target: Target, downloads: list[Target], tmp_path: Path) -> None:
    assert fill(target, tmp_path / "house", check=True) == {"changed": True, "files": []}
    assert not downloads
    assert not (tmp_path / "house").exists()


def test_boards_that_ask_together_share_one_download(
    target: Target, downloads: list[Target], tmp_path: Path
) -> None:
    threads = [threading.Thread(target=fill, args=(target, tmp_path / "house", False)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(downloads) == 1
    assert not Wheelhouse(tmp_path / "house").missing(locked_hashes(target.lock))


def test_an_incomplete_delivery_is_an_error(
    target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wheelhouse, "download", lambda target, directory: [])
    with pytest.raises(LockError, match="no wheel was delivered for"):
        fill(target, tmp_path / "house", check=False)


def test_a_lock_that_names_no_hash_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "null.txt"
    lock.write_text("numpy==2.4.6\n")
    with pytest.raises(LockError, match="no --hash"):
        locked_hashes(lock)
