"""Arm NN: backends that it drops and layers that fall back."""

import pytest

from edgebench_runner.backends import armnn
from edgebench_runner.errors import BackendUnavailableError, FellBackError


def test_armnn_backend_that_is_dropped_silently_is_missed():
    backend = armnn.Backend({})
    with pytest.raises(BackendUnavailableError, match="no backend CpuAcc"):
        backend._require_device("IDeviceSpec { supportedBackends: [CpuRef]}")


def test_armnn_layer_that_falls_back_is_named():
    backend = armnn.Backend({"fallback": True})
    backend._messages = ["WARNING: layer conv_1 is not supported on requested backend CpuAcc: using CpuRef"]
    with pytest.raises(FellBackError, match="1 layers fell back, the first: WARNING: layer conv_1"):
        backend.placement()
