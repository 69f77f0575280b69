"""Weights from a file: tensors only. Weights by seed: the same every time, and telling images apart."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from model_zoo import catalogue, dataset, verification, weights
from model_zoo.errors import ZooError
from model_zoo.source import digest_in_name

MODEL = catalogue.load()["digits_cnn"]


class Opener:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, ("/etc/hostname",))


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 10))


def test_a_state_dictionary_is_loaded_without_the_parts_the_network_lacks(tmp_path: Path) -> None:
    saved = network()
    torch.save({**saved.state_dict(), "auxiliary.weight": torch.zeros(3)}, tmp_path / "w.pth")
    loaded = weights.load_into(network(), tmp_path / "w.pth")
    assert torch.equal(loaded.state_dict()["3.weight"], saved.state_dict()["3.weight"])
    assert not loaded.training


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"0.weight": Opener()}, protocol=2))
    with pytest.raises(ZooError, match="refused: not a plain file of weights"):
        weights.load_into(network(), tmp_path / "w.pth")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    torch.save(network().state_dict(), tmp_path / "whole.pth")
    (tmp_path / "w.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:2000])
    with pytest.raises(ZooError, match=r"w\.pth: (cannot be loaded|refused)"):
        weights.load_into(network(), tmp_path / "w.pth")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Conv2d(1, 5, 3)).state_dict(), tmp_path / "w.pth")
    with pytest.raises(ZooError, match="cannot be loaded"):
        weights.load_into(network(), tmp_path / "w.pth")


def wide() -> nn.Module:
    layers = [nn.Conv2d(1, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 200))


def test_seeded_weights_are_the_same_on_any_number_of_cores() -> None:
    digits, before, states = dataset.load("digits"), torch.get_num_threads(), []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        states.append(weights.seeded(wide, MODEL, digits).state_dict())
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert all(torch.equal(value, state[name]) for state in states for name, value in states[0].items())


def test_seeded_weights_are_repeatable_and_tell_images_apart() -> None:
    digits = dataset.load("digits")
    first, again = (weights.seeded(network, MODEL, digits) for _ in range(2))
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    )

    def infer(batch: verification.Floats) -> verification.Floats:
        with torch.no_grad():
            return first(torch.from_numpy(batch)).numpy()

    outputs = verification.reference(infer, MODEL, digits).outputs
    assert len(set(outputs.argmax(axis=1))) >= 4
    assert 0.3 < outputs.std() < 3


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(16, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 1),
            nn.BatchNorm2d(16),
        )
        nn.init.zeros_(self.branch[-1].weight)  # as timm starts training

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.branch(x))


def test_the_normalisation_that_ends_a_residual_branch_is_small_and_no_other() -> None:
    def build() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), Residual(), nn.Flatten(), nn.Linear(16 * 36, 10)
        )

    module = weights.seeded(build, MODEL, dataset.load("digits"))
    norms = [norm.weight.unique().tolist() for norm in module.modules() if isinstance(norm, nn.BatchNorm2d)]
    assert norms == [[1.0], [1.0], [pytest.approx(0.2)]]


@pytest.mark.parametrize(
    ("address", "digits"),
    [("https://host/resnet50-0676ba61.pth", "0676ba61"), ("https://host/resnet50.pth", None), (None, None)],
)
def test_the_digest_is_read_from_a_published_name(address: str | None, digits: str | None) -> None:
    assert digest_in_name(address) == digits
