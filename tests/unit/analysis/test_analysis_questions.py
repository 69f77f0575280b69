"""The verbs that ask a question of any source: every expectation was worked out by hand from the published tables."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.frame import canonical, cases, combined
from analysis.host_impact import host_impact, speeds
from analysis.sources import load_source
from analysis.studies import study_names
from analysis.winners import best, fastest


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--json"]) == 0
    return list(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    ("model", "cuda", "tensorrt"),
    [("Alexnet", 25.938 / 16.037, 25.938 / 13.161), ("Shufflenet_v2_x0_5", 5.942 / 7.636, 5.942 / 4.057)],
)
def test_speedup_is_the_ratio_of_the_printed_times(
    capsys: pytest.CaptureFixture[str], model: str, cuda: float, tensorrt: float
) -> None:
    rows = run_json(capsys, "speedup", "published:gia2023", "--board", "Jetson Xavier", "--baseline", "CPU")
    assert list(rows[0]) == ["model", "CUDA", "TensorRT"]
    row = next(row for row in rows if row["model"] == model)
    assert row["CUDA"] == pytest.approx(cuda, rel=1e-12)
    assert row["TensorRT"] == pytest.approx(tensorrt, rel=1e-12)


def test_speedup_without_a_time_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "speedup", "published:gia2023", "--board", "jetson_xavier", "--baseline", "CPU")
    detection = next(row for row in rows if row["model"] == "yolov5n")
    assert detection["CUDA"] == pytest.approx(124.036 / 28.790, rel=1e-12)
    assert detection["TensorRT"] is None


def winners(frame: pd.DataFrame) -> dict[str, tuple[str, str, float]]:
    return {row.device: (row.model, row.backend, row.inference_ms) for row in frame.itertuples()}


def latency_rows() -> pd.DataFrame:
    frame = load_source("published:ni2020")
    return combined(frame[frame["mode"] == "warm"])


def test_best_needs_a_time_and_prefers_the_faster_of_equals() -> None:
    assert winners(best(latency_rows())) == {
        # B5 is as accurate in TensorFlow (592.63 ms) as in PyTorch (350.46 ms).
        "Jetson Nano": ("EfficientNet B5", "PyTorch", 350.46),
        "Coral USB Accelerator": ("Inception v4", "TensorFlow Lite (Edge TPU)", 98.64),
        # EfficientNet B5 has 63.65 % but was never timed on the NCS2.
        "Intel NCS2": ("Inception v4", "OpenVINO", 185.6),
    }


def test_best_within_a_bound() -> None:
    assert winners(best(latency_rows(), 10)) == {
        "Jetson Nano": ("ResNet 50", "PyTorch-TensorRT", 2.92),
        "Coral USB Accelerator": ("Inception v1", "TensorFlow Lite (Edge TPU)", 4.76),
    }
    assert winners(best(latency_rows(), 100)) == {
        "Jetson Nano": ("EfficientNet B3", "PyTorch", 98.97),
        "Coral USB Accelerator": ("Inception v4", "TensorFlow Lite (Edge TPU)", 98.64),
        "Intel NCS2": ("Inception v3", "OpenVINO", 83.74),
    }


def test_best_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["best", "published:ni2020", "--within-ms", "100", "--csv"]) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert header == "device,model,backend,inference_ms,top1,top5"
    assert first == "Jetson Nano,EfficientNet B3,PyTorch,98.97,0.6853,0.8857"


def test_fastest_per_device() -> None:
    assert winners(fastest(latency_rows())) == {
        "Raspberry Pi 3B": ("MobileNet v2", "TensorFlow Lite", 523.7),
        "Jetson Nano": ("AlexNet", "PyTorch-TensorRT", 1.5),
        "Coral USB Accelerator": ("MobileNet v1", "TensorFlow Lite (Edge TPU)", 3.37),
        "Intel NCS2": ("SqueezeNet", "OpenVINO", 11.55),
    }


def test_host_impact_is_the_least_squares_line() -> None:
    x = np.array([1 / 5.47, 1 / 8.79, 1 / 26.01])
    y = np.array([1 / 6.41, 1 / 10.72, 1 / 28.88])
    sxx = ((x - x.mean()) ** 2).sum()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / sxx
    intercept = y.mean() - slope * x.mean()
    variance = ((y - intercept - slope * x) ** 2).sum() / (3 - 2)
    rows = latency_rows()
    line = host_impact(speeds(rows[rows.board == "Coral USB Accelerator"])).iloc[0]
    assert line.slope == pytest.approx(slope, rel=1e-9)
    assert line.intercept == pytest.approx(intercept, rel=1e-9)
    assert line.slope_se == pytest.approx((variance / sxx) ** 0.5, rel=1e-9)
    assert line.intercept_se == pytest.approx((variance * (1 / 3 + x.mean() ** 2 / sxx)) ** 0.5, rel=1e-9)
    assert line.slope == pytest.approx(0.8398, abs=5e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["best", "published:nobody"], "known: " + ", ".join(study_names())),
        (["speedup", "published:gia2023", "--board", "Pi 9", "--baseline", "CPU"], "there are: Jetson Nano"),
        (
            ["speedup", "published:gia2023", "--board", "jetson tx2", "--baseline", "NPU"],
            "there are: CPU, CUDA",
        ),
        (["host-impact", "published:gia2023", "--accelerator", "Jetson Nano"], "two hosts are needed"),
        (["tables", "published:gia2023", "--table", "9.9"], "--table 9.9 is not one of"),
        (["best", "published:velasco2018"], "published no raw table"),
    ],
)
def test_bad_questions_get_one_clear_answer(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("against", ["latency", "energy"])
def test_a_source_without_accuracies_has_no_frontier(
    against: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_json(capsys, "pareto", "published:gia2023", "--against", against) == []


def test_accuracy_taken_in_its_own_mode_counts_for_times_taken_in_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ameen's table 7 holds times and its table 8 accuracies: mnist is right every time, pruned int8 is the fastest."""
    (row,) = run_json(capsys, "best", "published:ameen2023")
    assert (row["model"], row["top1"], row["inference_ms"]) == ("mnist int8 pruned", 1.0, 3.06)
    frontier = run_json(capsys, "pareto", "published:ameen2023")
    assert [row["variant"] for row in frontier if row["on_frontier"]] == ["int8 pruned"]


