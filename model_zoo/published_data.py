"""Data sets in the store, where artifacts and boards find them by digest."""

import json
import shutil

import numpy as np

from model_zoo.dataset import Dataset
from model_zoo.store import Record, Store, sha256_of, write_json


def publish(store: Store, data: Dataset) -> Record:
    """Write the data set where it is not there yet; return its record."""
    known = _published(store, data)
    if known is not None:
        return known
    directory = store.incoming()
    try:
        np.savez(directory / "data.npz", **data.arrays())  # type: ignore[arg-type]
        record = data.record(sha256_of(directory / "data.npz"))
        if not (store.root / "datasets" / record["sha256"] / "dataset.json").exists():
            write_json(directory / "dataset.json", record)
            store.publish(directory, "datasets", record)
        if data.prepared_in is not None:
            write_json(data.prepared_in / "dataset.json", record)
        return record
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _published(store: Store, data: Dataset) -> Record | None:
    """Return the record of a large data set that an earlier job wrote to the store, without writing it again."""
    path = None if data.prepared_in is None else data.prepared_in / "dataset.json"
    if path is None or not path.is_file():
        return None
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    there = (store.root / "datasets" / record["sha256"] / "dataset.json").is_file()
    return record if there and record == data.record(record["sha256"]) else None
