"""Catalogue, meters file, ports, recorder and command line, without hardware or waiting."""

import io
import json
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from meter_vectors import TC66C

from power_meter import registry
from power_meter.cli import main
from power_meter.contract import MeterUnpluggedError, Sample, UsageError
from power_meter.drivers import pi5_pmic
from power_meter.meters_file import read_meter
from power_meter.ports import UsbDevice, find_devices, resolve
from power_meter.recorder import Recorder
from power_meter.trace import TraceWriter


def test_the_catalogue_needs_no_heavy_library():
    script = (
        "import sys; from power_meter.cli import main; main(['drivers', '--json']);"
        "sys.exit(bool({'serial', 'numpy', 'cryptography', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert entries["tc66c"]["simulator"] is True
    assert {"um24c", "um25c", "um34c", "fnb58", "km003c", "shizuku", "witrn", "hwmon", "csv"} <= set(entries)
    assert all(
        {"transport", "nominal_hz", "update_hz", "scopes", "help"} <= set(entry) for entry in entries.values()
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"driver": "tc67"}, "valid: c1"),
        ({"driver": "tc66c", "scope": "wall_ac"}, "valid for tc66c: dc_input"),
        ({"driver": "tc66c", "prot": "x"}, "unknown key 'prot'"),
        ({"driver": "hwmon", "simulate": {"load": "host_cpu"}}, "has no simulator"),
        ({"driver": "tc66c", "simulate": {"lod": "x"}}, "unknown key 'lod'"),
    ],
)
def test_wrong_meters_are_explained(tmp_path, entry, said):
    path = tmp_path / "meters.json"
    path.write_text(json.dumps({"m1": entry}))
    with pytest.raises(UsageError, match=said):
        read_meter(path, "m1")


def test_ports_are_found_by_what_they_are():
    info = registry.load_driver("tc66c").INFO
    other = UsbDevice("/dev/ttyACM0", "28e9:018a", "1", "Anycubic", "ACE", "1-1:1.0")
    meter = UsbDevice("/dev/ttyACM3", "28e9:018a", "1", "RuiDeng", "TC66", "1-2.4:1.0")
    assert resolve("auto", info, [other, meter]) == "/dev/ttyACM3"
    assert resolve("location:1-2.4", info, [other, meter]) == "/dev/ttyACM3"
    assert resolve("/dev/rfcomm0", info, []) == "/dev/rfcomm0"
    with pytest.raises(MeterUnpluggedError, match="exactly one"):
        resolve("usb:28e9:018a", info, [other, meter])
    with pytest.raises(UsageError, match="valid: /dev/"):
        resolve("com3", info, [])


def test_devices_are_read_from_the_kernel(tmp_path):
    interface = tmp_path / "devices" / "1-2" / "1-2:1.0"
    (interface / "tty" / "ttyACM7").mkdir(parents=True)
    for name, text in {"idVendor": "28e9", "idProduct": "018a", "manufacturer": "RuiDeng"}.items():
        (interface.parent / name).write_text(text + "\n")
    (interface / "tty" / "ttyACM7" / "device").symlink_to(interface)
    (tmp_path / "class" / "tty").mkdir(parents=True)
    (tmp_path / "class" / "tty" / "ttyACM7").symlink_to(interface / "tty" / "ttyACM7")
    assert find_devices(tmp_path) == [
        UsbDevice("/dev/ttyACM7", "28e9:018a", None, "RuiDeng", None, "1-2:1.0")
    ]


class ScriptedMeter:
    """Returns what its script says; an exception in it is raised."""

    port = "/dev/scripted"
    caps = SimpleNamespace(update_hz=10)

    def __init__(self, script):
        self.script, self.counters, self.closed = list(script), Counter(frames=0, checksum_errors=0), False

    def start(self, _rate_hz):
        """Nothing to start."""

    def read(self):
        step = self.script.pop(0) if self.script else []
        if isinstance(step, Exception):
            raise step
        self.counters["frames"] += len(step)
        return step

    def take_accumulators(self):
        return None

    def stop(self):
        """Nothing to stop."""

    def close(self):
        self.closed = True


def sample(t_s, watts):
    return Sample(int(t_s * 1e9), 5.0, watts / 5, watts)


def test_the_recorder_goes_on_after_a_lost_meter(tmp_path):
    first = ScriptedMeter([[sample(1.0, 2)], [sample(1.1, 2)], MeterUnpluggedError("gone")])
    second = ScriptedMeter([[sample(9.0, 3)], [sample(9.1, 4)]])
    opened = []

    def open_meter():
        opened.append(1)
        if len(opened) == 1:
            raise MeterUnpluggedError("not yet")
        return second

    def wanted():
        return "done" if opened and not second.script else None

    writer = TraceWriter(tmp_path)
    summary = Recorder(open_meter, writer, wanted, None).run(first)
    writer.close()
    names = [json.loads(line)["event"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [name for name in names if name != "clock"] == ["start", "unplugged", "reconnect", "gap", "stop"]
    assert (summary["samples"], summary["duplicates"], summary["reconnects"]) == (4, 1, 1)
    assert (tmp_path / "trace.bin").stat().st_size == 80
    assert first.closed
    assert second.closed


def test_decode_prints_samples_and_refuses_bad_bytes(monkeypatch, capsys):
    for data, code, lines in ((TC66C, 0, 1), (TC66C + TC66C[:100], 1, 1), (b"\0" * 192, 1, 0), (b"", 1, 0)):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        assert main(["decode", "tc66c"]) == code
        said = capsys.readouterr()
        assert len(said.out.splitlines()) == lines
        assert len(said.err.splitlines()) == (code != 0)


def test_a_partial_list_of_rails_is_no_power():
    rails = [f"R{k}_A current({k})=0.5A\nR{k}_V volt({k})=2.0V\n" for k in range(12)]
    supply = "EXT5V_V volt(24)=5.0V\nBATT_V volt(25)=0.1V\n"
    assert pi5_pmic.sum_of_rails("".join(rails) + supply) == (5.0, pytest.approx(2.4), pytest.approx(12.0))
    with pytest.raises(Exception, match="11 rails"):
        pi5_pmic.sum_of_rails("".join(rails[1:]) + supply)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"meter": {"gian": 1}}, "key 'meter': unknown key 'gian'; valid: update_s"),
        ({"meter": {"gain": "a"}}, "key 'meter.gain': found 'a', valid: a number"),
        ({"meter": {"update_s": 0}}, "key 'meter.update_s': found 0"),
        ({"meter": [1]}, "key 'meter': found [1]"),
        ({"faults": {"kind": "short"}}, "key 'faults': found"),
        ({"faults": [{"kind": "short", "at_s": "x"}]}, "key 'faults[0].at_s': found 'x'"),
        ({"steps": []}, "key 'steps' must be a list"),
    ],
)
def test_wrong_load_scripts_are_explained(tmp_path, capsys, script, said):
    path = tmp_path / "load.json"
    path.write_text(json.dumps({"steps": [{"duration_s": 1, "power_w": 2}], **script}))
    assert main(["simulate", "tc66c", "--script", str(path), "--link", str(tmp_path / "port")]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert said in error


def test_wrong_numbers_of_a_recording_are_explained(tmp_path, capsys):
    meters = tmp_path / "meters.json"
    meters.write_text(json.dumps({"m1": {"driver": "tc66c", "port": "/dev/null"}}))
    words = ["record", "--meter", "m1", "--meters", str(meters), "--out", str(tmp_path / "out")]
    assert main([*words, "--rate-hz", "0"]) == 2
    assert "--rate-hz: found 0, valid: a number above 0" in capsys.readouterr().err
