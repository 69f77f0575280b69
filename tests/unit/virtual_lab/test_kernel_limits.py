from __future__ import annotations

from pathlib import Path

import pytest

from virtual_lab import kernel_limits


@pytest.fixture
def instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "max_user_instances"
    file.write_text("128\n")
    monkeypatch.setattr(kernel_limits, "INSTANCES", file)
    monkeypatch.setattr(kernel_limits, "RUNTIME_ROOT", tmp_path / "run")
    return file


def test_a_small_lab_changes_nothing(instances: Path) -> None:
    assert kernel_limits.make_room(15) == []
    kernel_limits.put_back()
    assert instances.read_text() == "128\n"


def test_a_large_lab_gets_room_and_the_last_to_go_puts_back_what_was_found(instances: Path) -> None:
    assert kernel_limits.make_room(64) == ["inotify instances 128 -> 640"]
    assert kernel_limits.make_room(64) == []
    assert kernel_limits.make_room(100) == ["inotify instances 640 -> 928"]
    other = kernel_limits.RUNTIME_ROOT / "another lab"
    other.mkdir()
    kernel_limits.put_back()
    assert instances.read_text() == "928\n"
    other.rmdir()
    kernel_limits.put_back()
    assert instances.read_text() == "128\n"
    assert list(kernel_limits.RUNTIME_ROOT.iterdir()) == []
