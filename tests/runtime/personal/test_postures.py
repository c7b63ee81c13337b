"""A posture is checked against the others: by its angle to upright, and by what was learnt in the same session.

With the people of HAPT, who wear a phone at the waist, and of DiFronzo, in a trouser pocket.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from har_runtime.cli.stream import main
from har_runtime.contract import PERIOD_NS
from har_runtime.model.load import load_model
from har_runtime.personal.collect import Collector
from har_runtime.personal.profile import read_profile
from har_runtime.recording import Recording
from har_runtime.samples import SampleChunk
from har_runtime.signal.window import Up
from har_train.datasets import load

pytestmark = pytest.mark.real_data
DONE = ("standing", "walking", "sitting", "lying")
ROWS = 500
"""Ten seconds."""
APART_NS = 20_000_000_000
"""From the begin of one stretch to that of the next."""


@dataclass
class Person:
    """A recording of HAPT, whose stretches can be put together anew."""

    recording: Recording

    def bouts(self, activity: str) -> list[tuple[int, int]]:
        """First and last row, exclusive, of the bouts of an activity that last ten seconds."""
        labels = self.recording.labels
        assert labels is not None
        edges = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist(), len(labels)]
        return [bout for bout in pairwise(edges) if labels[bout[0]] == activity and bout[1] - bout[0] >= ROWS]

    def doing(self, activity: str, last: bool = False) -> NDArray[np.float64]:
        """The first ten seconds of a bout of an activity, or its last, shape (500, 6)."""
        gyro, (begin, end) = self.recording.gyro, self.bouts(activity)[0]
        assert gyro is not None
        begin = end - ROWS if last else begin
        return np.concatenate([self.recording.acc, gyro], axis=1)[begin : begin + ROWS]


@dataclass
class Asked:
    """What came of a session in which activities were asked for."""

    refused: dict[str, str]
    remarks: list[str]
    learnt: list[str]


def ask(*done: tuple[str, NDArray[np.float64]], place: str | None = "waist") -> Asked:
    """Ask for activities one after another, and do what the samples show."""
    model = load_model("anywhere")
    collector, refused = Collector(model, model.card.labels, place=place), dict[str, str]()
    for number, (label, samples) in enumerate(done):
        times = number * APART_NS + np.arange(len(samples), dtype=np.int64) * PERIOD_NS
        collector.push(SampleChunk(times, samples[:, :3], samples[:, 3:]))
        begin, end = int(times[0]), int(times[-1])
        mean = samples[:250, :3].mean(axis=0)
        x, y, z = (mean / np.linalg.norm(mean)).tolist()
        problem = collector.set_up(Up((x, y, z), "given")) if label == "standing" else None
        if problem := problem or collector.take(label, begin, end):
            refused[label] = problem
        else:
            refused.update(collector.retracted())
    return Asked(refused, collector.remarks(), list(collector.taken))


@pytest.fixture(scope="module")
def people(hapt_recordings: list[Recording]) -> list[Person]:
    """Some, who did everything for that long."""
    some = [Person(recording) for recording in hapt_recordings[::4]]
    return [person for person in some if all(person.bouts(one) for one in DONE)]


def test_what_was_asked_for_is_learnt(people: list[Person]) -> None:
    for person in people:
        done = [(label, person.doing(label)) for label in DONE]
        for place in ("waist", None):
            asked = ask(*done, place=place)
            assert asked.refused == {} and asked.learnt == list(DONE)


@pytest.mark.parametrize(
    ("wanted", "done", "seen"),
    [
        ("lying", "standing", "standing or sitting"),
        ("lying", "sitting", "sitting"),
        ("sitting", "lying", "lying"),
        ("standing", "lying", "lying"),
    ],
)
def test_lying_and_the_others_are_not_taken_for_each_other(
    people: list[Person], wanted: str, done: str, seen: str
) -> None:
    for person in people:
        asked = ask(
            ("standing", person.doing("standing")),
            ("walking", person.doing("walking")),
            (wanted, person.doing(done)),
        )
        if wanted == "standing":
            assert "degrees from upright, as walking shows it" in asked.refused["standing"]
        else:
            assert seen in asked.refused[wanted] and asked.refused[wanted].endswith("degrees from upright")
            assert asked.learnt == ["standing", "walking"]


def test_walking_shows_that_who_was_to_stand_lay(people: list[Person]) -> None:
    for person in people:
        lying, walking = person.doing("lying"), person.doing("walking")
        asked = ask(("standing", lying), ("walking", walking))
        assert list(asked.refused) == ["standing"] and asked.learnt == ["walking"]
        asked = ask(
            *(("standing", lying), ("walking", walking), ("standing", person.doing("standing"))),
            *(("sitting", person.doing("sitting")), ("lying", lying)),
        )
        assert asked.learnt == ["walking", "standing", "sitting", "lying"]


def test_most_who_go_on_standing_instead_of_sitting_are_warned_and_hardly_any_who_sit(people: list[Person]) -> None:
    warned = {"standing": 0, "sitting": 0}
    for person in people:
        standing = person.doing("standing")
        for done in warned:
            samples = person.doing(done, last=True)
            asked = ask(("standing", standing), ("walking", person.doing("walking")), ("sitting", samples))
            assert "sitting" in asked.learnt  # A warning, no refusal.
            warned[done] += any("neither gravity nor features tell it from standing" in one for one in asked.remarks)
    assert warned["standing"] >= 0.7 * len(people) and warned["sitting"] <= 1


def test_a_recording_whose_labels_are_mixed_up_says_so(
    people: list[Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = people[0]
    rows = [(label, person.doing(label)) for label in ("walking", "standing")]
    mixed = [*rows, ("lying", person.doing("sitting")), ("sitting", person.doing("lying"))]
    table, out = write(tmp_path / "mixed.csv", mixed), tmp_path / "anna.json"
    assert main(["personalise", "--from", str(table), "--out", str(out)]) == 0
    said = capsys.readouterr().err
    assert "not learnt: sitting: that looked like lying" in said and "not learnt: lying: that looked like s" in said
    assert [one.label for one in read_profile(out).learnt] == ["walking", "standing"]


def test_prompts_ask_again_for_what_was_another_posture(
    people: list[Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is asked for after one second, for eight, and done for ten. Standing is asked for again once walking has
    shown that it was lying."""
    person = people[0]
    bouts = [("", person.doing(label)) for label in ("lying", "walking", "standing", "standing", "sitting")]
    table, out = write(tmp_path / "live.csv", bouts, labels=False), tmp_path / "anna.json"
    options = ["--activities", "standing,walking,sitting", "--place", "waist", "--seconds", "8", "--pause", "1"]
    assert main(["personalise", "--source", f"replay:{table}?speed=max", "--out", str(out), *options]) == 0
    said = capsys.readouterr().err
    assert said.index("walking: thank you") < said.index("degrees from upright, as walking shows it")
    assert "standing: once more" in said
    assert {one.label for one in read_profile(out).learnt} == {"standing", "walking", "sitting"}


