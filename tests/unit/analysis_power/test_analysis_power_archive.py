"""An archived trace: small, proven before the raw one goes, and read like it."""

import fcntl
import json

import numpy as np
import pytest
from power_lab import RECORD, SeenBy, write_trace

from analysis.cli import main
from analysis.power import PowerDataError, archive_trace, read_trace

BYTES_A_SAMPLE = 4.1


def fast_trace(directory, seconds=100, rate_hz=1000):
    """A 1 kHz meter of 0.1 mV and 0.1 mA steps, noise of a few steps, and a load that changes every three seconds."""
    rng, n = np.random.default_rng(1), seconds * rate_hz
    index = np.arange(n)
    write_trace(directory, [0.0], [0.0], SeenBy(rate_hz, rate_hz).caps() | {"i_resolution": 1e-4})
    records = np.empty(n, RECORD)
    current = np.where(index // 3000 % 2, 1.3, 0.6) + rng.normal(0, 4e-4, n)
    voltage = 5.1 - 0.05 * current + rng.normal(0, 1e-4, n)
    records["t_ns"] = 10**15 + index * 1_000_020 + rng.integers(-50, 50, n)
    records["voltage_v"] = np.rint(voltage * 1e4) / 1e4
    records["current_a"] = np.rint(current * 1e4) / 1e4
    records["power_w"] = records["voltage_v"] * records["current_a"]
    records.tofile(directory / "trace.bin")
    return records


def test_a_sample_takes_no_more_than_four_bytes_and_a_tenth(tmp_path):
    records = fast_trace(tmp_path)
    assert archive_trace(tmp_path).stat().st_size / len(records) <= BYTES_A_SAMPLE
    kept = read_trace(tmp_path).records
    assert np.abs(kept["current_a"] - records["current_a"]).max() <= 0.51e-4
    assert kept["power_w"].mean() == pytest.approx(records["power_w"].mean(), rel=1e-6)


def test_zeros_that_a_lost_supply_left_at_the_end_are_no_samples(tmp_path):
    records = fast_trace(tmp_path, seconds=2)
    with (tmp_path / "trace.bin").open("ab") as file:
        file.write(bytes(4096))
    assert len(read_trace(tmp_path).records) == len(records)
    archive_trace(tmp_path)
    assert len(read_trace(tmp_path).records) == len(records)


def test_what_an_interrupted_call_left_is_finished(tmp_path):
    fast_trace(tmp_path, seconds=2)
    raw = (tmp_path / "trace.bin").read_bytes()
    archive_trace(tmp_path)
    (tmp_path / "trace.bin").write_bytes(raw)
    assert archive_trace(tmp_path).exists()
    assert not (tmp_path / "trace.bin").exists()
    with pytest.raises(PowerDataError, match="exists already"):
        archive_trace(tmp_path)


def test_an_archive_that_is_not_of_this_trace_never_costs_the_raw_one(tmp_path):
    fast_trace(tmp_path, seconds=2)
    archive_trace(tmp_path)
    fast_trace(tmp_path, seconds=3)
    with pytest.raises(PowerDataError, match="kept as it is"):
        archive_trace(tmp_path)
    assert (tmp_path / "trace.bin").exists()


def test_a_user_compacts_a_sweep_and_a_trace_being_recorded_is_left_alone(tmp_path, capsys):
    manifest = {"schema": "edgebench/manifest/1", "sweep_id": "s", "boards": {}, "cells": []}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    finished, running = (tmp_path / "power" / name for name in ("m1", "m2"))
    earlier = finished / "boot-1"
    for directory in (finished, running, earlier):
        fast_trace(directory, seconds=1)
    with (running / "recorder.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["compact", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert said.count("compacted") == 2
    assert "being recorded" in said
    assert (running / "trace.bin").exists()
    assert read_trace(earlier).records.shape == (1000,)
    assert main(["compact", str(tmp_path)]) == 0
    assert main(["compact", str(tmp_path)]) == 0
    assert "no raw trace" in capsys.readouterr().out
