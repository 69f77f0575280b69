"""Every role keeps the shape that playbooks and readers rely on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
ROLE_DIRECTORIES = sorted(path for path in ROLES.iterdir() if (path / "tasks" / "main.yml").exists())

pytestmark = pytest.mark.parametrize("role", ROLE_DIRECTORIES, ids=lambda role: role.name)


def load(path: Path) -> Any:
    """Return the content of a YAML file, an empty dictionary where there is none."""
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


def options(role: Path) -> dict[str, dict[str, Any]]:
    return load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options", {})


def assigned_variables(tasks: list[dict[str, Any]]) -> list[str]:
    """Return every name that tasks assign: registers, set_fact, vars and loop variables, through blocks."""
    names: list[str] = []
    for task in tasks:
        names += [task["register"]] if "register" in task else []
        names += [name for name in task.get("ansible.builtin.set_fact", {}) if name != "cacheable"]
        names += list(task.get("vars", {}))
        names += [task["loop_control"]["loop_var"]] if "loop_var" in task.get("loop_control", {}) else []
        for section in ("block", "rescue", "always"):
            names += assigned_variables(task.get(section, []))
    return names


def test_arguments_are_specified_and_described(role: Path) -> None:
    spec = load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]
    assert spec["short_description"]
    for name, option in options(role).items():
        assert option.get("description"), name
        assert option.get("type"), name


def test_defaults_and_argument_specs_agree(role: Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    stated = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert {name: defaults.get(name) for name in stated} == stated


def test_every_argument_has_a_default_or_is_required(role: Path) -> None:
    optional = {name for name, option in options(role).items() if not option.get("required")}
    assert optional == set(load(role / "defaults" / "main.yml"))


def test_inputs_begin_with_the_name_of_the_role(role: Path) -> None:
    assert [name for name in options(role) if not name.startswith(f"{role.name}_")] == []


def test_what_a_role_assigns_begins_with_its_name(role: Path) -> None:
    names = [
        name
        for path in sorted((role / "tasks").glob("*.yml"))
        for name in assigned_variables(load(path) or [])
    ]
    names += list(load(role / "vars" / "main.yml"))
    own = re.compile(rf"(__)?{role.name}_")
    assert [name for name in names if not own.match(name)] == []