def write(path: Path, bouts: list[tuple[str, NDArray[np.float64]]], labels: bool = True) -> Path:
    """Stretches as one table, without a gap."""
    lines = [f"time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z{',label' if labels else ''}"]
    for label, samples in bouts:
        for row in samples:
            cells = [f"{(len(lines) - 1) * PERIOD_NS / 1e9:.2f}", *(f"{value:.5f}" for value in row)]
            lines.append(",".join([*cells, label] if labels else cells))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("wanted", "done"), [("sitting", "standing"), ("lying", "standing"), ("standing", "sitting")])
def test_at_the_thigh_sitting_and_standing_are_not_taken_for_each_other(data: Path, wanted: str, done: str) -> None:
    people = [Person(recording) for recording in load("difronzo", data)]
    whole = [person for person in people if all(person.bouts(label) for label in DONE[:3])]
    assert whole
    for person in whole:
        standing, walking, sitting = ((label, person.doing(label)) for label in DONE[:3])
        wrong = (wanted, person.doing(done))
        order = (wrong, walking) if wanted == "standing" else (standing, walking, wrong)
        refused = ask(*order, place="pocket").refused
        assert list(refused) == [wanted] and "degrees from upright" in refused[wanted]
        assert ask(standing, walking, sitting, place="pocket").refused == {}
