"""har_runtime and har-bench read the files that the app writes: recordings and benchmark results."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.android.jdk import ROOT

from har_bench.measure.compare import compare, read_result, remarks
from har_bench.tables import markdown
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.signal.resample import Resampler
from har_runtime.signal.upright import UprightTracker
from har_runtime.signal.window import Windower
from har_runtime.sources import open_source

pytestmark = pytest.mark.slow

VECTORS: dict[str, Any] = json.loads((ROOT / "export" / "vectors.json").read_text(encoding="ascii"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_recording_of_the_app_replays_to_the_same_windows_and_counts(
    junit: dict[str, str], made: Path, case: dict[str, Any]
) -> None:
    assert not junit["GoldenVectorsTest.recordingsOfTheGoldenEventsAreWrittenForTheReplay"]
    source = open_source(f"replay:{made / case['name']}.csv?speed=max")
    recognizer = Recognizer(load_model("waist"))
    answers = [answer for chunk in source for answer in recognizer.push(chunk)] + recognizer.finish()
    predictions = [answer.prediction for answer in answers]
    assert [prediction.window.start_ns for prediction in predictions] == [
        window["start_ns"] for window in case["windows"]
    ]
    for prediction, window in zip(predictions, case["windows"], strict=True):
        assert prediction.window.imu.astype("<f4").tobytes() == base64.b64decode(window["imu"])
        assert np.array_equal(prediction.probabilities, np.float32(window["probabilities"]))
    for sensor, report in (("acc", recognizer.report.accelerometer), ("gyro", recognizer.report.gyroscope)):
        assert {name: getattr(report, name) for name in case["dropped"][sensor]} == case["dropped"][sensor]


def test_a_recording_of_a_phone_without_a_gyroscope_replays_to_the_same_upright_windows(
    junit: dict[str, str], made: Path
) -> None:
    assert not junit["GoldenVectorsTest.recordingsOfTheGoldenEventsAreWrittenForTheReplay"]
    (case,) = (case for case in VECTORS["upright"] if not case["gyroscope"])
    source = open_source(f"replay:{made / case['name']}.csv?speed=max")
    resampler, windower, tracker = Resampler(gyroscope=False), Windower(), UprightTracker()
    chunks = [part for chunk in source for part in resampler.push(chunk.times_ns, chunk.acc)] + resampler.finish()
    windows = [tracker.step(window) for window in windower.push(chunks)]
    assert not source.report.gyroscope
    assert [window.start_ns for window in windows] == [window["start_ns"] for window in case["windows"]]
    for window, wanted in zip(windows, case["windows"], strict=True):
        imu = np.frombuffer(base64.b64decode(wanted["imu"]), "<f4").reshape(50, 6)
        np.testing.assert_allclose(window.imu, imu, rtol=2e-7, atol=1e-9)


def test_labels_that_were_set_on_the_phone_are_read(junit: dict[str, str], made: Path) -> None:
    assert not junit["CsvRecorderTest.aLabelledRecordingIsWrittenForTheReplay"]
    source = open_source(f"replay:{made / 'labelled.csv'}?speed=max")
    labels = [label for chunk in source if chunk.labels is not None for label in chunk.labels.tolist()]
    assert labels == [*["walking"] * 100, *[""] * 100, *["größer  höher"] * 100]


@pytest.mark.slow
def test_the_benchmark_is_a_result_of_har_bench(slow_junit: dict[str, str], made: Path) -> None:
    assert not slow_junit["BenchmarkTest.bothModelsAreMeasuredAndSharedAsJson"]
    result = read_result(made / "benchmark.json")
    assert [(run["model"], run["runtime"], run["threads"]) for run in result["runs"]] == [
        ("anywhere", "LiteRT", 1),
        ("anywhere-fp32.tflite", "LiteRT", 1),
    ]
    for run in result["runs"]:
        latency = run["latency_us"]
        assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
        assert run["rss_above_empty_bytes"] >= 0
    assert "anywhere-fp32.tflite" in markdown(result)


@pytest.mark.slow
def test_har_bench_compares_a_phone_with_this_machine(slow_junit: dict[str, str], made: Path) -> None:
    assert not slow_junit["BenchmarkTest.bothModelsAreMeasuredAndSharedAsJson"]
    phone = read_result(made / "benchmark.json")
    here = read_result(ROOT / "benchmarks" / "results" / "har_bench.json")
    here["runs"] = [run | {"model": "anywhere"} for run in here["runs"] if run["model"] == "waist"]
    assert [row[:3] for row in compare(here, phone).rows] == [("anywhere", "LiteRT", "1")]
    assert any("stand-in" in line for line in remarks(here, phone))
