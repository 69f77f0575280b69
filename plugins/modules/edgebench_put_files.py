"""Documentation of the action plugin of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: edgebench_put_files
short_description: Put files of the controller into a directory of the board
description:
  - Puts files into a directory that is there. Nothing is compared, for files whose digests are checked at their use.
  - M(ansible.builtin.copy) starts Python twice on the board for every file, which takes seconds on a small one.
author: [edgebench contributors]
options:
  files: {description: Paths on the controller., type: list, elements: path, required: true}
  directory: {description: The directory on the board., type: path, required: true}
"""

EXAMPLES = r"""
- name: Copy the wheels
  edgebench_put_files:
    files: [/srv/wheelhouse/numpy-2.4.6-cp311-cp311-manylinux_2_28_aarch64.whl]
    directory: /var/lib/edgebench/envs/.incoming
"""

RETURN = r"""
"""
