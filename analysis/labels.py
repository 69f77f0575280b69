"""Where the true classes of a data set are found, and the accuracy they give."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.cells import Readings

INVENTED_WEIGHTS = "seeded_random"
STORE = Path(".edgebench") / "zoo"
PIXELS = ("images", "segments")


@dataclass(frozen=True)
class Accuracy:
    """What a network is worth over distinct items; None with a reason when it cannot be said.

    Attributes:
        top1, top5: share of items whose class was found.
        map, map50: COCO's average precision of boxes or keypoints, over ten thresholds and at 0.5.
        miou: mean over classes of intersection over union.
    """

    top1: float | None = None
    top5: float | None = None
    map: float | None = None
    map50: float | None = None
    miou: float | None = None
    n: int | None = None
    reason: str | None = None


@dataclass
class LabelSource:
    """True classes by data set, kept with the results; those of an older sweep are looked for in the zoo store."""

    roots: list[Path]

    @classmethod
    def beside(cls, results: Path, store: Path | None = None) -> "LabelSource":
        """Return the source for ``results``; without ``store``, that of the nearest parent directory that has one."""
        stores = [store] if store else [parent / STORE for parent in (*results.parents, Path.cwd())]
        return cls([results / "datasets", *(found / "datasets" for found in stores)])

    @cached_property
    def _known(self) -> dict[str, dict[str, npt.NDArray[Any]] | None]:
        return {}

    def labels(self, sha256: str) -> npt.NDArray[np.int64] | None:
        """Return the labels (n_items,) of the data set with this hash, or None when no store has it."""
        labels = (self.truth(sha256) or {}).get("labels")
        return None if labels is None else np.asarray(labels, dtype=np.int64)

    def truth(self, sha256: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return what is known of the items of the data set with this hash, but pixels; None when no store has it."""
        if sha256 not in self._known:
            self._known[sha256] = self._find(sha256)
        return self._known[sha256]

    def _find(self, sha256: str) -> dict[str, npt.NDArray[Any]] | None:
        for root in self.roots:
            for path in (root / Path(sha256).name / name for name in ("truth.npz", "data.npz")):
                try:
                    with np.load(path) as archive:
                        found = {name: archive[name] for name in archive.files if name not in PIXELS}
                except (OSError, ValueError, KeyError, zipfile.BadZipFile):
                    continue
                if found:
                    return found
        return None


def artifact_columns(results: Path, sha256: str | None) -> dict[str, Any]:
    """Return what the zoo's record of an artifact, kept with the results, says of its size; nulls where none was kept.

    ``loss`` is the mean cross-entropy (nats) that it had on labelled images when it was built.
    """
    path = results / "artifacts" / f"{Path(str(sha256)).name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    detail, built = record.get("variant_detail") or {}, record.get("verification") or {}
    return {
        "artifact_bytes": record.get("bytes"),
        "artifact_bytes_compressed": record.get("bytes_compressed"),
        "parameters": record.get("parameters"),
        "parameters_left": detail.get("parameters_left"),
        "loss": (built.get("accuracy") or {}).get("loss"),
    }


def withheld(record: Mapping[str, Any]) -> str | None:
    """Return why a cell cannot have an accuracy, or None where it can."""
    if record.get("weights") == INVENTED_WEIGHTS:
        return "weights are seeded random"
    if not (record.get("dataset") or {}).get("labels"):
        return "the data set has no labels"
    return None


def accuracy(readings: Readings, record: Mapping[str, Any], source: LabelSource) -> Accuracy:
    """Return top-1 and top-5 accuracy of the measured inferences, each item counted once.

    Args:
        readings: measured inferences with their best classes.
        record: the cell's record; says whether its weights and labels are real.
        source: where labels are found.
    """
    reason = withheld(record)
    if reason is not None:
        return Accuracy(reason=reason)
    dataset = record["dataset"]
    labels = source.labels(str(dataset.get("sha256")))
    if labels is None:
        return Accuracy(reason=f"labels of data set {dataset.get('name')} not found")
    answered = (readings.items >= 0) & (readings.items < len(labels)) & (readings.classes[:, 0] >= 0)
    items, first = np.unique(readings.items[answered], return_index=True)
    if not len(items):
        return Accuracy(reason="no inference has a class")
    hits = readings.classes[answered][first] == labels[items][:, None]
    return Accuracy(float(hits[:, 0].mean()), float(hits.any(axis=1).mean()), n=len(items))
