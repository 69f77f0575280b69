from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import QUICK_ID, Lab, Ran, Rehearsal, Sweep, wait_for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab whose board has never been touched when the session begins."""
    made = Lab(tmp_path_factory.mktemp("lab"))
    yield made
    made.end_processes()


@pytest.fixture(scope="session")
def rehearsal(lab: Lab) -> Rehearsal:
    """A rehearsal of a whole sweep before anything was done to the board."""
    before = set(lab.folder.rglob("*"))
    done = lab.run("full_sweep", "--check", profile="quick")
    return Rehearsal(done, sorted(set(lab.folder.rglob("*")) - before))


@pytest.fixture(scope="session")
def quick(lab: Lab, rehearsal: Rehearsal) -> Ran:
    """One whole quick sweep; while it measures, a second one is attempted."""
    sweep = Sweep(lab.results / QUICK_ID)
    first = lab.start("full_sweep", profile="quick", sweep_id=QUICK_ID)
    wait_for(lambda: bool(sweep.cells()), first)
    rival = lab.run("full_sweep", profile="quick", sweep_id="rival")
    code = first.wait()
    return Ran(
        sweep,
        code,
        output=(lab.folder / "output.txt").read_text(),
        rival=rival,
        rivals_results=lab.results / "rival",
        latest=(lab.results / "latest").readlink(),
        processes_after=lab.processes(),
    )
