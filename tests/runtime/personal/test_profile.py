"""A profile comes back as it was written; anything else in its file is one line, and the shipped model goes on."""

import json
import stat
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.personal.people import PERSONAL_CARD, features_model, predictions, window

from har_runtime.errors import DataError
from har_runtime.personal.learn import learn
from har_runtime.personal.profile import (
    Profile,
    StillReference,
    empty_profile,
    read_profile,
    why_no_label,
    why_unusable,
    write_profile,
)
from har_runtime.recognizer import Recognizer


def entry(label: str = "walking"):
    return learn(label, predictions("walking", (1.0, 2.0), 20), PERSONAL_CARD, "thigh", "serial:/dev/ttyUSB0", 1e9)


@pytest.fixture
def profile() -> Profile:
    still = StillReference((0.0, 0.0, 1.0), "x=x,y=y,z=z")
    return empty_profile(PERSONAL_CARD).with_learnt([entry(), entry("rowing")], still)


def test_it_comes_back_and_only_its_owner_can_read_it(profile: Profile, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    write_profile(path, profile)
    assert read_profile(path) == profile
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["anna.json"]


def test_it_holds_means_and_no_signals(profile: Profile) -> None:
    numbers = [len(one.mean) + len(one.group.mean if one.group else ()) for one in profile.learnt]
    assert max(numbers) <= 4 + 13
    assert len(json.dumps(asdict(profile))) < 3_000


def test_newer_entries_replace_those_of_the_same_activity_and_place(profile: Profile) -> None:
    newer = profile.with_learnt([replace(entry(), windows=99)])
    assert [(one.label, one.windows) for one in newer.learnt] == [("walking", 99), ("rowing", 20)]
    assert newer.still == profile.still
    assert [one.label for one in newer.without("rowing").learnt] == ["walking"]
    with pytest.raises(DataError, match="the profile has no 'flying'; it has walking, rowing"):
        newer.without("flying")


def damaged(table: dict) -> dict[str, object]:
    learnt = table["learnt"]
    return {
        "cut off": json.dumps(table)[:-20],
        "no JSON": "walking",
        "another file": {"format": "haredge-state-2"},
        "twice": {**table, "learnt": [*learnt, learnt[0]]},
        "no number": {**table, "learnt": [{**learnt[0], "mean": ["a"]}]},
        "huge": {**table, "learnt": [{**learnt[0], "mean": [1e300]}]},
        "no windows": {**table, "learnt": [{**learnt[0], "windows": 0}]},
        "escape": {**table, "learnt": [{**learnt[0], "label": "a\x1b[2J"}]},
        "long": {**table, "learnt": [{**learnt[0], "label": "a" * 101}]},
        "unknown key": {**table, "signals": []},
        "direction": {**table, "still": {"up": [1, 1, 1], "axes": "x=x,y=y,z=z"}},
    }


@pytest.mark.parametrize("kind", damaged({"learnt": [{}]}))
def test_a_damaged_profile_is_one_line_and_the_shipped_model_goes_on(
    kind: str, profile: Profile, tmp_path: Path
) -> None:
    path = tmp_path / "anna.json"
    content = damaged(json.loads(json.dumps(asdict(profile))))[kind]
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    recognizer = Recognizer(features_model(), profile=path)
    (note,) = recognizer.notes
    assert note.startswith(f"{path}: no profile, or damaged: ")
    assert note.endswith("make it again with har-stream personalise; anyplace answers as it is shipped")
    assert "\n" not in note and "\x1b" not in note
    assert recognizer.model.card == PERSONAL_CARD


def test_a_twice_learnt_activity_is_named(profile: Profile, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    path.write_text(json.dumps(damaged(json.loads(json.dumps(asdict(profile))))["twice"]))
    with pytest.raises(DataError, match="it has 'walking' twice"):
        read_profile(path)


def test_a_missing_or_foreign_profile_is_one_line_too(profile: Profile, tmp_path: Path) -> None:
    (missing,) = Recognizer(features_model(), profile=tmp_path / "none.json").notes
    assert missing.endswith("cannot be read (No such file or directory); anyplace answers as it is shipped")
    (foreign,) = Recognizer(features_model(), profile=replace(profile, model="waist")).notes
    assert foreign.startswith("the profile: it was made for waist, and the model is anyplace")
    card = replace(PERSONAL_CARD, sha256="b" * 64)
    assert why_unusable(replace(profile, sha256="a" * 64), card) == (
        "it was made for another version of anyplace, and the model is anyplace: make it again with har-stream "
        "personalise"
    )


@pytest.mark.parametrize("name", ["unknown", "still", "on_foot", "", "a\nb"])
def test_what_is_an_answer_already_is_no_new_activity(name: str) -> None:
    assert why_no_label(name, PERSONAL_CARD)
    assert why_no_label("rowing", PERSONAL_CARD) is None


def test_a_recognizer_answers_with_new_activities(profile: Profile) -> None:
    recognizer = Recognizer(features_model(), profile=profile)
    assert recognizer.notes == [] and recognizer.model.card.labels[-1] == "rowing"
    outputs = recognizer.model.outputs(np.stack([window("walking", (1.0, 2.0)).imu]))
    assert outputs.probabilities.shape == (1, len(PERSONAL_CARD.labels) + 1)