def test_the_figure_of_merit_takes_the_accuracy_of_mode_accuracy() -> None:
    case = {"board": "b", "kind": "k", "model": "m", "variant": "v", "backend": "x", "runtime": "x"}
    sound = {"outcome": "ok", "validity": "valid", "inference_ms_mean": 5.0, "published": False}
    frame = pd.DataFrame(
        [
            {**case, **sound, "mode": "warm", "fps": 200.0, "power_mean_w": 4.0, "top1": 0.5},
            {**case, **sound, "mode": "accuracy", "top1": 0.75, "top5": 0.9},
        ]
    )
    (row,) = cases(canonical(frame), None).to_dict("records")
    assert row["images_per_joule_correct"] == pytest.approx(0.75 * 200 / 4)
    assert row["images_per_joule_correct_top5"] == pytest.approx(0.9 * 200 / 4)


def test_a_labs_accelerator_is_told_by_its_label_and_its_host_is_the_board(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lab with the study's own times on two boards, one of whose names a study would call a host."""
    common = {"backend": "tflite_edgetpu", "runtime": "tflite", "mode": "warm", "variant": "int8"}
    sound = {"source": "night", "published": False, "outcome": "ok", "validity": "valid"}
    printed = {
        "efficientnet_s": (5.47, 6.41),
        "efficientnet_m": (8.79, 10.72),
        "efficientnet_l": (26.01, 28.88),
    }
    rows = [
        {**common, **sound, "board": board, "model": model, "inference_ms_mean": time}
        for model, times in printed.items()
        for board, time in zip(("pc-1", "nano-1"), times, strict=True)
    ] + [
        {
            **common,
            **sound,
            "board": "nano-1",
            "backend": "tflite",
            "model": "alexnet",
            "inference_ms_mean": 9.0,
        }
    ]
    monkeypatch.setattr("analysis.sources.load_source", lambda _: canonical(pd.DataFrame(rows)))
    expected = {"slope": pytest.approx(0.8398, abs=5e-5), "intercept": pytest.approx(0.00085, abs=5e-6)}
    for name in ("edgetpu", "Coral USB Accelerator"):
        (line,) = run_json(capsys, "host-impact", "night", "--accelerator", name)
        assert {key: line[key] for key in expected} == expected
    assert main(["host-impact", "night", "--accelerator", "myriad"]) == 2
    assert "there are: tflite, tflite_edgetpu" in capsys.readouterr().err


def test_each_source_has_its_own_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A power sweep has no warm mode: beside one that has, its boards stay in the table."""
    sound = {"published": False, "outcome": "ok", "validity": "valid", "model": "m", "backend": "x"}
    rows = {
        "warm": [
            {**sound, "source": "warm", "board": "a", "mode": mode, "inference_ms_mean": time}
            for mode, time in (("warm", 5.0), ("sustained", 4.0))
        ],
        "power": [
            {**sound, "source": "power", "board": "b", "mode": mode, "inference_ms_mean": time}
            for mode, time in (("accuracy", 1.0), ("sustained", 7.0))
        ],
    }
    monkeypatch.setattr("analysis.sources.load_source", lambda name: canonical(pd.DataFrame(rows[name])))
    found = run_json(capsys, "fastest", "warm", "power")
    assert [(row["device"], row["inference_ms"]) for row in found] == [
        ("a", pytest.approx(5.0)),
        ("b", pytest.approx(7.0)),
    ]


def test_an_empty_answer_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["best", "published:ni2020", "--within-ms", "0.1", "--csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "device,model,backend,inference_ms,top1,top5\n"
    assert captured.err == "analysis best: no case has both an accuracy and a time of at most 0.1 ms\n"


def test_a_board_with_one_backend_has_no_speedup(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speedup", "published:gia2023", "--board", "Raspberry Pi 3", "--baseline", "CPU"]) == 2
    assert "CPU is the only backend of Raspberry Pi 3" in capsys.readouterr().err


def test_the_frontier_tells_an_accelerators_hosts_apart(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "pareto", "published:ni2020")
    hosts = {row["host"] for row in rows if row["board"] == "Coral USB Accelerator"}
    assert hosts == {"PC", "Jetson Nano"}
