"""What every playbook keeps to, whatever it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
OVER_BOARDS = [path for path in sorted(PLAYBOOKS.glob("*.yml")) if "  hosts: boards\n" in path.read_text()]


@pytest.mark.parametrize("path", OVER_BOARDS, ids=lambda path: path.stem)
def test_a_limit_that_leaves_out_localhost_is_refused_before_a_board_is_touched(path: Path) -> None:
    plays: list[dict[str, Any]] = yaml.safe_load(path.read_text())
    first = next(play["tasks"][0] for play in plays if play["hosts"] == "boards")
    assert first["ansible.builtin.include_tasks"] == "tasks/need_localhost.yml"
    assert "when" not in first
