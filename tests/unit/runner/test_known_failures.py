"""What users have met is explained where a runtime says it; whatever else it says stays as it is."""

import sys

import pytest

from edgebench_runner import backend_probe, known_failures, memory_estimate, outcome, progress


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("ImportError: libnvdla_compiler.so: cannot open shared object file", "nvidia-l4t-dla-compiler"),
        ("AttributeError: _ARRAY_API not found", "numpy below 2"),
        ("<jemalloc>: Unsupported system page size", "kernel=kernel8.img"),
        (
            "CUDA error: no kernel image is available for execution on the device",
            "NVIDIA made for this JetPack",
        ),
        ("CUDA initialization failed with error 801", "of another JetPack"),
        ("pthread_setaffinity_np failed for thread: 1, error code: 22", "state threads"),
        ("Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'", "LiteRT reads it"),
        ("libgomp.so.1: cannot allocate memory in static TLS block", "LD_PRELOAD"),
        ("RuntimeError: XNNPack delegate failed to reshape runtimeNode number 5", "it was memory"),
        ("libm.so.6: version `GLIBC_2.34' not found", "newer system"),
        ("the import died of SIGILL", "newer core"),
    ],
)
def test_a_known_failure_says_what_to_do(words, advice):
    explained = known_failures.explained(words)
    assert explained.startswith(words)
    assert advice in explained


def test_what_is_not_known_stays_as_it_is():
    assert known_failures.explained("RuntimeError: boom", "more words") == "RuntimeError: boom"


def test_standard_error_explains_only_what_the_detail_does_not():
    explained = known_failures.explained("version `GLIBC_2.34' not found", "_ARRAY_API not found")
    assert "newer system" in explained
    assert "numpy" not in explained


def test_an_outcome_is_explained_and_a_good_one_is_not():
    events = [
        {"event": "phase_started", "name": "import", "t_ns": 1},
        {"event": "failed", "outcome": "crashed", "detail": "libnvdla_compiler.so: not found"},
    ]
    assert progress.phase_of_death(events) == "import"
    name, detail = outcome.decide(outcome.WorkerEnd(1), events, "")
    assert name == "backend_unavailable"
    assert "nvidia-l4t-dla-compiler" in detail
    assert outcome.decide(outcome.WorkerEnd(0), [{"event": "done"}], "_ARRAY_API not found") == ("ok", "")


def test_a_backend_that_cannot_be_imported_is_explained(tmp_path, monkeypatch):
    stub = tmp_path / "python"
    stub.write_text("#!/bin/sh\necho '<jemalloc>: Unsupported system page size' >&2\nexit 1\n")
    stub.chmod(0o755)
    answer = backend_probe.probe("null", str(stub))
    assert not answer["available"]
    assert "kernel8.img" in answer["reason"]
    assert backend_probe.probe("null", sys.executable)["available"]


def test_what_cannot_fit_is_not_tried_and_what_is_tight_is():
    expected = {"artifact_bytes": 528000000, "runtime_bytes": 240000000}
    assert memory_estimate.needed_bytes(**expected) == 1560000000
    name, detail = memory_estimate.refusal(expected, 700000000)
    assert name == "out_of_memory"
    assert "768 MB, 700 MB are available" in detail
    assert memory_estimate.refusal(expected, 800000000) is None
    assert memory_estimate.refusal(expected, None) is None
