"""One cell, start to end, in the process that outlives the worker: rest, gate, pulses, worker, record."""

import os
import platform
import time
from typing import Any, Dict, List, Optional

from edgebench_runner import (
    atomic,
    cooldown,
    doctor,
    environment,
    fingerprint,
    identity,
    input_files,
    memory_estimate,
    outcome,
    plugins,
    progress,
    pulses,
    records,
    resources,
    supervisor,
    validity,
)
from edgebench_runner.board_meter import BoardMeter
from edgebench_runner.clock import boot_id, clock_pair, now_ns, utc_now
from edgebench_runner.kernel_log import KernelLog
from edgebench_runner.probes import read_text
from edgebench_runner.records import RECORD
from edgebench_runner.spec import IDENTITY_KEYS
from edgebench_runner.telemetry import Board, Sampler

KERNEL = "kernel.txt"
_STDERR_TAIL_BYTES = 65536


class Cell(object):
    """A cell being measured.

    Args:
        spec: the complete spec.
        directory: an existing directory for the cell's files; ``spec.json`` is written to it first.
        previous: what is known of earlier attempts whose runner died.
    """

    def __init__(self, spec: Dict, directory: str, previous: List[Dict]) -> None:
        self.spec = spec
        self.directory = directory
        self.previous = previous
        self.phases: List[Dict] = []

    def run(self) -> Dict:
        """Measure, write every file of the cell directory, the record last, and return the record."""
        protocol = self.spec["protocol"]
        atomic.write_json(os.path.join(self.directory, "spec.json"), self.spec)
        supervisor.protect_self()
        started_utc, clock = utc_now(), [clock_pair("start")]
        log, board = KernelLog(), Board()
        rest = self._phase("cooldown", lambda: cooldown.cool_down(self.spec["cooldown"], board))
        before = self._state(board)
        expected = {"model_memory": self._model_memory()}
        gate = doctor.examine(
            doctor.context(before, self.spec["gate"], self.directory, self.spec["kind"], expected=expected)
        )
        sampler = Sampler(board, protocol["telemetry_interval_s"])
        meter = BoardMeter(self.spec["meter"])
        self._rest("idle_before", protocol["idle_before_s"])
        made_before = self._pulses("pulses_before")
        end = self._work(log, expected["model_memory"], before.get("memory_available_bytes"))
        made_after = self._pulses("pulses_after")
        self._rest("idle_after", protocol["idle_after_s"])
        sampler.stop()
        meter.stop()
        after = self._state(board)
        clock.append(clock_pair("end"))
        kernel_lines = self._keep_kernel_log(log)
        sampler.write(self.directory)
        meter.write(self.directory)
        events = progress.read(self.directory)
        samples = [before] + sampler.samples + [after]
        self.phases[self._worker_slot : self._worker_slot] = progress.phases(events)
        window = next((phase for phase in self.phases if phase["name"] == "measured"), None)
        doubts = validity.reasons(self.spec["kind"], samples, window, clock, kernel_lines, rest, gate)
        doubts += validity.stated_reasons(self.spec) + sampler.doubts()
        parts = dict(fingerprint.board_parts(), **fingerprint.cell_parts(self.spec))
        record: Dict[str, Any] = {
            "started_utc": started_utc,
            "ended_utc": utc_now(),
            "boot_id": boot_id(),
            "clock": clock,
            "validity": validity.verdict(sorted(doubts)),
            "pulses": {"before": made_before, "after": made_after} if made_before or made_after else None,
            "sampler": sampler.summary(),
            "board_meter": meter.summary(),
            "state": {"before": before, "after": after},
            "cooldown": rest,
            "kernel_log": {"reason": log.reason, "lost": log.lost},
            "doctor": gate,
            "identity": identity.identity(),
            "fingerprint": fingerprint.digest(parts),
            "fingerprint_parts": parts,
            "python": parts["python"],
            "previous_attempts": self.previous,
        }
        record.update(self._worker_part(end, events))
        return self._write(record)

    def _model_memory(self) -> Optional[Dict[str, int]]:
        artifact = self.spec["artifact"]
        if artifact is None or not os.path.isfile(artifact["path"]):
            return None
        runtime_bytes = plugins.load("backends", self.spec["runtime"]).Backend.memory_bytes
        return {"artifact_bytes": os.path.getsize(artifact["path"]), "runtime_bytes": runtime_bytes}

    def _work(
        self, log: KernelLog, expected: Optional[Dict[str, int]], available: Optional[int]
    ) -> outcome.WorkerEnd:
        self._worker_slot = len(self.phases)
        refused = memory_estimate.refusal(expected, available) if expected else None
        if refused is not None:
            end = outcome.WorkerEnd()
            end.exit_code, end.refused = None, refused
            return end
        python = self.spec["environment"]["python"]
        command = [python, "-m", "edgebench_runner.worker", self.directory, str(os.getpid())]
        defaults = plugins.load("backends", self.spec["runtime"]).Backend.variables
        variables = dict(defaults, **dict(environment.variables(python), PYTHONUNBUFFERED="1"))
        deadline_s = self.spec["protocol"]["deadline_s"]
        return supervisor.supervise(command, variables, self.directory, deadline_s, log)

    def _worker_part(self, end: outcome.WorkerEnd, events: List[Dict]) -> Dict:
        """Return the part of the record that comes from the worker: its end, its words and its rows."""
        protocol, artifact = self.spec["protocol"], self.spec["artifact"]
        loaded = progress.last(events, "loaded") or {}
        imported = progress.last(events, "imported") or {}
        checked = progress.last(events, "checked") or {}
        ended, detail = input_files.verify(self.spec, *outcome.decide(end, events, self._stderr_tail()))
        info = dict({"threads": None, "build": None}, **loaded.get("backend_info", {}))
        info.update(name=self.spec["runtime"], version=imported.get("version"), options=self.spec["options"])
        info["threads_busy"] = (progress.last(events, "threads") or {}).get("busy")
        return {
            "outcome": ended,
            "outcome_detail": detail,
            "signal": end.signal,
            "exit_code": end.exit_code,
            "n_warmup": protocol["warmup"],
            "n_planned": protocol["inferences"],
            "n_completed": records.completed_rows(self.directory, protocol["warmup"]),
            "phases": self.phases,
            "check": checked.get("check"),
            "backend_info": info,
            "placement": (progress.last(events, "placed") or {}).get("placement"),
            "inputs": {
                key: (progress.last(events, "inputs") or {}).get(key) for key in ("source", "resident")
            },
            "peak_rss_bytes": end.peak_rss_bytes,
            "weights": artifact["weights"] if artifact else None,
            "artifact_sha256": artifact["sha256"] if artifact else None,
            "dataset": _dataset(self.spec["dataset"]),
            "runner_sha256": resources.runner_sha256(),
            "runner_python": platform.python_version(),
            "simulated": self.spec["simulated"],
        }

    def _write(self, record: Dict) -> Dict:
        head: Dict[str, Any] = {"schema": "edgebench/cell_record/1"}
        head.update({key: self.spec[key] for key in IDENTITY_KEYS})
        head.update(record)
        head["files"] = _hashes(self.directory)
        atomic.write_json(os.path.join(self.directory, RECORD), head)
        return head

    def _phase(self, name: str, act: Any) -> Any:
        start_ns = now_ns()
        result = act()
        self.phases.append({"name": name, "start_ns": start_ns, "end_ns": now_ns()})
        return result

    def _rest(self, name: str, seconds: float) -> None:
        if seconds:
            self._phase(name, lambda: time.sleep(seconds))

    def _pulses(self, name: str) -> List[List[int]]:
        lengths = pulses.lengths_s(self.spec["protocol"]["sync_pulses"])
        return self._phase(name, lambda: pulses.emit(lengths)) if lengths else []

    def _state(self, board: Board) -> Dict:
        sample = board.sample()
        disk = os.statvfs(self.directory)
        sample["disk_free_bytes"] = disk.f_bavail * disk.f_frsize
        sample["governor"] = fingerprint.frequency_policy("scaling_governor")
        return sample

    def _keep_kernel_log(self, log: KernelLog) -> Optional[List[str]]:
        lines = log.lines()
        log.close()
        if lines is not None:
            text = "".join(line + "\n" for line in lines)
            atomic.write_bytes(os.path.join(self.directory, KERNEL), text.encode("utf-8"))
        return lines

    def _stderr_tail(self) -> str:
        text = read_text(os.path.join(self.directory, "stderr.txt")) or ""
        return text[-_STDERR_TAIL_BYTES:]


def _dataset(dataset: Optional[Dict]) -> Optional[Dict]:
    return {key: dataset[key] for key in ("name", "sha256", "labels")} if dataset else None


def _hashes(directory: str) -> Dict[str, Dict]:
    """Return SHA-256 and size of every file of the cell, the lock and the record apart."""
    files = {}
    for parent, _, names in sorted(os.walk(directory)):
        for name in sorted(names):
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, directory)
            if relative not in ("run.lock", RECORD):
                files[relative] = {"sha256": atomic.sha256_file(path), "bytes": os.path.getsize(path)}
    return files
