"""What the pages name is there: files, headings, commands with options, targets of make, variables of playbooks."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Not the changelog: what it names may be gone since.
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")} - {ROOT / "CHANGELOG.md"})
FOLDERS = (
    "analysis|benchmarks|board_tuning|controller|docs|edgebench_runner|fuzz|inventory/(?:local|example_lab)|locks|model_zoo"
    "|playbooks|plugins|power_meter|power_switch|profiles|roles|schemas|tests|virtual_lab"
)
CODE = re.compile(r"`[^`\n]+`|^ {4}.*$|^```.*?^```", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """A command line of the project, as a page has it."""

    page: str
    module: str
    verb: str | None
    options: tuple[str, ...]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> str:
    return "\n".join(CODE.findall(text_of(page).replace("\\\n", " ")))


@cache
def anchors(page: Path) -> set[str]:
    """The headings of a page as a link names them."""
    headings = re.findall(r"^#+ +(.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> list[Command]:
    found = set()
    for page in PAGES:
        for module, rest in re.findall(r"python3? -m ([a-z_.]+)([^`#|;&\n]*)", code_of(page)):
            words = rest.replace("[", " ").replace("]", " ").split()
            verb = words[0] if words and re.fullmatch("[a-z][a-z-]*", words[0]) else None
            options = tuple(sorted({word.partition("=")[0] for word in words if word.startswith("--")}))
            if (ROOT / module.partition(".")[0]).is_dir():
                found.add(Command(page.name, module, verb, options))
    return sorted(found, key=str)


def help_of(module: str, verb: str | None) -> str:
    """What a command says about itself."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(sys, "argv", [module, *([verb] if verb else []), "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__")
    assert ended.value.code == 0, f"{module} has no {verb}"
    return said.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        name, _, anchor = link.partition("#")
        if "://" in name:
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    """What ends in a placeholder, such as ``<kind>``, is no file."""
    named = re.findall(rf"(?<![\w./<-])((?:{FOLDERS})/[\w./-]+\w)(?![-\w<{{*])", code_of(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("command", commands(), ids=lambda one: f"{one.page}:{one.module} {one.verb}")
def test_commands_and_options_exist(command: Command) -> None:
    said = help_of(command.module, command.verb)
    assert [option for option in command.options if option not in said] == []


def test_targets_of_make_exist() -> None:
    makefile = text_of(ROOT / "Makefile")
    for page in PAGES:
        for target in re.findall(r"(?:`|^ {4})make ([a-z0-9-]+)", text_of(page), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"


def test_variables_given_to_playbooks_are_read() -> None:
    sources = [path.read_text() for top in ("playbooks", "roles") for path in (ROOT / top).rglob("*.yml")]
    for page in PAGES:
        for name in re.findall(r"-e ([a-z_]+)=", code_of(page)):
            assert any(re.search(rf"\b{name}\b", source) for source in sources), f"{page.name}: -e {name}"
