"""What figures draw, and that they draw it the same each time."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.figures import figure_modules
from analysis.figures.data import SweepData
from analysis.figures.decimate import keep_extremes
from analysis.figures.sparsity import by_sparsity
from analysis.figures.style import PALETTE, colours
from analysis.figures.svg import to_svg
from analysis.ingest import ingest
from analysis.store import load_cells
from analysis.sweep import Sweep, load_sweep


def test_decimation_keeps_the_extremes() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    kept = keep_extremes(values, 100)
    assert len(kept) <= 200
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()
    assert (np.diff(kept) > 0).all()


def test_backends_keep_their_colour_whatever_the_order() -> None:
    assert colours(["b", "a", "b"]) == colours(["a", "b"]) == {"a": PALETTE[0], "b": PALETTE[1]}


def test_every_figure_is_drawn_when_there_is_something_to_draw(small_lab: Callable[..., Sweep]) -> None:
    sweep = small_lab(
        models=("digits_cnn", "mobilenet_v2"),
        backends=("onnxruntime", "onnxruntime_s2"),
        streams={"onnxruntime_s2": 2},
        modes={"sustained": (5, 900), "throughput": (2, 20)},
    )
    for path in sweep.root.glob("cells/*/*/cell.json"):
        record = json.loads(path.read_text())
        busy = [
            record["phases"][1]["start_ns"],
            record["phases"][4]["end_ns"],
        ]  # the trace shows it as one pulse
        record |= {"weights": "trained", "dataset": {**record["dataset"], "labels": True}}
        record |= {"pulses": {"before": [busy], "after": []}}
        path.write_text(json.dumps(record))
    ingest(sweep)
    cells = load_cells(sweep)[0]
    cells.loc[cells.repeat == 2, "variant"] = "fp32 sparsity_50"
    data = SweepData(sweep, cells)
    for module in figure_modules():
        drawn = list(module.draw(data))
        assert drawn, module.TITLE
        for slug, figure in drawn:
            assert figure.get_axes(), slug
            assert all(
                axes.get_xlabel() or axes.get_shared_x_axes().get_siblings(axes) for axes in figure.get_axes()
            )


def test_sparsity_keeps_precisions_apart_and_takes_times_of_one_mode() -> None:
    def row(variant: str, top1: float, time: float) -> dict[str, object]:
        return {"model": "m", "variant": variant, "top1": top1, "inference_ms": time}

    found = by_sparsity(
        pd.DataFrame(
            [
                row("fp32", 0.99, 4.0),
                row("pruned_80", 0.98, 3.0),
                row("pruned_80_int8", 0.9, 1.0),
                row("int8", 0.95, 2.0),
                row("fp16", 0.99, 3.5),  # no pruned variant of it
            ]
        )
    )
    assert found.to_dict("list") == {
        "series": ["m", "m", "m int8", "m int8"],
        "sparsity": [0.0, 80.0, 0.0, 80.0],
        "top1": [0.99, 0.98, 0.95, 0.9],
        "inference_ms": [4.0, 3.0, 2.0, 1.0],
    }


def test_the_same_data_gives_the_same_bytes(good_results: Path) -> None:
    sweep = load_sweep(good_results)
    data = SweepData(sweep, load_cells(sweep)[0])
    for module in figure_modules():
        first = [to_svg(figure, slug) for slug, figure in module.draw(data)]
        assert first == [to_svg(figure, slug) for slug, figure in module.draw(data)]
