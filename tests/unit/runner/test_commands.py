"""The commands as the controller and a person use them."""

import hashlib
import io
import json
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgebench_runner import cli, lease, plugins, pulses, resources
from edgebench_runner.cooldown import cool_down

REPOSITORY = Path(__file__).resolve().parents[3]


def test_every_command_explains_itself(capsys):
    for name in plugins.names("commands"):
        with pytest.raises(SystemExit) as stopped:
            cli.main([name, "--help"])
        assert stopped.value.code == 0
        assert "usage: edgebench_runner " + name in capsys.readouterr().out


def test_catalogues_import_no_heavy_library():
    script = (
        "import sys, edgebench_runner.cli as cli; cli.main(['backends','--static','--json']);"
        "cli.main(['tasks','--json']); assert not {'numpy','torch','onnxruntime'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_catalogue_of_backends(capsys):
    cli.main(["backends", "--static", "--json"])
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["onnxruntime"]["formats"] == ["onnx"]
    assert entries["onnxruntime"]["options"]["threads"]["type"] == "int"
    assert entries["null"]["formats"] == []


def test_one_backend_is_asked_for_by_name(capsys):
    cli.main(["backends", "null", "--json"])
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["name"], entry["available"]) == ("null", True)
    assert cli.main(["backends", "nul", "--json"]) == 2
    assert "unknown backend 'nul'; valid: armnn" in capsys.readouterr().err


def test_zipapp_is_the_same_every_time_and_knows_its_hash(tmp_path, capsys):
    for name in ("a.pyz", "b.pyz"):
        cli.main(["package", "--out", str(tmp_path / name)])
    digest = capsys.readouterr().out.split()[0]
    assert (tmp_path / "a.pyz").read_bytes() == (tmp_path / "b.pyz").read_bytes()
    assert (
        digest == hashlib.sha256((tmp_path / "a.pyz").read_bytes()).hexdigest() == resources.runner_sha256()
    )
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from edgebench_runner import resources; print(resources.runner_sha256())"
    )
    found = subprocess.check_output([sys.executable, "-c", script, str(tmp_path / "a.pyz")], cwd=tmp_path)
    assert found.decode().strip() == digest


def test_zipapp_runs_alone(tmp_path):
    runner = tmp_path / "made" / "runner.pyz"
    cli.main(["package", "--out", str(runner)])
    output = subprocess.check_output([sys.executable, str(runner), "tasks", "--json"], cwd=tmp_path)
    assert {"classification"} <= {entry["name"] for entry in json.loads(output)}
    with zipfile.ZipFile(runner) as archive:
        assert "schemas/cell_spec.json" in archive.namelist()


def test_clock_answers_each_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n\n\n"))
    assert cli.main(["clock"]) == 0
    readings = [int(line) for line in capsys.readouterr().out.split()]
    assert len(readings) == 3
    assert readings == sorted(readings)


def test_fingerprint_names_the_packages(capsys):
    cli.main(["fingerprint", "--json"])
    first = json.loads(capsys.readouterr().out)
    cli.main(["fingerprint"])
    assert capsys.readouterr().out.strip() == first["fingerprint"]
    assert any(name.startswith("numpy-") for name in first["fingerprint_parts"]["packages"])


def test_fingerprint_of_the_newest_environment_of_each_backend(capsys, tmp_path):
    for second, name in enumerate(["tflite-00000000000b", "tflite-00000000000a", "null-00000000000c"]):
        bin_directory = tmp_path / name / "bin"
        bin_directory.mkdir(parents=True)
        (bin_directory / "python").symlink_to(sys.executable)
        sealed = {"backend": name.split("-")[0], "created_utc": f"2026-01-01T00:00:0{second}Z"}
        (tmp_path / name / "environment.json").write_text(json.dumps(sealed))
        (tmp_path / name / "vendor.json").write_text(json.dumps({"files": {name: "0" * 64}}))
    cli.main(["fingerprint", "--environments", str(tmp_path)])
    answer = json.loads(capsys.readouterr().out)
    assert answer["board"]["kernel"] == platform.release()
    found = {name: list(parts["vendor_files"]) for name, parts in answer["environments"].items()}
    assert found == {"tflite": ["tflite-00000000000a"], "null": ["null-00000000000c"]}
    assert answer["environments"]["tflite"]["python"] == platform.python_version()


