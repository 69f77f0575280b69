"""OpenCV: targets and importers that a build of it lacks."""

from types import SimpleNamespace

import pytest
from backend_stand_ins import ARTIFACT, prepared

from edgebench_runner.backends import opencv
from edgebench_runner.errors import BackendUnavailableError, LoadFailedError


def cv2(**dnn):
    known = {"DNN_BACKEND_OPENCV": 3, "DNN_TARGET_CPU": 0, "getAvailableTargets": lambda backend: [0]}
    return SimpleNamespace(dnn=SimpleNamespace(**{**known, **dnn}), __version__="5.0.0", setNumThreads=print)


def test_opencv_target_that_is_not_there():
    with pytest.raises(BackendUnavailableError, match="no DNN_TARGET_CUDA"):
        prepared(opencv, "_cv2", cv2(), device="cuda").load(ARTIFACT)
    with pytest.raises(BackendUnavailableError, match="no DNN_TARGET_CPU_FP16"):
        prepared(opencv, "_cv2", cv2(), precision="fp16").load(ARTIFACT)


def test_opencv_without_its_caffe_importer():
    with pytest.raises(BackendUnavailableError, match=r"OpenCV 5\.0\.0 reads no Caffe files"):
        prepared(opencv, "_cv2", cv2()).load({**ARTIFACT, "format": "caffe"})


def test_caffe_file_without_its_description(tmp_path):
    runtime = cv2(readNetFromCaffe=print)
    with pytest.raises(LoadFailedError, match=r"0 \.prototxt files beside it"):
        prepared(opencv, "_cv2", runtime).load({**ARTIFACT, "format": "caffe", "path": str(tmp_path / "m")})
