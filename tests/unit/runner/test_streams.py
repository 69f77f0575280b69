"""Several streams fill every row once, and the answers of real runtimes do not depend on their number."""

import numpy as np
import pytest
from runner_factory import artifact, linear_classifier, null_spec

from edgebench_runner import plugins, records, spec, streams
from edgebench_runner.loop import FOREVER_NS


def stages(log, kept):
    return streams.Stages(
        lambda value: value,
        lambda value: log.append(value) or value,
        lambda value: [value],
        kept.keep_answer,
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_row_is_filled_once_with_its_own_item(tmp_path, count):
    kept, logs = records.Records(str(tmp_path), 12), [[] for _ in range(count)]
    items = [(index, 100 + index) for index in range(10)]
    streams.measure_streams([stages(log, kept) for log in logs], items, kept, 2, FOREVER_NS)
    assert sorted(value for log in logs for value in log) == [100 + index for index in range(10)]
    assert records.completed_rows(str(tmp_path), 2) == 10
    answers = np.fromfile(tmp_path / "outputs.bin", "<i4").reshape(-1, 6)
    assert answers[2:, 0].tolist() == list(range(10))
    assert answers[2:, 1].tolist() == [100 + index for index in range(10)]


def test_failure_of_one_stream_reaches_the_caller(tmp_path):
    kept = records.Records(str(tmp_path), 4)

    def fail(value):
        raise RuntimeError("stream two")

    two = [stages([], kept), streams.Stages(lambda value: value, fail, lambda value: None, None)]
    with pytest.raises(RuntimeError, match="stream two"):
        streams.measure_streams(two, [(0, 0)] * 4, kept, 0, FOREVER_NS)
    assert records.completed_rows(str(tmp_path)) == 2


def test_fewer_items_than_streams(tmp_path):
    kept = records.Records(str(tmp_path), 1)
    streams.measure_streams([stages([], kept) for _ in range(4)], [(0, 0)], kept, 0, FOREVER_NS)
    assert records.completed_rows(str(tmp_path)) == 1


@pytest.mark.parametrize(("mode", "mistakes"), [("throughput", 0), ("warm", 1)])
def test_streams_belong_to_throughput(tmp_path, mode, mistakes):
    linear_classifier(tmp_path / "model.onnx")
    found = spec.problems(
        null_spec(
            runtime="onnxruntime",
            mode=mode,
            options={"streams": 2},
            artifact=artifact(tmp_path / "model.onnx", "onnx", None),
        )
    )
    assert sum("options.streams" in problem for problem in found) == mistakes


@pytest.mark.parametrize("name", ["onnxruntime", "pytorch"])  # tests/backends has them all
def test_real_runtime_gives_the_same_answer_on_every_stream(tmp_path, name):
    backend = plugins.load("backends", name).Backend({"streams": 2})
    backend.import_runtime()
    matrix = linear_classifier(tmp_path / "model.onnx")
    kind = "onnx" if "onnx" in backend.formats else backend.formats[0]
    path = tmp_path / "model.onnx" if kind == "onnx" else torchscript(tmp_path, matrix)
    backend.load(artifact(path, kind, None))
    tensor = np.random.default_rng(5).normal(size=(1, 3, 8, 8)).astype(np.float32)
    for index in range(2):
        np.testing.assert_allclose(
            np.asarray(backend.stream(index)(tensor)).reshape(1, -1),
            tensor.reshape(1, -1) @ matrix,
            atol=1e-3,
        )
    assert backend.describe()["build"]
    backend.placement()
    backend.close()


def torchscript(directory, matrix):
    import torch

    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = torch.nn.Parameter(torch.from_numpy(matrix))

        def forward(self, tensor):
            return tensor.flatten(1) @ self.matrix

    path = directory / "model.pt"
    torch.jit.trace(Linear(), torch.zeros(1, 3, 8, 8)).save(str(path))
    return path
