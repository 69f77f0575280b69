"""Documentation of the action plugin of the same name, which does the work on the controller."""

DOCUMENTATION = r"""
module: edgebench_board
short_description: Take one board through its outstanding cells
description:
  - Take one board through its outstanding cells. See C(docs/a-sweep.md).
author: [edgebench contributors]
options:
  results: {description: The sweep's directory., type: path, required: true}
  zoo: {description: The zoo's index.json., type: path, required: true}
  root: {description: The board's directory., type: path, required: true}
  python: {description: The interpreter that the runner's parent process uses., type: str, required: true}
  environments:
    description: Path of each backend's environment on the board. Left out, the newest of each is taken.
    type: dict
  can_reboot: {description: Whether a cell may have a boot of its own., type: bool, required: true}
  simulated: {description: Whether the board stands in for hardware., type: bool, default: false}
  meter: {description: The meter that the board is wired to., type: str}
  gate: {description: Thresholds that override those of the profile., type: dict, default: {}}
  power_switch: {description: What can cut the board's supply., type: dict}
  reconnect_s: {description: Seconds that a lost board is waited for., type: float, default: 180}
"""

EXAMPLES = r"""
- name: Measure
  edgebench_board:
    results: results/20261121-070500-smoke
    zoo: .edgebench/zoo/index.json
    root: /var/lib/edgebench
    python: python3
    environments: {onnxruntime: /var/lib/edgebench/envs/onnxruntime-0123456789ab}
    can_reboot: true
"""

RETURN = r"""
measured: {description: Cells measured by this task., type: int, returned: success}
outcomes: {description: How many cells ended how., type: dict, returned: success}
broken: {description: 'Why the board left the sweep, or null.', type: str, returned: success}
"""
