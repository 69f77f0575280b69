"""Inputs read before the window, and the check of the answers."""

import errno

import numpy as np
import pytest
from runner_factory import linear_classifier, write_check, write_dataset

from edgebench_runner import answer_check, dataset, input_files
from edgebench_runner.atomic import sha256_file as sha256
from edgebench_runner.errors import LoadFailedError


def test_images_in_order_repeating(tmp_path):
    write_dataset(tmp_path / "data.npz", count=3)
    pairs, resident = dataset.images(str(tmp_path / "data.npz"), 7)
    assert [index for index, _ in pairs] == [0, 1, 2, 0, 1, 2, 0]
    assert resident
    stored = np.load(tmp_path / "data.npz")["images"]
    assert all((image == stored[index]).all() for index, image in pairs)


def test_hours_of_inferences_cost_no_object_each(tmp_path):
    write_dataset(tmp_path / "data.npz", count=3)
    pairs, _ = dataset.images(str(tmp_path / "data.npz"), 1000)
    assert len({id(pair) for pair in pairs}) == 3
    paths = dataset.write_files(pairs, str(tmp_path / "items"))
    assert [index for index, _ in paths] == [number % 3 for number in range(1000)]
    assert len({id(pair) for pair in paths}) == 3


def test_images_that_would_take_too_much_memory_stay_in_the_file(tmp_path, monkeypatch):
    write_dataset(tmp_path / "data.npz", count=3)
    monkeypatch.setattr(dataset, "available_bytes", lambda: 100)
    pairs, resident = dataset.images(str(tmp_path / "data.npz"), 3)
    assert not resident
    assert (pairs[2][1] == np.load(tmp_path / "data.npz")["images"][2]).all()


@pytest.mark.parametrize(
    "arrays",
    [
        {"labels": np.zeros(2)},
        {"images": np.zeros((0, 8, 8, 3), np.uint8)},
        {"images": np.zeros((2, 8, 8), np.uint8)},
        {"images": np.zeros((2, 8, 8, 3), np.float32)},
    ],
)
def test_dataset_without_images(tmp_path, arrays):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(LoadFailedError, match=r"data\.npz"):
        dataset.images(str(tmp_path / "data.npz"), 1)


def test_compressed_dataset_is_refused_with_the_reason(tmp_path):
    np.savez_compressed(tmp_path / "data.npz", images=np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(LoadFailedError, match="compressed"):
        dataset.images(str(tmp_path / "data.npz"), 1)


@pytest.fixture
def stored(tmp_path):
    matrix = linear_classifier(tmp_path / "model.onnx")
    return matrix, write_check(tmp_path / "check.npz", matrix)


def test_right_answers_pass(stored):
    matrix, check = stored
    result = answer_check.check_answers(lambda batch: batch.reshape(1, -1) @ matrix, check)
    assert result["passed"]
    assert (result["n"], result["top1_agreement"]) == (2, 1.0)
    assert result["max_abs_diff"] < 1e-3


def test_swapped_classes_fail_and_disagree(stored):
    matrix, check = stored
    result = answer_check.check_answers(lambda batch: (batch.reshape(1, -1) @ matrix)[:, ::-1], check)
    assert not result["passed"]
    assert result["top1_agreement"] < 1.0


def test_a_share_of_the_values_may_be_further_off_and_no_more(stored):
    matrix, check = stored

    def one_wrong(batch):
        return batch.reshape(1, -1) @ matrix + np.eye(1, 7) * 5

    assert not answer_check.check_answers(one_wrong, check)["passed"]
    seventh = answer_check.check_answers(one_wrong, dict(check, share=6 / 7))
    assert seventh["passed"]
    assert seventh["tolerance_used"] < 1 < seventh["max_abs_diff"]
    fewer = answer_check.check_answers(one_wrong, dict(check, share=6.5 / 7))
    assert not fewer["passed"]
    assert "92.8571 % of the values" in answer_check.describe_failure(fewer)


def test_output_that_is_not_finite_fails_without_a_number(stored):
    _, check = stored
    result = answer_check.check_answers(lambda batch: np.full((1, 7), np.nan), check)
    assert not result["passed"]
    assert result["max_abs_diff"] is None
    assert "NaN" in answer_check.describe_failure(result)


def test_output_of_another_size(stored):
    with pytest.raises(LoadFailedError, match="3 values"):
        answer_check.check_answers(lambda batch: np.zeros((1, 3)), stored[1])


def test_damaged_check_file(stored, tmp_path):
    (tmp_path / "check.npz").write_bytes(b"x")
    with pytest.raises(LoadFailedError, match="SHA-256"):
        answer_check.check_answers(lambda batch: batch, stored[1])


def test_outcomes_that_no_file_can_explain_are_left_alone(tmp_path):
    spec = {"artifact": {"path": str(tmp_path / "gone"), "sha256": "0"}, "dataset": None}
    assert input_files.verify(spec, "timeout", "late") == ("timeout", "late")
    assert input_files.verify(spec, "ok", "")[0] == "load_failed"


def test_a_file_beside_the_model_that_was_damaged_is_named(tmp_path):
    for name in ("model.xml", "model.bin"):
        (tmp_path / name).write_bytes(name.encode())
    beside = [{"path": str(tmp_path / "model.bin"), "sha256": sha256(str(tmp_path / "model.bin"))}]
    artifact = {
        "path": str(tmp_path / "model.xml"),
        "sha256": sha256(str(tmp_path / "model.xml")),
        "beside": beside,
    }
    spec = {"artifact": artifact, "dataset": None}
    assert input_files.verify(spec, "ok", "") == ("ok", "")
    (tmp_path / "model.bin").write_bytes(b"half")
    outcome, detail = input_files.verify(spec, "wrong_answer", "")
    assert outcome == "load_failed"
    assert "model.bin has SHA-256" in detail


def test_images_in_files_of_their_own_are_opened_by_the_pre_processing(tmp_path):
    write_dataset(tmp_path / "data.npz", count=3)
    pairs, _ = dataset.images(str(tmp_path / "data.npz"), 5)
    files = dataset.write_files(pairs, str(tmp_path / "items"))
    assert [index for index, _ in files] == [0, 1, 2, 0, 1]
    assert len(list((tmp_path / "items").iterdir())) == 3
    prepared = [dataset.opening(lambda image: image.sum())(path) for _, path in files]
    assert prepared == [image.sum() for _, image in pairs]
    (tmp_path / "items" / "000001.npy").unlink()
    with pytest.raises(OSError, match=r"000001\.npy"):
        dataset.opening(lambda image: image)(files[1][1])


def test_dataset_that_does_not_fit_into_memory(tmp_path, monkeypatch):
    def refuse(path, name):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(dataset, "_map_member", refuse)
    with pytest.raises(MemoryError, match=r"data\.npz.*Cannot allocate memory"):
        dataset.images(str(tmp_path / "data.npz"), 1)
