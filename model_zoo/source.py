"""A network with its weights: what a source returns and what variants and exporters take."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from model_zoo import download
from model_zoo.dataset import Dataset
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.model import Model
from model_zoo.store import sha256_of

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = ("auto", "pretrained", "seeded")
"""What a build may be asked for. ``auto``: pretrained where they can be fetched, else seeded random."""


@dataclass(frozen=True)
class Request:
    """What a source needs to know to make a network.

    Attributes:
        dataset: its calibration images set the statistics of normalisation where the weights are random.
        weights: one of WEIGHTS.
        folder: where fetched weights are kept.
    """

    model: Model
    dataset: Dataset
    weights: str
    folder: Path


@dataclass(frozen=True)
class Loaded:
    """A torch network in evaluation mode, or a file, and where its weights come from.

    Attributes:
        weights, weights_detail: as in the artifact record.
        file: a model's file, where there is no network.
        file_format: the exporter that opens it.
        names: of the input and the first output.
        detail: what a variant did, for the artifact record.
        parameters: number of learned values of a file, where it was counted.
    """

    weights: str
    weights_detail: str
    module: "nn.Module | None" = None
    file: Path | None = None
    file_format: str = "onnx"
    names: tuple[str, str] = ("input", "output")
    detail: dict[str, Any] | None = None
    parameters: int | None = None

    def network(self) -> "nn.Module":
        """Return the torch network.

        Raises:
            UnsupportedError: the source is a file.
        """
        if self.module is None:
            raise UnsupportedError(f"the source is a file ({self.file}), not a torch network")
        return self.module


def choose_weights(
    request: Request, build: "Callable[[], nn.Module]", address: str | None, sha256: str | None
) -> Loaded:
    """Load the pretrained weights from ``address``, or seed random ones, as the request asks.

    Raises:
        ZooError: pretrained weights are asked for and cannot be had, or what was fetched is wrong.
    """
    from model_zoo import weights

    model = request.model
    if request.weights != "seeded":
        try:
            if address is None or sha256 is None:
                raise download.UnreachableError("no address with a digest is known")
            path = download.fetch(address, sha256, request.folder)
            module = weights.load_into(build(), path)
            return Loaded("pretrained", f"{address} sha256:{path.stem}", module)
        except download.UnreachableError as error:
            if request.weights == "pretrained":
                raise ZooError(f"{model.name}: pretrained weights: {error}") from error
            if address is not None:
                print(f"{model.name}: weights are random by seed: {error}", file=sys.stderr, flush=True)
    detail = f"torch seed {model.seed}; normalisation from {request.dataset.name}"
    return Loaded("seeded_random", detail, weights.seeded(build, model, request.dataset))


def digest_in_name(address: str | None) -> str | None:
    """Return the leading digits of the SHA-256 that publishers put at the end of a file's name, or None."""
    if address is None:
        return None
    match = re.search(r"-([0-9a-f]{8,64})$", PurePosixPath(urlparse(address).path).stem)
    return match[1] if match else None


def own_file(model: Model, folder: Path) -> Path:
    """Return the path of the user's file that an entry names, held to its digest.

    Args:
        folder: where a file is kept that was fetched.

    Raises:
        ZooError: no digest is stated, it is another one (both are named), or the file is not there.
    """
    where = f"{model.defined_in}: [{model.name}]"
    if model.sha256 is None or len(model.sha256) != 64:
        raise ZooError(f"{where} sha256: found {model.sha256!r}; valid: the 64 digits of the file's SHA-256")
    if "://" in model.source_argument:
        try:
            return download.fetch(model.source_argument, model.sha256, folder)
        except download.UnreachableError as error:
            raise ZooError(f"{where} source: {error}") from error
    path = model.defined_in.parent / model.source_argument
    if not path.is_file():
        raise ZooError(f"{where} source: {path}: no such file")
    if (found := sha256_of(path)) != model.sha256:
        raise ZooError(f"{path}: wrong digest: expected {model.sha256}, found {found}")
    return path
