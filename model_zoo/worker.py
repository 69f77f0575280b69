"""Make the artifacts of one network: the part of a build that imports torch."""

import ctypes
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_zoo import (
    bridge,
    dataset,
    plugins,
    published_data,
    torch_setup,
    verification,
)
from model_zoo.dataset import Dataset
from model_zoo.errors import UnsupportedError, ZooError
from model_zoo.maker import Maker, in_layout
from model_zoo.model import Model
from model_zoo.source import Loaded, Request
from model_zoo.store import IDENTITY, Record, Store
from model_zoo.target import Target

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Job:
    """Artifacts of one network.

    Attributes:
        changed: the variant that changes the network of the model, None where it is left as it is.
    """

    model: Model
    changed: str | None
    targets: tuple[Target, ...]
    weights: str
    store: Path

    @property
    def name(self) -> str:
        """For messages."""
        return self.model.name if self.changed is None else f"{self.model.name} {self.changed}"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: its artifacts, the combinations that cannot be, and those that failed this time."""

    artifacts: list[Record]
    unsupported: list[Record]
    errors: list[str]


def initialise(threads: int) -> None:
    """Prepare a worker process: it dies with its parent, leaves Ctrl-C to it, and uses this many threads."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch_setup.prepare(threads)


def build(job: Job) -> Outcome:
    """Load the network, and export, verify and publish it in each variant and format."""
    say(f"{job.name}: loading")
    with tempfile.TemporaryDirectory(prefix="edgebench-export-") as scratch, closing(bridge):
        store, data = Store(job.store), _load_dataset(job.model)
        request = Request(job.model, data, job.weights, store.weights)
        loaded = plugins.load("sources", job.model.source_kind).load(request)
        data_record = published_data.publish(store, data)
        if job.changed is not None:
            variant = plugins.load("variants", job.targets[0].variant_module)
            try:
                loaded = variant.transform(loaded, job.changed, job.model)
            except UnsupportedError as error:
                say(f"{job.name}: unsupported: {error}")
                return Outcome([], [_refusal(target, loaded.weights, error) for target in job.targets], [])
        with _opened(loaded) as infer:
            expected = verification.reference(infer, job.model, data)
        return _make_all(job, Maker(job.model, store, data, data_record, expected, loaded, Path(scratch)))


def _make_all(job: Job, maker: Maker) -> Outcome:
    """Make the targets, those that need one environment after another; what fails does not stop the others."""
    artifacts, unsupported, errors = [], [], []
    for target in sorted(job.targets, key=_environment):
        started = time.monotonic()
        try:
            record = maker.make(target)
        except UnsupportedError as error:
            unsupported.append(_refusal(target, maker.loaded.weights, error))
            say(f"{target}: unsupported: {error}")
        except ZooError as error:
            errors.append(f"{target}: {error}")
        except Exception as error:
            errors.append(f"{target}: {bridge.words_of(error)}")
        else:
            artifacts.append(record)
            say(f"{summary(record)} in {time.monotonic() - started:.1f} s")
    return Outcome(artifacts, unsupported, errors)


def _environment(target: Target) -> str:
    return getattr(plugins.load("exporters", target.format), "ENVIRONMENT", "")


def _load_dataset(model: Model) -> Dataset:
    """Load the entry's data set. One that the network is trained on is not needed to measure how fast it is."""
    if plugins.load("sources", model.source_kind).declared_weights(model) != "trained":
        return _fitting(model, dataset.load(model.dataset, model.input_shape))
    data = dataset.load_or_substitute(model.dataset, model.input_shape)
    if data.name != model.dataset:
        say(f"{model.name}: no {model.dataset} to train on, see docs/datasets.md: weights are random by seed")
    return _fitting(model, data)


def _fitting(model: Model, data: Dataset) -> Dataset:
    """Return the data set if its answers are those of the network: labels of others would make a false accuracy."""
    meant = dataset.task_of(data.name)
    if meant not in (None, model.task):
        raise ZooError(f"{model.name}: {data.name} is for {meant}, the network for {model.task}")
    if data.labels is not None and model.classes is not None and data.classes != model.classes:
        raise ZooError(
            f"{model.name}: {data.name} has {data.classes} classes, the network answers {model.classes}"
        )
    return data


def _refusal(target: Target, weights: str, reason: UnsupportedError) -> Record:
    identity = dict(zip(IDENTITY, target.identity, strict=True))
    return {**identity, "reason": str(reason), "build_key": target.build_key(weights)}


def summary(record: Record) -> str:
    """Return one line about an artifact."""
    images = record["verification"]["images"]
    verdict = "verified" if record["verification"]["passed"] else "FAILED verification"
    return (
        f"{record['model']} {record['variant']} {record['format']}: {verdict}, largest difference "
        f"{images['max_abs_diff']:.1e}, {record['bytes'] / 1e6:.1f} MB, weights {record['weights']}"
    )


def say(line: str) -> None:
    """Print a line of progress, whole, on standard error."""
    os.write(sys.stderr.fileno(), f"{line}\n".encode())


@contextmanager
def _opened(loaded: Loaded) -> Iterator[verification.Infer]:
    """Open the source itself for inference on batches (1, C, H, W)."""
    from model_zoo.exporters import _torch

    if loaded.file is not None:
        with bridge.opened(loaded.file_format, loaded.file) as infer:
            yield in_layout(infer, plugins.load("exporters", loaded.file_format).LAYOUT)
        return
    yield _torch.inference(loaded.network())
