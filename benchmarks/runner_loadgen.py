"""What one query costs the Python null system under test of MLPerf's LoadGen."""

from __future__ import annotations

import tempfile
import time

import mlperf_loadgen as loadgen


class NullSystem:
    """Answers every query at once, from Python, as LoadGen's own null system under test does."""

    def __init__(self) -> None:
        self.queries = 0

    def issue(self, samples: list) -> None:
        """Complete the samples of one query."""
        self.queries += 1
        loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0) for sample in samples])

    def flush(self) -> None:
        """Have nothing left to answer."""


def cost_ns() -> float:
    """Return nanoseconds per query from the start of a test to its logs in their files.

    Single stream, performance mode, and otherwise the settings that LoadGen's own test of its null system keeps:
    its defaults.
    """
    system = NullSystem()
    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    with tempfile.TemporaryDirectory() as directory:
        logs = loadgen.LogSettings()
        logs.log_output.outdir = directory
        logs.log_output.copy_summary_to_stdout = False
        sut = loadgen.ConstructSUT(system.issue, system.flush)
        library = loadgen.ConstructQSL(1024, 1024, lambda indices: None, lambda indices: None)
        start_ns = time.monotonic_ns()
        loadgen.StartTestWithLogSettings(sut, library, settings, logs)
        end_ns = time.monotonic_ns()
        loadgen.DestroyQSL(library)
        loadgen.DestroySUT(sut)
    return (end_ns - start_ns) / system.queries
