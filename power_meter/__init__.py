"""Power meters: drivers, a recorder and byte-exact simulators.

Runs on the meter host (the controller or a sidecar, never the board under test) and shares files, not code,
with the other packages. A driver is one file in ``drivers/``, a simulator one file in ``simulators/``, a
command one file in ``commands/``; all are found by name. ``docs/power.md`` explains the whole.
"""

__version__ = "0.1.0"
