"""Golden vectors: the file in the repository is what the runtime makes of the events, bit by bit.

Only beliefs, distances and directions, which are float64 sums, may differ in their last digits from one processor to
another, and with them the last bit of a window that was turned.
"""

import base64
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.conftest import VECTORS

from har_export.answer_vectors import with_places
from har_export.cli import main
from har_export.vectors import LISTS, make_vectors, to_json
from har_runtime.contract import PLACES
from har_runtime.model.card import ModelCard, card_from_json
from har_runtime.model.load import Model, load_model
from har_runtime.model.outputs import output_names
from har_runtime.personal.model import personalised
from har_runtime.personal.profile import profile_from_table, why_unusable
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Windower

FLOAT64 = {"belief", "distance", "up", "confidence", "cadence"}
"""What may differ in its last digits."""
FLOAT32 = 2e-6
"""How far probabilities for one person may differ, which are products in float32."""


STILL = np.tile(np.array([0, 0, 9.81, 0, 0, 0], np.float32), (2, 50, 1))
"""Windows of somebody who does not move."""


def _windows(vectors: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (*(vectors[name] for name in LISTS), vectors["answers"]["cases"])
    cases = [case for kind in kinds for case in kind]
    return [window for case in cases for window in case["windows"]]


def _imu(window: dict[str, Any]) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(window["imu"]), "<f4")


@pytest.fixture(scope="module")
def vectors() -> dict:
    return json.loads(VECTORS.read_bytes())


def test_the_vectors_in_the_repository_are_those_of_the_shipped_model(vectors: dict, tmp_path: Path) -> None:
    assert main(["vectors", "waist", "--out", str(tmp_path / "again.json")]) == 0
    again = json.loads((tmp_path / "again.json").read_bytes())
    assert len((tmp_path / "again.json").read_text().splitlines()) == len(VECTORS.read_text().splitlines())
    for mine, wanted in zip(_windows(again), _windows(vectors), strict=True):
        for name in FLOAT64 & wanted.keys():
            assert wanted[name] is None or mine[name] == pytest.approx(wanted[name], rel=1e-12, abs=1e-12)
            mine[name] = mine[name] if wanted[name] is None else wanted[name]
        if "up" in wanted:
            np.testing.assert_allclose(_imu(mine), _imu(wanted), rtol=2e-7, atol=1e-9)
            mine["imu"] = wanted["imu"]
        for name, output in wanted.get("personal", {}).items():
            np.testing.assert_allclose(mine["personal"][name], output, rtol=0, atol=FLOAT32)
            mine["personal"][name] = output
    assert again == vectors
    assert vectors["format"] == "haredge-vectors-2"
    assert vectors["model_sha256"] == load_model("waist").card.sha256
    assert VECTORS.stat().st_size < 640_000


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
    assert (faults["acc"]["invalid"], faults["acc"]["gaps"]) == (1, 1)
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


def test_up_is_found_or_not_as_each_case_says(vectors: dict) -> None:
    found = {case["name"]: "".join(window["found"][0] for window in case["windows"]) for case in vectors["upright"]}
    assert found["gait"] == "wwwwwww" + "ggggg"
    assert found["gap"] == "wwww" + "wwwwwww" + "gg"  # Four windows before the gap do not count.
    assert found["no-gait"] == "www"
    assert set(found["free-fall"]) == {"w"}
    assert set(found["given"]) == {"g"}
    cases = {case["name"]: case["windows"] for case in vectors["upright"]}
    ups = [np.array(window["up"]) for window in cases["remounted"]]
    assert ups[-1] @ ups[12] < -0.95, "upside down"
    assert {window["found"] for window in cases["given"]} == {"given"}
    assert np.array(cases["given"][-1]["up"]) @ np.array([0.6, -0.8, 0.0]) < 0.9999, "refined"
    assert cases["face-down"][0]["up"] == [0, 0, -1]
    directions = [window["up"] for window in cases["free-fall"]]
    lengths = [np.linalg.norm(_imu(window).reshape(50, 6)[:, :3].mean(axis=0)) for window in cases["free-fall"]]
    fallen = [index for index, length in enumerate(lengths) if length < 1]
    assert fallen and all(directions[index] == directions[index - 1] for index in fallen)
    for window in cases["accelerometer"]:
        assert not _imu(window).reshape(50, 6)[:, 3:].any()


