from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from controller import catalogues
from controller.errors import InputError, Problem, one_of
from controller.files import read_json, sha256_of, write_json
from tests.unit.controller.controller_factory import ROOT


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    write_json(path, [2])
    assert read_json(path) == [2]
    assert [found.name for found in path.parent.iterdir() if not found.name.startswith(".")] == ["value.json"]


def test_a_hash_is_that_of_the_usual_tool(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(range(256)) * 1000)
    said = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout
    assert sha256_of(path) == said.split()[0]


@pytest.mark.parametrize(
    ("found", "said"),
    [(None, "found nothing"), ("x", "found 'x'"), (0, "found 0"), (False, "found False"), ("", "found ''")],
)
def test_a_problem_is_one_line_with_file_key_found_and_valid(found: object, said: str) -> None:
    line = str(Problem("profiles/a.yml", "repeats", found, "a whole number"))
    assert line == f"profiles/a.yml: repeats: {said}; valid: a whole number"


def test_an_error_carries_every_problem() -> None:
    problems = [Problem("a", "b", 1, "2"), Problem("c", "d", 3, "4")]
    error = InputError(problems)
    assert error.problems == problems
    assert str(error).splitlines() == [str(problem) for problem in problems]


def test_a_choice_among_nothing_says_so() -> None:
    assert one_of([]) == "none available"
    assert one_of({"b", "a"}) == "a, b"


def test_kinds_are_the_files_of_group_variables() -> None:
    kinds = catalogues.kinds(ROOT)
    assert {"generic_linux", "raspberry_pi_4", "jetson_orin"} <= set(kinds)
    assert "all" not in kinds


def write_packages(folder: Path, **scripts: str) -> None:
    for name in ("edgebench_runner", "power_meter", "model_zoo"):
        package = folder / name
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(scripts.get(name, "print('[]')"))


def test_a_package_that_cannot_say_what_it_offers_is_named_with_its_words(tmp_path: Path) -> None:
    write_packages(tmp_path, power_meter="raise SystemExit('no drivers today')")
    with pytest.raises(
        catalogues.CatalogueError, match="power_meter drivers --json failed:\nno drivers today"
    ):
        catalogues.ask_all(tmp_path)


def test_catalogues_are_kept_by_name(tmp_path: Path) -> None:
    write_packages(
        tmp_path,
        power_meter="""print('[{"name": "tc66c"}]')""",
        model_zoo="""print('[{"model": "digits_cnn", "format": "onnx"}]')""",
    )
    found = catalogues.ask_all(tmp_path)
    assert found.drivers == {"tc66c": {"name": "tc66c"}}
    assert found.models == {"digits_cnn": {"model": "digits_cnn", "format": "onnx"}}
    assert found.formats == {"onnx": {"model": "digits_cnn", "format": "onnx"}}
    assert found.backends == {}
