"""What a vendor's libraries need reaches every process of their environment, and no other."""

import json
import os
import subprocess
import sys

import pytest
from runner_factory import null_spec, write_spec

from edgebench_runner import backend_probe, environment, fingerprint, plugins, resources


def an_environment(directory, variables):
    python = directory / "bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (directory / "vendor.json").write_text(json.dumps({"files": {}, "variables": variables}))
    return str(python)


def test_an_environment_without_vendors_files_adds_nothing(tmp_path):
    assert environment.variables(str(tmp_path / "bin/python")) == dict(
        os.environ, PYTHONPATH=resources.root()
    )


@pytest.mark.parametrize(("own", "found"), [({}, "4"), ({"OPENBLAS_THREAD_TIMEOUT": "30"}, "30")])
def test_numpys_threads_do_not_spin_in_the_worker_unless_the_environment_says_so(tmp_path, own, found):
    said = tmp_path / "said"
    python = tmp_path / "environment/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho $OPENBLAS_THREAD_TIMEOUT >> {said}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (python.parents[1] / "vendor.json").write_text(json.dumps({"files": {}, "variables": own}))
    spec = null_spec(environment={"name": "test", "python": str(python), "lock_sha256": None})
    command = [sys.executable, "-m", "edgebench_runner", "run", write_spec(tmp_path, spec)]
    subprocess.run([*command, "--out", tmp_path / "out"], check=True, capture_output=True, timeout=60)
    assert set(said.read_text().split()) == {found}


def test_only_runtimes_of_another_matrix_library_let_it_be():
    backends = {name: plugins.load("backends", name).Backend.variables for name in plugins.names("backends")}
    assert {name for name, variables in backends.items() if not variables} == {"caffe", "caffe2"}


def test_the_runner_stays_before_the_vendors_python(tmp_path):
    python = an_environment(tmp_path, {"PYTHONPATH": "/v/python", "LD_LIBRARY_PATH": "/v/lib"})
    found = environment.variables(python)
    assert found["PYTHONPATH"] == f"{resources.root()}:/v/python"
    assert found["LD_LIBRARY_PATH"] == "/v/lib"


def test_a_vendors_runtime_is_found_by_the_probe(tmp_path):
    module = tmp_path / "vendor/openvino.py"
    module.parent.mkdir()
    module.write_text("class Core: pass\ndef get_version(): return '2022.3.2'\n")
    python = an_environment(tmp_path / "with", {"PYTHONPATH": str(module.parent)})
    assert backend_probe.probe("openvino", python)["version"] == "2022.3.2"
    without = an_environment(tmp_path / "without", {})
    assert not backend_probe.probe("openvino", without)["available"]


def test_a_runtime_that_prints_as_it_ends_is_found_all_the_same(tmp_path):
    module = tmp_path / "vendor/openvino.py"
    module.parent.mkdir()
    module.write_text(
        "import atexit, os\nprint('i8sdot: 1')\natexit.register(lambda: os.write(1, b'bye\\n'))\n"
        "class Core: pass\ndef get_version(): return '2022.3.2'\n"
    )
    python = an_environment(tmp_path / "with", {"PYTHONPATH": str(module.parent)})
    assert backend_probe.probe("openvino", python)["version"] == "2022.3.2"


def test_a_damaged_note_is_as_none(tmp_path):
    python = an_environment(tmp_path, {})
    (tmp_path / "vendor.json").write_text("[")
    assert environment.vendor(python) == {}


def test_the_distributions_packages_are_part_of_the_fingerprint(tmp_path):
    python = an_environment(tmp_path, {})
    spec = null_spec(environment={"name": "armnn", "python": python, "lock_sha256": None})
    spec["protocol"] = {}
    assert "distribution_packages" not in fingerprint.cell_parts(spec)
    installed = {"python3-pyarmnn": "23.08-5"}
    (tmp_path / "environment.json").write_text(json.dumps({"distribution_packages": installed}))
    assert fingerprint.cell_parts(spec)["distribution_packages"] == installed


def test_the_newest_complete_environment_of_each_backend_is_found(tmp_path):
    for name, content in {
        "mnn-1": {"backend": "mnn", "created_utc": "2026-01-01T00:00:00Z"},
        "mnn-0": {"backend": "mnn", "created_utc": "2026-02-01T00:00:00Z"},
        "ncnn-1": {"backend": "ncnn", "created_utc": "2026-01-01T00:00:00Z"},
        "damaged": "[",
    }.items():
        (tmp_path / name).mkdir()
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name / "environment.json").write_text(text)
    (tmp_path / "incomplete").mkdir()
    assert backend_probe.environments(str(tmp_path)) == {
        "mnn": str(tmp_path / "mnn-0/bin/python"),
        "ncnn": str(tmp_path / "ncnn-1/bin/python"),
    }
