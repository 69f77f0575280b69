"""Documentation of the action plugin of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: edgebench_finish
short_description: Close a sweep
description:
  - Close a sweep. See C(docs/a-sweep.md).
author: [edgebench contributors]
options:
  results: {description: The sweep's directory., type: path, required: true}
  boards: {description: Names of the boards., type: list, elements: str, required: true}
  locks: {description: Where this controller keeps its locks., type: path, required: true}
"""

EXAMPLES = r"""
- name: Close the sweep
  edgebench_finish:
    results: results/20261121-070500-smoke
    boards: "{{ groups['boards'] }}"
    locks: .edgebench/locks
"""

RETURN = r"""
not_run: {description: Cells that nothing measured., type: int, returned: success}
"""
