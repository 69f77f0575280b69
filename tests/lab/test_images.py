"""Making a root file system is interrupted: nothing is left mounted or running, and it is made the next time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from labs import REPOSITORY, wait_until

from virtual_lab import image

pytestmark = pytest.mark.lab
MOUNTED = "mounted"
# In place of mmdebstrap: like it, it mounts in the draft and starts processes of its own.
INTERRUPTED = f"""#!/bin/sh
for draft; do true; done
mkdir -p "$draft/proc" && mount -t tmpfs {MOUNTED} "$draft/proc" && touch "$draft/proc/{MOUNTED}"
sleep 600 & echo $$ > "$draft/started"
wait
"""
FINISHING = """#!/bin/sh
for draft; do true; done
mkdir -p "$draft/etc/ssh" "$draft/etc/sudoers.d" "$draft/etc/systemd/system"
"""
ENSURE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started with it ignored
import pathlib, sys
from virtual_lab import image
image.ensure(pathlib.Path(sys.argv[1]), "bookworm", None, None)
"""


def write_tool(folder: Path, text: str) -> dict[str, str]:
    """Put a mmdebstrap first on the path; return the environment."""
    folder.mkdir(exist_ok=True)
    tool = folder / "mmdebstrap"
    tool.write_text(text)
    tool.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}


def running(draft: Path) -> list[str]:
    """Processes that name a draft."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(draft) in line:
            found.append(line)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_image_leaves_no_mount_and_no_process(
    needs_root: None, tmp_path: Path, number: signal.Signals
) -> None:
    images = tmp_path / "images"
    command = [sys.executable, "-c", ENSURE, str(images)]
    tools = tmp_path / "tools"
    maker = subprocess.Popen(
        command, cwd=REPOSITORY, env=write_tool(tools, INTERRUPTED), stderr=subprocess.DEVNULL
    )
    final = image.path(images, "bookworm")
    draft = final.with_suffix(".draft")
    wait_until((draft / "started").exists, 30, "the draft is begun")
    assert running(draft)
    maker.send_signal(number)
    assert maker.wait(30) != 0
    wait_until(lambda: not running(draft), 30, "what worked on the draft is gone")
    assert str(draft) not in Path("/proc/mounts").read_text()
    assert not (draft / "proc" / MOUNTED).exists()
    assert not final.exists()

    subprocess.run(command, cwd=REPOSITORY, env=write_tool(tools, FINISHING), check=True, timeout=60)
    assert (final / "etc/machine-id").read_text() == ""
    assert not draft.exists()
