"""A headless Chromium without a network, driven by a script that is put into a copy of the page."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from analysis.ingest import ingest
from analysis.report.build import build_report
from analysis.store import load_cells
from analysis.sweep import load_sweep
from tests.unit.analysis.analysis_factory import Lab

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
DRIVER = """<script>
addEventListener("load", () => {{
  const answer = (value) => {{
    const element = document.createElement("pre");
    element.id = "answer";
    element.textContent = JSON.stringify(value);
    document.body.append(element);
  }};
  try {{ answer((() => {{ {script} }})()); }} catch (error) {{ answer({{ error: String(error) }}); }}
}});
</script></body>"""


@dataclass
class Browser:
    """Chromium, a new profile for every call."""

    executable: str
    scratch: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        profile = self.scratch / "profile"
        shutil.rmtree(profile, ignore_errors=True)
        return subprocess.run(
            [
                self.executable,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--enable-logging=stderr",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=4000",
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    def ask(self, page: Path, script: str, width: int = 1280) -> Any:
        """Return what ``script``, the body of a function, returns in the loaded page."""
        driven = page.with_name("driven.html")
        driven.write_text(page.read_text().replace("</body>", DRIVER.format(script=script)))
        try:
            result = self.run("--dump-dom", f"--window-size={width},900", driven.as_uri())
        finally:
            driven.unlink()
        answer = re.search(r'<pre id="answer">(.*?)</pre>', result.stdout, re.DOTALL)
        assert answer, result.stderr
        return json.loads(unescape(answer.group(1)))

    def console(self, page: Path) -> list[str]:
        """Return what the page wrote to the console, errors of scripts and of refused resources included."""
        result = self.run("--dump-dom", "--window-size=1280,900", page.as_uri())
        return [line for line in result.stderr.splitlines() if "CONSOLE" in line]

    def screenshot(self, page: Path, name: str, width: int, height: int) -> Path:
        """Keep a picture of the page under ``build/screenshots/``."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        target = SCREENSHOTS / f"{name}.png"
        self.run(f"--screenshot={target}", f"--window-size={width},{height}", page.as_uri())
        return target


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        lacking = "no Chromium on this machine: the report was not looked at"
        if os.environ.get("CI") and os.geteuid() == 0:  # .ci/run installs it: a skip would hide a hole
            pytest.fail(lacking)
        pytest.skip(lacking)
    return Browser(executable, tmp_path)


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a sweep on two boards in which something went wrong."""
    boards = {
        "rpi4-01": {"kind": "raspberry_pi_4", "meter": "usb0", "simulated": False},
        "rpi5-01": {"kind": "raspberry_pi_5", "meter": None, "simulated": False},
    }
    lab = Lab(
        tmp_path_factory.mktemp("browser"),
        boards=boards,
        outcomes={"rpi4-01/resnet50.fp32.pytorch.cold.r1": "oom_killed"},
        missing={"rpi5-01/digits_cnn.fp32.onnxruntime.warm.r3"},
    )
    sweep = load_sweep(lab.write())
    ingest(sweep)
    return build_report(sweep, *load_cells(sweep))
