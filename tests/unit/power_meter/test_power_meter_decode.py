"""``python -m power_meter decode``: samples of good bytes; a count, one line and exit code 1 for anything else."""

import io
import json
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from meter_vectors import CHECKED, FIRST, FRAMES

from fuzz.meters import seeds
from power_meter import registry
from power_meter.cli import main

NAMES = [name for name in registry.driver_names() if hasattr(registry.load_driver(name), "DECODER")]
NAMED = {"um24c", "um25c", "um34c", "tc66c", "fnb58", "fnb48", "fnb48s", "c1", "km002c", "km003c", "shizuku"}
NAMED |= {"witrn", "ct2", "csv", "ptdaemon"}
WARM_UP = {
    "fnb58",
    "fnb48",
    "fnb48s",
    "c1",
}  # the first report that the simulator sends is garbage, as a real one's


def strict(text):
    """Read JSON without the constants that JSON does not have."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.fixture
def decode(monkeypatch, capsys):
    def run(name, data, *options):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        code = main(["decode", name, *options])
        said = capsys.readouterr()
        return code, [strict(line) for line in said.out.splitlines()], said.err.splitlines()

    return run


def stream(name):
    """Return some packets as the meter sends them."""
    packets = seeds(name)
    if name == "ptdaemon":
        packets = [packet for packet in packets if packet.startswith(b"Time,")]
    return packets[2 if name in WARM_UP else 0 :]


def test_every_driver_of_the_document_decodes():
    assert set(NAMES) == NAMED


@pytest.mark.parametrize("name", NAMES)
def test_good_bytes_are_samples(decode, name):
    code, samples, errors = decode(name, b"".join(stream(name)))
    assert (code, errors) == (0, [])
    assert samples
    for sample in samples:
        assert {"voltage_v", "current_a", "power_w"} <= set(sample)
        assert sample["power_w"] == pytest.approx(sample["voltage_v"] * abs(sample["current_a"]), abs=0.06)


@pytest.mark.parametrize("name", FRAMES)
def test_the_vectors_as_hexadecimal_text(decode, name):
    code, samples, errors = decode(name, FRAMES[name].hex(" ").upper().encode() + b"\n", "--hex")
    assert (code, errors) == (0, [])
    values = [samples[0][key] for key in ("voltage_v", "current_a", "power_w")]
    assert values == pytest.approx(FIRST[name], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_bad_bytes_are_a_count_and_a_reason_and_never_a_sample(decode, name):
    generator = random.Random(name)
    for data in (b"", b"\0" * 300, b"\xff" * 300, *(generator.randbytes(700) for _ in range(20))):
        code, samples, errors = decode(name, data)
        assert (code, samples, len(errors)) == (1, [], 1), data.hex()
        assert errors[0].split()[1:4:2] == ["bad,", "good:"], errors[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_stream_keeps_what_was_whole(decode, name):
    whole = decode(name, b"".join(stream(name)))[1]
    packets = stream(name)
    code, samples, errors = decode(name, b"".join(packets)[:-1])
    assert code == 1, errors
    assert samples == whole[: len(samples)]
    assert len(samples) < len(whole)


@pytest.mark.parametrize("name", CHECKED)
def test_a_damaged_frame_among_good_ones_is_counted(decode, name):
    damaged = bytearray(FRAMES[name])
    damaged[9] ^= 0x40
    code, samples, errors = decode(name, FRAMES[name] + bytes(damaged) + FRAMES[name])
    assert code == 1
    assert len(samples) == 2 * len(decode(name, FRAMES[name])[1])
    assert errors[0].startswith("1 bad, 2 good: ")


def test_what_is_no_hexadecimal_text_or_no_driver_is_refused(decode):
    code, samples, errors = decode("tc66c", b"70 61 zz", "--hex")
    assert (code, samples, len(errors)) == (2, [], 1)
    assert errors[0].startswith("error: standard input: not hexadecimal")
    assert decode("tc66c", b"\xff\xfe", "--hex")[0] == 2
    assert decode("tc67", b"")[0] == 2
    assert decode("hwmon", b"")[0] == 2


def test_a_reader_that_goes_away_is_no_traceback():
    frames = FRAMES["tc66c"] * 20000
    command = [sys.executable, "-m", "power_meter", "decode", "tc66c"]
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{' '.join(command)} | head -n 1"],
        input=frames,
        capture_output=True,
        timeout=60,
    )
    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 1
