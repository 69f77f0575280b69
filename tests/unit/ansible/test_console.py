"""What a playbook prints with the project's callback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = """
- name: Provision
  hosts: all
  gather_facts: false
  strategy: ansible.builtin.free
  tasks:
    - name: Install | Copy the wheels
      ansible.builtin.command: "true"
    - name: Not worth a line
      ansible.builtin.set_fact: {fact: 1}
    - name: Say something
      ansible.builtin.debug: {msg: [first, second]}
      when: inventory_hostname == 'two'

- name: Provision
  hosts: one
  gather_facts: false
  tasks:
    - name: Break
      ansible.builtin.fail: {msg: this is why}
"""


def test_each_step_is_named_once_whatever_the_number_of_boards(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(tmp_path / "play.yml")]
    command += ["-i", "one,two,three,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stdout
    head, _, failure = done.stdout.partition("\nTASK [Break]")
    assert head.split("\n") == ["", "== Provision", "   Copy the wheels", "   first", "   second", ""]
    assert "this is why" in failure
    assert "PLAY RECAP" in failure