def test_every_window_that_was_turned_has_gravity_upwards(vectors: dict) -> None:
    for case in vectors["upright"]:
        for window in case["windows"] if case["name"] != "remounted" else []:
            mean = _imu(window).reshape(50, 6)[:, :3].mean(axis=0)
            assert np.linalg.norm(mean) < 1 or mean[2] > 0.95 * np.linalg.norm(mean), case["name"]


def test_the_answers_are_of_every_kind(vectors: dict) -> None:
    cases = {case["name"]: case["windows"] for case in vectors["answers"]["cases"]}
    windows = [window for rows in cases.values() for window in rows]
    card = card_from_json(json.dumps(vectors["answers"]["card"]), "vectors")
    assert {window["activity"] for window in windows} >= {*card.families, "unknown", "walking", "sitting", "lying"}
    assert {window["reason"] for window in windows} == {None, "unsure", "unlike"}
    assert {window["place"] for window in windows} == {None, *PLACES}
    assert Counter(window["activity"] for window in cases["labels-only"]).keys().isdisjoint(card.families)
    assert {window["found"] for window in cases["no-reference"]} == {"window", "gait"}


def test_the_personal_outputs_are_the_heads(vectors: dict) -> None:
    for case in vectors["personal"]:
        card = card_from_json(json.dumps(case["card"]), "vectors")
        profile = profile_from_table(case["profile"])
        assert why_unusable(profile, card) is None
        for window in case["windows"]:
            shipped = [np.array([window[name]], np.float32) for name in output_names(card)]
            model = personalised(Model(card, GivenBackend(shipped)), profile)
            assert model.card.labels == tuple(case["labels"])
            outputs = model.outputs(np.zeros((1, 50, 6), np.float32))
            for name, wanted in window["personal"].items():
                np.testing.assert_allclose(getattr(outputs, name)[0], wanted, rtol=0, atol=FLOAT32)


def test_the_personal_cases_have_new_activities_and_a_place_where_nothing_counts(vectors: dict) -> None:
    places, plain = vectors["personal"]
    assert places["labels"][-2:] == ["rowing", "juggling"] and plain["labels"][-1] == "rowing"
    torso, thigh, wrist = np.transpose([window["personal"]["by_place"] for window in places["windows"]], (1, 0, 2))
    assert torso[:, :-2].tolist() == [window["by_place"][0] for window in places["windows"]]
    assert thigh[1, 4] > 0.3 > 1e-5 > wrist[1, 4] and wrist[2, 5] > 0.1 > 1e-5 > thigh[2, 5]
    last = plain["windows"][-1]
    assert last["probabilities"][0] > 0.8 and np.argmax(last["personal"]["probabilities"]) == 2
    assert len(plain["means"]) == 3, "of the activity that the card knows, no group is added in the frame of the device"


def test_profiles_are_refused_for_every_reason(vectors: dict) -> None:
    refused = vectors["refused_profiles"]
    for wanted in ("format", "twice", "of length 1", "made for waist", "another version", "no means", "does not fit"):
        assert any(wanted in one["why"] for one in refused), wanted
    assert {one["damaged"] for one in refused if "does not fit" in one["why"]} == {False}


def test_a_model_of_the_upright_frame_that_tells_places_has_vectors_too() -> None:
    card = replace(with_places(load_model("waist").card, STILL), name="anyplace")
    vectors = json.loads(to_json(make_vectors(Model(card, MadeUpBackend(card)))))
    assert vectors["frame"] == "upright"
    assert card_from_json(json.dumps(vectors["answers"]["card"]), "vectors") == replace(card, sha256=None)
    for case in vectors["cases"]:
        for window in case["windows"]:
            assert window["found"] == "window"
            assert len(window["up"]) == len(window["places"]) == len(window["by_place"]) == 3
            assert len(window["probabilities"]) == len(window["by_place"][0]) == len(card.labels)


class MadeUpBackend:
    """A model that is sure of nothing."""

    def __init__(self, card: ModelCard):
        self._places, self._classes = len(card.places), len(card.labels)

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        shapes = [(self._classes,), (self._places,), (self._places, self._classes)]
        return [np.full((len(windows), *shape), 1 / shape[-1], np.float32) for shape in shapes]


class GivenBackend:
    """A model that has made these outputs of its windows."""

    def __init__(self, outputs: list[NDArray[np.float32]]):
        self._outputs = outputs

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return self._outputs
