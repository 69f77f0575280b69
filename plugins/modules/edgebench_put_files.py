"""Documentation of the action plugin of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: edgebench_put_files
short_description: A directory of the board has files of the controller
description:
  - Puts those files into a directory, made when it is not there, whose SHA-256 differs from what the board has.
  - >-
    Uses nothing but the board's shell and coreutils. M(ansible.builtin.copy) starts Python twice on the board for every
    file, which takes seconds on a small one.
author: [edgebench contributors]
options:
  files: {description: Names on the board and the files' paths on the controller., type: dict, required: true}
  directory: {description: The directory on the board., type: path, required: true}
  mode: {description: Permissions of files that are put there., type: str, default: "0644"}
"""

EXAMPLES = r"""
- name: Copy the lock
  edgebench_put_files:
    files: {requirements.txt: locks/debian-12-aarch64-cp311/onnxruntime.txt}
    directory: /var/lib/edgebench/envs/onnxruntime
"""

RETURN = r"""
"""
