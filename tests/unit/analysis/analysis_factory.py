"""Writes results directories as the contracts describe them, whole or broken in a chosen way."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

BASE_MS = {"mobilenet_v2": 9.0, "resnet50": 42.0, "digits_cnn": 0.9}
RUNTIME_FACTOR = {"onnxruntime": 1.0, "pytorch": 1.7, "tflite": 1.3}
N_ITEMS = 360
DATASET_SHA = hashlib.sha256(b"digits").hexdigest()
START_REALTIME_NS = 1_795_000_000_000_000_000


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Lab:
    """A results directory to be written.

    ``outcomes`` maps a cell_id to the outcome it ends with; ``missing`` names cells that leave no directory.
    """

    root: Path
    sweep_id: str = "20261121t060000z-smoke"
    boards: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"local": {"kind": "generic_linux", "meter": "usb0", "simulated": False}}
    )
    models: tuple[str, ...] = ("mobilenet_v2", "resnet50", "digits_cnn")
    backends: tuple[str, ...] = ("onnxruntime", "pytorch")
    modes: dict[str, tuple[int, int]] = field(default_factory=lambda: {"warm": (5, 30), "cold": (0, 10)})
    repeats: int = 3
    outcomes: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    seed: int = 20230401
    noise: float = 0.02
    boot_noise: float = 0.01
    effect: float = 1.0
    streams: dict[str, int] = field(default_factory=dict)  # by backend, for mode throughput

    @property
    def path(self) -> Path:
        return self.root / self.sweep_id

    def cells(self) -> list[dict[str, Any]]:
        rng = np.random.default_rng(self.seed)
        planned = []
        for board, entry in self.boards.items():
            combos = [
                (model, backend, mode, repeat)
                for model in self.models
                for backend in self.backends
                for mode in self.modes
                for repeat in range(1, self.repeats + 1)
            ]
            for position, number in enumerate(rng.permutation(len(combos)), start=1):
                model, backend, mode, repeat = combos[number]
                planned.append(
                    {
                        "cell_id": f"{board}/{model}.fp32.{backend}.{mode}.r{repeat}",
                        "position": position,
                        "board": board,
                        "kind": entry["kind"],
                        "model": model,
                        "variant": "fp32",
                        "backend": backend,
                        "runtime": backend.partition("_s")[
                            0
                        ],  # onnxruntime_s2 is ONNX Runtime with two streams
                        "mode": mode,
                        "repeat": repeat,
                    }
                )
        return planned

    def write(self) -> Path:
        self.path.mkdir(parents=True)
        self.write_manifest(self.cells())
        self._write_labels()
        rng = np.random.default_rng(self.seed + 1)
        clock_ns = 1_000_000_000_000
        busy: list[tuple[int, int]] = []
        for planned in self.cells():
            if planned["cell_id"] not in self.missing:
                started_ns, clock_ns = clock_ns, self._write_cell(planned, rng, clock_ns)
                busy.append((started_ns + 1_000_000_000, clock_ns - 2_000_000_000))
        self._write_power(busy, clock_ns, rng)
        return self.path

    def _write_power(self, busy: list[tuple[int, int]], end_ns: int, rng: np.random.Generator) -> None:
        """A 10 Hz trace of the first board's meter, 2 W idle and 6 W from each import to the end of its cell."""
        board, entry = next(iter(self.boards.items()))
        if not entry["meter"]:
            return
        folder = self.path / "power" / entry["meter"]
        folder.mkdir(parents=True)
        times = np.arange(999_000_000_000, end_ns, 100_000_000)
        watts = 2.0 + rng.normal(0, 0.02, len(times))
        for start, end in busy:
            watts[(times >= start) & (times < end)] += 4.0
        records = np.zeros(len(times), [("t", "<i8"), ("v", "<f4"), ("a", "<f4"), ("w", "<f4")])
        records["t"], records["v"], records["a"], records["w"] = times, 5.1, watts / 5.1, watts
        records.tofile(folder / "trace.bin")
        caps = {
            "nominal_hz": 10,
            "update_hz": 10,
            "group_delay_s": 0.05,
            "v_resolution": 1e-4,
            "i_resolution": 1e-5,
        }
        meter = {
            "schema": "edgebench/power_trace/1",
            "meter": entry["meter"],
            "driver": "tc66c",
            "scope": "dc_input",
            "simulated": True,
            "port": "ttyACM0",
            "identity": {"model": "TC66C", "firmware": "1.14", "serial": "1"},
            "caps": caps | {"u_v_pct": 0.5, "u_i_pct": 0.5, "v_range": 20.0, "i_range": 6.0},
            "host": "controller",
            "boot_id": f"boot-{board}",
            "started_utc": "2026-11-21T06:00:00Z",
            "record": "<qfff",
            "columns": ["t_ns", "voltage_v", "current_a", "power_w"],
        }
        (folder / "meter.json").write_text(json.dumps(meter))
        clocks = [
            {"t_ns": int(t), "event": "clock", "realtime_ns": START_REALTIME_NS + int(t)}
            for t in times[::100]
        ]
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in clocks))

    def write_manifest(self, cells: list[dict[str, Any]]) -> None:
        manifest = {
            "schema": "edgebench/manifest/1",
            "sweep_id": self.sweep_id,
            "created_utc": "2026-11-21T06:00:00Z",
            "profile_name": "smoke",
            "profile": {
                "schema": "edgebench/profile/1",
                "models": list(self.models),
                "repeats": self.repeats,
                "isolation": "process",
                "modes": {name: {"warmup": w, "inferences": n} for name, (w, n) in self.modes.items()},
                "order": {"shuffle": True, "seed": self.seed},
            },
            "seed": self.seed,
            "scale": 1.0,
            "boards": self.boards,
            "meters": {
                "usb0": {"driver": "tc66c", "scope": "dc_input", "simulated": True, "host": "controller"}
            },
            "cells": cells,
            "controller": {
                "edgebench_version": "0.1.0",
                "git_commit": "0" * 40,
                "python": "3.11.2",
                "ansible_core": "2.19.14",
                "hostname": "controller",
            },
        }
        (self.path / "manifest.json").write_text(json.dumps(manifest))

    def labels(self) -> np.ndarray:
        return np.random.default_rng(0).integers(0, 10, N_ITEMS)

    def _write_labels(self) -> None:
        folder = self.path / "datasets" / DATASET_SHA
        folder.mkdir(parents=True)
        np.savez(folder / "data.npz", images=np.zeros((N_ITEMS, 8, 8, 1), np.uint8), labels=self.labels())

    def _durations_ns(self, planned: dict[str, Any], n: int, rng: np.random.Generator) -> np.ndarray:
        base = BASE_MS.get(planned["model"], 5.0) * RUNTIME_FACTOR.get(planned["backend"], 1.0) * self.effect
        boot = base * np.exp(rng.normal(0, self.boot_noise))
        inference = boot * np.exp(rng.normal(0, self.noise, n))
        inference[0] *= 6.0
        inference[1:6] *= 1 + 0.5 * np.exp(-np.arange(len(inference[1:6])))
        pre = 0.4 * np.exp(rng.normal(0, 0.05, n))
        post = 0.05 * np.exp(rng.normal(0, 0.05, n))
        return np.rint(np.column_stack([pre, inference, post]) * 1e6).astype(np.int64)

    def _write_cell(self, planned: dict[str, Any], rng: np.random.Generator, clock_ns: int) -> int:
        warmup, inferences = self.modes[planned["mode"]]
        outcome = self.outcomes.get(planned["cell_id"], "ok")
        n = warmup + inferences
        durations = self._durations_ns(planned, n, rng)
        measured_from = clock_ns + 3_000_000_000
        ends = measured_from + np.cumsum(durations.sum(axis=1) + 2_000)
        starts = ends - durations.sum(axis=1)
        times = np.column_stack([starts, starts[:, None] + np.cumsum(durations, axis=1)]).astype("<i8")
        if planned["mode"] == "throughput":
            self._overlap(times, warmup, self.streams.get(planned["backend"], 1))
        done = {"ok": n, "oom_killed": n // 2, "crashed": n // 2}.get(outcome, 0)
        times[done:] = 0
        labels = self.labels()
        items = np.arange(n) % N_ITEMS
        classes = (labels[items][:, None] + np.arange(5)) % 10
        classes[::10] = (classes[::10] + 1) % 10
        outputs = np.column_stack([items, classes]).astype("<i4")
        last = int(times[:done, 3].max()) if done else measured_from
        folder = self.path / "cells" / planned["cell_id"]
        folder.mkdir(parents=True)
        files = {"spec.json": json.dumps({"schema": "edgebench/cell_spec/1", **planned}).encode()}
        if outcome != "board_lost":
            files |= {
                "inferences.bin": times.tobytes(),
                "outputs.bin": outputs.tobytes(),
                "telemetry.jsonl": self._telemetry(clock_ns, last, rng).encode(),
                "stderr.txt": b"" if outcome == "ok" else b"Traceback: <script>alert('board')</script>\n",
            }
        for name, content in files.items():
            (folder / name).write_bytes(content)
        record = self._record(
            planned, outcome, clock_ns, measured_from, int(times[warmup, 0]) or last, last, done
        )
        record["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
        }
        (folder / "cell.json").write_text(json.dumps(record))
        return last + 2_000_000_000

    @staticmethod
    def _overlap(times: np.ndarray, warmup: int, streams: int) -> None:
        """Let each stream's share of the measured rows begin with the first one's."""
        n = len(times) - warmup
        for stream in range(1, streams):
            first, last = (warmup + n * edge // streams for edge in (stream, stream + 1))
            times[first:last] -= times[first, 0] - times[warmup, 0]

    def _telemetry(self, start_ns: int, end_ns: int, rng: np.random.Generator) -> str:
        lines = []
        for number, t_ns in enumerate(range(start_ns, end_ns, 250_000_000)):
            sample = {
                "t_ns": t_ns,
                "temperature_c": {
                    "cpu-thermal": round(48 + 6 * (1 - np.exp(-number / 8)) + rng.normal(0, 0.2), 2)
                },
                "frequency_hz": {"policy0": 1_500_000_000 if number % 9 else 1_200_000_000},
                "throttled": 0,
                "memory_available_bytes": 3_000_000_000,
                "load1": 0.4,
            }
            lines.append(json.dumps(sample))
        return "\n".join(lines) + "\n"

    def _record(
        self,
        planned: dict[str, Any],
        outcome: str,
        start: int,
        measured: int,
        warm_end: int,
        last: int,
        done: int,
    ) -> dict[str, Any]:
        warmup, inferences = self.modes[planned["mode"]]
        digits = planned["model"] == "digits_cnn"
        state = {
            "temperature_c": {"cpu-thermal": 48.2},
            "frequency_hz": {"policy0": 1_500_000_000},
            "throttled": 0,
        }
        return {
            "schema": "edgebench/cell_record/1",
            "sweep_id": self.sweep_id,
            **planned,
            "isolation": "process",
            "task": "classification",
            "outcome": outcome,
            "outcome_detail": None if outcome == "ok" else f"the worker ended: {outcome}",
            "signal": "SIGSEGV" if outcome == "crashed" else None,
            "exit_code": 0 if outcome == "ok" else None,
            "validity": {"verdict": "valid", "reasons": []}
            if planned["repeat"] != 2
            else {"verdict": "suspect", "reasons": ["temperature_unknown"]},
            "started_utc": "2026-11-21T06:00:00Z",
            "ended_utc": "2026-11-21T06:00:20Z",
            "boot_id": f"boot-{planned['board']}",
            "clock": [
                {"event": "start", "monotonic_ns": start, "realtime_ns": START_REALTIME_NS + start},
                {"event": "end", "monotonic_ns": last, "realtime_ns": START_REALTIME_NS + last},
            ],
            "n_warmup": warmup,
            "n_planned": inferences,
            "n_completed": max(0, done - warmup),
            "phases": [
                {"name": "idle_before", "start_ns": start, "end_ns": start + 1_000_000_000},
                {"name": "import", "start_ns": start + 1_000_000_000, "end_ns": start + 2_400_000_000},
                {"name": "load", "start_ns": start + 2_400_000_000, "end_ns": start + 2_700_000_000},
                {"name": "warmup", "start_ns": measured, "end_ns": warm_end},
                {"name": "measured", "start_ns": warm_end, "end_ns": last},
                {"name": "idle_after", "start_ns": last + 500_000_000, "end_ns": last + 1_800_000_000},
            ],
            "pulses": None,
            "check": {"passed": True, "max_abs_diff": 1.2e-6, "mean_abs_diff": 2e-7, "top1_agreement": 1.0}
            | {"atol": 1e-4, "rtol": 1e-3, "n": 4},
            "backend_info": {
                "name": planned["backend"],
                "version": "1.31.1",
                "threads": 2,
                "options": {"streams": self.streams.get(planned["backend"], 1)},
                "build": None,
            },
            "placement": None,
            "peak_rss_bytes": 210_000_000,
            "sampler": {"samples": 40, "interval_s": 0.25, "cpu_s": 0.01},
            "state": {"before": state | {"governor": "performance"}, "after": state},
            "doctor": [
                {"check": "governor", "status": "warn", "found": "ondemand", "advice": "pin the clock"},
                {"check": "temperature", "status": "pass", "found": "48 C", "advice": ""},
            ],
            "identity": {
                "hostname": planned["board"],
                "model": "Generic & <b>bold</b>",
                "serial": None,
                "machine": "x86_64",
                "cpu": "Some CPU",
                "cores": 2,
                "memory_bytes": 8 * 2**30,
                "storage": "nvme",
                "os": "Debian GNU/Linux 12",
                "kernel": "6.1.0",
            },
            "fingerprint": sha(f"{planned['board']}/{planned['backend']}"),
            "fingerprint_parts": {"kernel": "6.1.0", "backend": planned["backend"], "governor": "ondemand"},
            "weights": "trained" if digits else "seeded_random",
            "artifact_sha256": sha(planned["model"]),
            "dataset": {"name": "digits", "sha256": DATASET_SHA, "labels": digits},
            "runner_sha256": sha("runner"),
            "python": "3.11.2",
            "simulated": ["meter"],
        }
