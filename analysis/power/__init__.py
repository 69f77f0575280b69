"""Power traces and what they say about a cell: reading, clocks, alignment, energy with an uncertainty.

The whole interface::

    trace = read_trace(results / "power" / "meter1")
    energy = cell_energy(record, controller, trace, minimum_window_s=60.0)

``record`` is a ``cell.json``, ``controller`` the ``controller.json`` beside it or None. ``energy`` is a
`CellEnergy`:

``energy_status``, ``energy_reason``
    ``measured``, ``degraded`` (a number with a reservation) or ``unknown`` (no number); the reason is None
    only when measured.
``power_idle_w``, ``idle_drift_w``
    mean over the idle phases before and after; after minus before.
``power_mean_w``, ``power_min_w``, ``power_max_w``, ``power_p1_w``, ``power_p99_w``
    over the measured phase; the two percentiles are not decided by one bad frame.
``energy_j``, ``energy_j_per_inference``, ``energy_j_per_inference_net``
    of the measured phase, gross; per inference, gross; per inference above idle.
``energy_uncertainty_j``, ``energy_net_uncertainty_j``
    half of the 95 % interval of ``energy_j_per_inference`` and of ``energy_j_per_inference_net``; the
    former's parts, as standard uncertainties per inference, are in ``uncertainty_parts_j``.
``coverage``, ``effective_hz``
    share of the measured phase in which the meter was heard; distinct values per second, which repeats do
    not raise.
``scope``, ``simulated``
    what was measured (``wall_ac``, ``dc_input``, ``module_input``, ``pmic_rails``); whether the meter was
    simulated.
``alignment``
    ``{"method", "offset_ms", "uncertainty_ms", "residual", "step_w", "clock_method",
    "clock_uncertainty_ms"}``, or None when the clocks cannot be related: ``offset_ms`` is the meter's lag
    that was applied, ``residual`` the root mean square error of the fit in watts.

``accumulator_j``, ``accumulator_integral_j``
    what the meter itself counted within the measured phase, and what its samples give for the same time; None where
    the meter does not count. A disagreement degrades the energy.

``window_s``, ``windows_j_per_inference``
    shortest of the windows that the measured phase was cut into at inferences, and the gross energy per inference of
    each; empty where the phase or the meter allows none.

Nothing is zero because it is missing, and nothing is extrapolated from a last value. ``energies`` integrates many
windows of a long trace at once; ``view_pulses`` shows the fit behind an alignment; ``archive_trace`` compacts a
finished trace. `PowerDataError` is raised for files that cannot be read; it never means "no energy", which is a
status. This package does not import ``power_meter``.
"""

from analysis.power.alignment import PulseView, view_pulses
from analysis.power.archive import archive_trace, raw_traces
from analysis.power.energy import CellEnergy, cell_energy
from analysis.power.integrate import energies
from analysis.power.records import PowerDataError
from analysis.power.trace import Trace, read_trace

__all__ = [
    "CellEnergy",
    "PowerDataError",
    "PulseView",
    "Trace",
    "archive_trace",
    "cell_energy",
    "energies",
    "raw_traces",
    "read_trace",
    "view_pulses",
]
