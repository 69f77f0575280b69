"""Power traces and what they say about a cell: reading, clocks, alignment, energy with an uncertainty.

The whole interface::

    trace = read_trace(results / "power" / "meter1")
    energy = cell_energy(record, controller, trace, minimum_window_s=60.0)

``record`` is a ``cell.json``, ``controller`` the ``controller.json`` beside it or None. ``energy`` is a `CellEnergy`:

=============================  ========================================================================================
energy_status, energy_reason   ``measured``, ``degraded`` (a number with a reservation) or ``unknown`` (no number);
                               the reason is None only when measured
power_idle_w                   mean over the idle phases before and after; ``idle_drift_w`` is after minus before
power_mean_w, _min_w, _max_w   over the measured phase; ``power_p1_w``, ``power_p99_w`` are not decided by one frame
energy_j                       of the measured phase, gross
energy_j_per_inference         the same per inference; ``energy_j_per_inference_net`` is above idle
energy_uncertainty_j           half of the 95 % interval of ``energy_j_per_inference``; the parts, as standard
                               uncertainties per inference, are in ``uncertainty_parts_j``
energy_net_uncertainty_j       half of the 95 % interval of ``energy_j_per_inference_net``
coverage                       share of the measured phase in which the meter was heard
scope                          what was measured: ``wall_ac``, ``dc_input``, ``module_input``, ``pmic_rails``
effective_hz                   distinct values per second, which repeats do not raise
alignment                      ``{"method", "offset_ms", "uncertainty_ms", "residual", "step_w", "clock_method",
                               "clock_uncertainty_ms"}``, None when the clocks cannot be related: ``offset_ms`` is the
                               meter's lag that was applied, ``residual`` the fit's root mean square error in watts
simulated                      the meter was a simulation
=============================  ========================================================================================

Nothing is zero because it is missing, and nothing is extrapolated from a last value. ``energies`` integrates many
windows of a long trace at once; ``archive_trace`` compacts a finished one. `PowerDataError` is raised for files that
cannot be read; it never means "no energy", which is a status. This package does not import ``power_meter``.
"""

from analysis.power.energy import CellEnergy, cell_energy
from analysis.power.integrate import energies
from analysis.power.trace import PowerDataError, Trace, read_trace

__all__ = ["CellEnergy", "PowerDataError", "Trace", "cell_energy", "energies", "read_trace"]
