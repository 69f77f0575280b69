"""Documentation of the action plugin of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: edgebench_preflight
short_description: Validate the inventory and the profile, plan the sweep and take its boards
description:
  - Validate the inventory and the profile, plan the sweep and take its boards. See C(docs/a-sweep.md).
author: [edgebench contributors]
options:
  checkout: {description: The checkout., type: path, required: true}
  profile: {description: Name of a file under profiles/., type: str, required: true}
  inventory: {description: Where the inventory stands, for messages., type: str, required: true}
  boards: {description: Names of the boards., type: list, elements: str, required: true}
  sweep_id: {description: Of the sweep to resume, or for the new one., type: str}
  scale: {description: Shortens counts and rests of a rehearsal., type: float}
  results: {description: Holds one directory per sweep., type: path, required: true}
  locks: {description: Where this controller keeps its locks., type: path, required: true}
  begin: {description: 'False: only validate and say what would be planned.', type: bool, default: true}
"""

EXAMPLES = r"""
- name: Plan the default sweep
  edgebench_preflight:
    checkout: "{{ playbook_dir | dirname }}"
    profile: smoke
    inventory: inventory/local
    boards: "{{ groups['boards'] }}"
    results: results
    locks: .edgebench/locks
"""

RETURN = r"""
sweep_id: {description: The sweep., type: str, returned: success}
directory: {description: Its result directory., type: str, returned: success}
outstanding: {description: How many cells are to be measured., type: int, returned: success}
"""
