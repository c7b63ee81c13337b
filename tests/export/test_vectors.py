"""Golden vectors: the file in the repository is what the runtime makes of the events, bit by bit.

Only beliefs and distances, which are float64 sums, may differ in their last digits from one processor to another.
"""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import VECTORS

from har_export.cli import main
from har_runtime.model.load import load_model
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Windower


@pytest.fixture(scope="module")
def vectors() -> dict:
    return json.loads(VECTORS.read_bytes())


def test_the_vectors_in_the_repository_are_those_of_the_shipped_model(vectors: dict, tmp_path: Path) -> None:
    assert main(["vectors", "waist", "--out", str(tmp_path / "again.json")]) == 0
    again = json.loads((tmp_path / "again.json").read_bytes())
    assert len((tmp_path / "again.json").read_text().splitlines()) == len(VECTORS.read_text().splitlines())
    for key, name in (("smoothing", "belief"), ("cases", "distance")):
        for mine, wanted in zip(again[key], vectors[key], strict=True):
            for window, golden in zip(mine["windows"], wanted["windows"], strict=True):
                assert window[name] == pytest.approx(golden[name], rel=1e-12, abs=1e-12)
                window[name] = golden[name]
    assert again == vectors
    assert vectors["format"] == "haredge-vectors-1"
    assert vectors["model_sha256"] == load_model("waist").card.sha256
    assert VECTORS.stat().st_size < 300_000


@pytest.mark.parametrize("chunk", [1, 7, 10_000])
def test_the_events_give_the_windows_in_chunks_of_any_size(vectors: dict, chunk: int) -> None:
    for case in vectors["cases"]:
        resampler, windower = Resampler(), Windower()
        windows = []
        for begin in range(0, len(case["events"]), chunk):
            for sensor in ("acc", "gyro"):
                part = [event for event in case["events"][begin : begin + chunk] if event[0] == sensor]
                if part:
                    values = np.array([event[2:] for event in part], np.float64)  # null becomes NaN.
                    times = np.array([event[1] for event in part], np.int64)
                    windows += windower.push(resampler.push(times, **{sensor: values}))
        windows += windower.push(resampler.finish())
        assert [(w.segment, w.start_ns) for w in windows] == [(w["segment"], w["start_ns"]) for w in case["windows"]]
        for window, wanted in zip(windows, case["windows"], strict=True):
            assert window.imu.tobytes() == base64.b64decode(wanted["imu"])


def test_the_cases_have_the_faults_that_they_are_for(vectors: dict) -> None:
    cases = {case["name"]: case for case in vectors["cases"]}
    faults = cases["faults"]["dropped"]
    assert (faults["acc"]["not_finite"], faults["acc"]["gaps"]) == (1, 1)
    assert (faults["gyro"]["duplicate"], faults["gyro"]["out_of_order"]) == (1, 1)
    assert {window["segment"] for window in cases["faults"]["windows"]} == {0, 1}
    for name in ("phone", "fast", "slow"):
        assert len(cases[name]["windows"]) >= 4
        assert all(count == 0 for sensor in cases[name]["dropped"].values() for count in sensor.values())
        times = [event[1] for event in cases[name]["events"] if event[0] == "acc"]
        assert np.diff(times).std() > 0


def test_the_answers_are_the_models(vectors: dict) -> None:
    model = load_model("waist")
    for case in vectors["cases"]:
        for window in case["windows"]:
            imu = np.frombuffer(base64.b64decode(window["imu"]), "<f4").reshape(1, 50, 6)
            assert model.probabilities(imu)[0].tolist() == window["probabilities"]
