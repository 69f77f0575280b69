"""OpenCV: targets and importers that a build of it lacks."""

from types import SimpleNamespace

import pytest
from backend_stand_ins import ARTIFACT, prepared

from edgebench_runner.backends import opencv, opencv5
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


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [
        ('"input" // <Input> CV_32FC1 [1 x 3 x 16 x 16]', [1, 3, 16, 16]),
        ('"input" // <Input> CV_32FC1 [N x 3 x 16 x 16]', [None, 3, 16, 16]),
        ("digraph G {", []),
    ],
)
def test_opencv5_input_that_the_graph_describes(inputs, shape):
    assert opencv5._described_input(SimpleNamespace(dump=lambda: inputs)) == shape


def test_opencv5_graph_that_cannot_be_described():
    def refuse():
        raise RuntimeError("bufidx >= 0")

    assert opencv5._described_input(SimpleNamespace(dump=refuse)) == []
