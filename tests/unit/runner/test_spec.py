"""Cell specs: every mistake at once, and the schema file means the same to the runner and to jsonschema."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_factory import null_spec, onnx_spec, write_spec

from edgebench_runner import cli, jsonschema_subset, spec
from edgebench_runner.errors import UsageError

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/cell_spec.json").read_text())
VALUES = st.sampled_from([None, True, 0, -1, 1, 2.5, "", "a", "Z!", "cold", [], [0], [-1.0], {}, {"x": 1}])


def paths(value, prefix=()):
    for key, item in value.items():
        yield (*prefix, key)
        if isinstance(item, dict):
            yield from paths(item, (*prefix, key))


def changed(value: dict, path: tuple, new) -> dict:
    head, *rest = path
    if not rest:
        return {key: item for key, item in value.items() if key != head} | ({} if new is ... else {head: new})
    return {**value, head: changed(value[head], tuple(rest), new)}


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    return onnx_spec(tmp_path_factory.mktemp("spec"))


def test_valid_specs_have_no_problems(valid):
    assert spec.problems(valid) == []
    assert spec.problems(null_spec()) == []
    jsonschema.validate(valid, SCHEMA)


@given(data=st.data())
def test_runner_and_jsonschema_agree_on_what_is_valid(valid, data):
    path = data.draw(st.sampled_from(sorted(paths(valid))))
    mutant = changed(valid, path, data.draw(st.one_of(VALUES, st.just(...))))
    theirs = jsonschema.Draft202012Validator(SCHEMA).is_valid(mutant)
    assert (jsonschema_subset.problems(mutant, SCHEMA) == []) == theirs


@given(data=st.data())
def test_no_mutation_raises_anything_but_a_usage_error(valid, data):
    mutant = valid
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(paths(mutant))))
        mutant = changed(mutant, path, data.draw(st.one_of(VALUES, st.just(...))))
    assert all(isinstance(line, str) for line in spec.problems(mutant))


def test_all_mistakes_are_reported_at_once_with_key_found_and_valid(tmp_path, capsys):
    broken = null_spec(task="tea", options={"threads": 2}, mode="warmish", repeat=True)
    broken["protocol"] = {"warmup": -1, "inferences": 5, "deadline_s": 1, "inferrences": 5}
    del broken["sweep_id"]
    code = cli.main(["run", str(write_spec(tmp_path, broken)), "--out", str(tmp_path / "out")])
    errors = capsys.readouterr().err
    assert code == 2
    assert not (tmp_path / "out").exists()
    for expected in (
        "sweep_id: missing",
        "mode: found 'warmish', valid: cold, warm",
        "repeat: found True, valid: integer",
        "protocol.warmup: found -1, valid: at least 0",
        "protocol.inferrences: unknown key, valid: deadline_s",
        "options.threads: unknown option, valid: burn_s, sleep_s",
        "task: found 'tea', valid: classification",
    ):
        assert expected in errors
    assert all("cell_spec.json" in line for line in errors.splitlines())


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not JSON"), ("[]", "found [], valid: object"), (None, "cannot be read")]
)
def test_file_that_is_no_spec(tmp_path, text, message):
    path = tmp_path / "spec.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        spec.load(str(path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "cold"}, "protocol.warmup: found 2, valid: 0 in mode cold"),
        ({"board": "other"}, "cell_id: found"),
        ({"runtime": "onnxruntime"}, "artifact: found null"),
    ],
)
def test_contradictions(changes, message):
    assert any(message in line for line in spec.problems(null_spec(**changes)))


def test_not_a_number_is_refused():
    spec_with_nan = null_spec(options={"sleep_s": float("nan")})
    assert "options.sleep_s: found nan, valid: a finite number" in spec.problems(spec_with_nan)


def test_defaults_are_filled_in_and_the_input_is_left_alone(tmp_path):
    raw = null_spec()
    loaded = spec.load(str(write_spec(tmp_path, raw)))
    assert loaded["options"] == {"sleep_s": 0.0, "burn_s": 0.0}
    assert loaded["protocol"]["sync_pulses"] is False
    assert loaded["cooldown"] == {"method": "none"}
    assert raw["options"] == {}


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("input", {"shape": [1, 8, 8, 3], "layout": "NCHW"}, "found [1, 8, 8, 3], valid: [1, 3, 8, 8]"),
        ("input", {"shape": [1, 3, 8, 8], "layout": "NHWC"}, "found [1, 3, 8, 8], valid: [1, 8, 8, 3]"),
        (
            "preprocess",
            {"size": [8, 8], "scale": 1, "mean": [0, 0, 0], "std": [1]},
            "found 1 values, valid: 3",
        ),
    ],
)
def test_preprocessing_that_does_not_make_the_input(valid, part, value, message):
    broken = {**valid, "artifact": {**valid["artifact"], part: value}}
    assert any(message in line for line in spec.problems(broken))