def test_doctor_says_what_to_do(capsys, tmp_path):
    code = cli.main(["doctor", "--json", "--out", str(tmp_path), "--min-disk-free-bytes", str(10**18)])
    found = {entry["check"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert code == 1
    assert found["disk"]["status"] == "fail"
    assert found["disk"]["advice"]
    assert set(found) == set(plugins.names("checks")) - {"attachments", "delegates", "model_memory"}


def test_lease_is_refused_to_another_sweep_and_told_who_holds_it(tmp_path, capsys):
    root = ["--root", str(tmp_path)]
    assert cli.main(["lease", "acquire", "--owner", "alice@lab", "--sweep", "s1", *root]) == 0
    assert cli.main(["lease", "acquire", "--owner", "bob@lab", "--sweep", "s2", *root]) == 3
    assert "held by alice@lab for sweep s1" in capsys.readouterr().err
    assert cli.main(["lease", "release", "--sweep", "s2", *root]) == 3
    assert (
        cli.main(["lease", "acquire", "--owner", "alice@lab", "--sweep", "s1", "--ttl-s", "9999", *root]) == 0
    )
    assert cli.main(["lease", "release", "--sweep", "s1", *root]) == 0
    assert cli.main(["lease", "acquire", "--owner", "bob@lab", "--sweep", "s2", *root]) == 0


def test_lease_without_owner_is_a_usage_error(tmp_path, capsys):
    assert cli.main(["lease", "acquire", "--root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("missing") == 2


def test_lease_ends_by_time_and_by_reboot(tmp_path, monkeypatch):
    lease.acquire("a", "s1", -1.0, str(tmp_path))
    assert lease.show(str(tmp_path)) is None
    lease.acquire("a", "s1", 100.0, str(tmp_path))
    assert lease.show(str(tmp_path))["sweep_id"] == "s1"
    monkeypatch.setattr(lease, "boot_id", lambda: "another boot")
    assert lease.show(str(tmp_path)) is None


def test_pulse_schedule_is_busy_and_idle_in_turn():
    assert pulses.schedule([1.0, 2.0, 1.5], 0) == [[0, 10**9], [3 * 10**9, 4500 * 10**6]]
    assert pulses.lengths_s(True) == list(pulses.PREAMBLE_S)
    assert pulses.lengths_s(False) == []


def test_pulses_burn_every_core_when_they_say(tmp_path):
    (pulse,) = pulses.emit([0.05])
    assert pulse[1] - pulse[0] == 50_000_000


class Thermometer:
    """A board whose temperature is a list of readings."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def sample(self):
        value = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        return {"temperature_c": {"cpu": value}}


@pytest.fixture
def no_sleep(monkeypatch, tmp_path):
    monkeypatch.setattr("edgebench_runner.cooldown.time.sleep", lambda seconds: None)
    monkeypatch.setenv("EDGEBENCH_ROOT", str(tmp_path))


@pytest.mark.parametrize(
    ("readings", "settings", "status"),
    [
        ([60.0, 60.0, 50.0, 43.0], {}, "cool"),
        ([60.0], {"deadline_s": 0.0}, "warm"),
        ([None], {}, "unknown"),
    ],
)
def test_cooldown_to_the_reference(no_sleep, readings, settings, status):
    settings = {"method": "reference", "reference_c": 40.0, "within_c": 3.0, **settings}
    assert cool_down(settings, Thermometer(*readings))["status"] == status


def test_first_cooldown_makes_the_reference(no_sleep, monkeypatch):
    ticks = iter(range(0, 10**15, 10**10))
    monkeypatch.setattr("edgebench_runner.cooldown.now_ns", lambda: next(ticks))
    first = cool_down({"method": "reference"}, Thermometer(50.0, 45.0, 41.0, 40.8))
    assert (first["status"], first["reference_c"]) == ("cool", 40.8)
    second = cool_down({"method": "reference"}, Thermometer(43.5))
    assert (second["status"], second["reference_c"]) == ("cool", 40.8)


def test_place_that_cannot_be_written_is_named_without_a_traceback(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["package", "--out", str(tmp_path / "file/runner.pyz")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_count_that_is_none(capsys, value):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["floor", "--repeats", value])
    assert stopped.value.code == 2
    assert "valid: an integer of at least 1" in capsys.readouterr().err


def test_doctor_imports_the_backend_it_is_asked_about(capsys):
    cli.main(["doctor", "--json", "--backend", "null"])
    found = {entry["check"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert found["backend"]["status"] == "pass"


def test_doctor_fails_a_backend_whose_interpreter_is_not_there(capsys, tmp_path):
    cli.main(["doctor", "--json", "--backend", "null", "--python", str(tmp_path / "none")])
    found = {entry["check"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert found["backend"]["status"] == "fail"
    assert "none" in found["backend"]["found"]
