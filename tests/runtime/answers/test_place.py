"""The place: a belief that changes rarely, that gait shows, and that the activity is judged by."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.runtime.fake_model import BARE_CARD, CARD, HOP_NS, LABELS, fake_model, predictions

from har_runtime.answers.place import MIN_BELIEF, place_index
from har_runtime.answers.smoothing import (
    MAX_STEPS,
    SMOOTHERS,
    HmmFilter,
    JointFilter,
    PlaceSmoother,
    Smoothed,
    place_smoother,
)
from har_runtime.contract import PLACE_OF, PLACES
from har_runtime.errors import HarError, ModelError
from har_runtime.model.card import PlaceFilter, Smoothing
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer

TOY = replace(
    CARD,
    labels=("walking", "sitting", "lying"),
    places=("torso", "thigh"),
    place_filter=PlaceFilter(0.1, 0.7),
    families={"on_foot": ("walking",)},  # One label: the filters need no second.
    smoothing=Smoothing(((0.9, 0.08, 0.02), (0.05, 0.9, 0.05), (0.02, 0.08, 0.9)), (0.5, 0.3, 0.2), 0.5),
    rejection=None,
)
KINDS = ("hmm", "hysteresis", "none")
SHARES = st.floats(0.0, 1.0, width=32)
Row = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Probabilities of the activities, of the places, and of the activities at each place."""
ROW = st.tuples(
    arrays(np.float32, 3, elements=SHARES),
    arrays(np.float32, 2, elements=SHARES),
    arrays(np.float32, (2, 3), elements=SHARES).filter(lambda table: table.sum() > 0),
)
ROWS = st.lists(ROW, min_size=1, max_size=12)


def believed(smoother: PlaceSmoother, rows: list[Row], steps_ns: list[int] | None = None) -> list[Smoothed]:
    ends = itertools.accumulate(steps_ns or [HOP_NS] * len(rows))
    return [smoother.step(*row, end_ns) for row, end_ns in zip(rows, ends, strict=True)]


def windows_of(moves: list[str], place: str) -> list[Row]:
    rows: list[Row] = []
    for found in predictions(moves, place):
        assert found.places is not None and found.by_place is not None
        rows.append((found.probabilities, found.places, found.by_place))
    return rows


def places_named(found: list[Smoothed]) -> list[str | None]:
    """The place of each window, None below the belief that answers need."""
    named = []
    for entry in found:
        assert entry.place is not None and entry.place_probabilities is not None
        named.append(PLACES[entry.place] if entry.place_probabilities[entry.place] >= MIN_BELIEF else None)
    return named


def test_the_joint_belief_is_the_sum_over_all_ways_to_get_there() -> None:
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for _ in range(3):
        by_place, places = rng.dirichlet([1, 1, 1], 2), rng.dirichlet([1, 1])
        rows.append((places @ by_place, places, by_place))
    smoothing, place_filter = TOY.smoothing, TOY.place_filter
    assert smoothing is not None and place_filter is not None
    transitions, prior = np.array(smoothing.transitions), np.array(smoothing.prior)
    states = list(itertools.product(range(2), range(3)))
    total = np.zeros((2, 3))
    for path in itertools.product(states, repeat=len(rows) + 1):  # The state before the first window, and at each.
        weight = prior[path[0][1]] / 2
        for (place, activity), (next_place, next_activity), row in zip(path[:-1], path[1:], rows, strict=True):
            probabilities, places, by_place = row
            weight *= transitions[activity, next_activity] * (0.9 if place == next_place else 0.1)
            weight *= (by_place[next_place, next_activity] / prior[next_activity]) ** 0.5
            weight *= places[next_place] ** (0.7 * probabilities[0])  # The gait of this card is walking.
        total[path[-1]] += weight
    total /= total.sum()
    last = believed(JointFilter(TOY), rows)[-1]
    assert last.place_probabilities is not None
    np.testing.assert_allclose(last.probabilities, total.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(last.place_probabilities, total.sum(axis=1), rtol=1e-9)
    assert (last.index, last.place) == (total.sum(axis=0).argmax(), total.sum(axis=1).argmax())


@pytest.mark.parametrize("kind", KINDS)
@given(rows=ROWS, data=st.data())
def test_the_belief_is_a_distribution_whatever_comes(kind: str, rows: list[Row], data) -> None:
    steps = data.draw(st.lists(st.integers(-(10**12), 10**13), min_size=len(rows), max_size=len(rows)))
    for found in believed(place_smoother(TOY, kind), rows, steps):
        assert found.place_probabilities is not None
        assert found.place_probabilities.sum() == pytest.approx(1, rel=1e-9)
        assert (found.place_probabilities >= 0).all()
        assert np.isfinite(found.probabilities).all() and (found.probabilities >= 0).all()
        if kind == "hmm":
            assert found.probabilities.sum() == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@given(rows=ROWS, place=st.sampled_from(["torso", "thigh"]))
def test_a_place_that_is_given_leaves_a_filter_over_its_own_row(kind: str, rows: list[Row], place: str) -> None:
    at, alone = TOY.places.index(place), SMOOTHERS[kind](TOY)
    for number, (found, row) in enumerate(zip(believed(place_smoother(TOY, kind, place), rows), rows, strict=True)):
        wanted = alone.step(row[2][at].astype(np.float64), (number + 1) * HOP_NS)
        np.testing.assert_allclose(found.probabilities, wanted.probabilities, rtol=1e-9, atol=1e-12)
        assert found.place == at
        assert found.place_probabilities is not None and found.place_probabilities[at] == pytest.approx(1)


@given(ROWS)
def test_with_one_place_the_joint_filter_is_the_plain_one(rows: list[Row]) -> None:
    alone = replace(TOY, places=("wrist",))
    assert alone.smoothing is not None
    plain = HmmFilter(alone.smoothing)
    joint = JointFilter(alone)
    for number, (probabilities, places, by_place) in enumerate(rows):
        found = joint.step(probabilities, places[:1], by_place[:1], number * HOP_NS)
        wanted = plain.step(by_place[0], number * HOP_NS)
        np.testing.assert_allclose(found.probabilities, wanted.probabilities, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_moves_from_thigh_to_wrist_is_noticed_after_enough_gait(kind: str) -> None:
    rows = windows_of(["walking"] * 20, "thigh") + windows_of(["walking"] * 30, "wrist")
    named = places_named(believed(place_smoother(CARD, kind), rows))
    assert named[19] == "thigh"
    assert named[20] == "thigh", "one window is not enough"
    assert named[-1] == "wrist"


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_moves_is_not_noticed_from_sitting(kind: str) -> None:
    rows = windows_of(["walking"] * 20, "thigh") + windows_of(["sitting"] * 60, "wrist")
    assert places_named(believed(place_smoother(CARD, kind), rows))[10:] == ["thigh"] * 70


@pytest.mark.parametrize("kind", KINDS)
def test_the_place_is_unknown_until_somebody_walks(kind: str) -> None:
    rows = windows_of(["sitting"] * 4 + ["walking"] * 20, "thigh")
    named = places_named(believed(place_smoother(CARD, kind), rows))
    assert named[:4] == [None] * 4
    assert named[-1] == "thigh"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("place", "posture"), [("torso", "lying"), ("thigh", "sitting")])
def test_the_posture_of_a_level_device_is_that_of_its_place(kind: str, place: str, posture: str) -> None:
    walked = windows_of(["walking"] * 20, place)
    found = believed(place_smoother(CARD, kind), walked + windows_of(["level"] * 10, place))[-1]
    assert LABELS[found.index] == posture
    found = believed(place_smoother(CARD, kind, place), windows_of(["level"] * 10, "wrist"))[-1]
    assert LABELS[found.index] == posture


def test_without_a_family_on_foot_every_window_is_evidence_of_the_place() -> None:
    rows = windows_of(["sitting"] * 20, "wrist")
    assert places_named(believed(JointFilter(replace(BARE_CARD, families={})), rows))[-1] == "wrist"


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_counts_for_its_hops(kind: str) -> None:
    rows = windows_of(["walking"] * 20 + ["sitting"], "thigh")
    beliefs = []
    for hops in (1, 10, MAX_STEPS, 10 * MAX_STEPS):
        last = believed(place_smoother(CARD, kind), rows, [HOP_NS] * 20 + [hops * HOP_NS])[-1]
        assert last.place_probabilities is not None
        beliefs.append(last.place_probabilities[1])
    assert beliefs[0] > beliefs[1] > beliefs[2] == beliefs[3] > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_hours_of_certainty_do_not_make_the_filter_deaf(kind: str) -> None:
    sure = replace(CARD, place_filter=PlaceFilter(1e-9, 1.0))
    walking, places = np.eye(6)[0], np.eye(3)
    thigh, wrist = ((walking, places[at], np.tile(walking, (3, 1))) for at in (1, 2))
    rows = [thigh] * 20_000 + [wrist] * 9
    assert places_named(believed(place_smoother(sure, kind), rows))[-1] == "wrist"


def test_labels_that_count_together_are_one() -> None:
    rows = windows_of(["posture"] * 9, "thigh")
    together = [LABELS.index(label) for label in CARD.families["still"]]
    for kind in KINDS:
        smoother = place_smoother(CARD, kind)
        for number, row in enumerate(rows):
            found = smoother.step(*row, number * HOP_NS, together)
            assert LABELS[found.index] == "standing", "the first of the family"
        own = SMOOTHERS[kind](CARD).step(np.array([0.4, 0.0, 0.3, 0.0, 0.3, 0.0]), 0, together)
        assert LABELS[own.index] == "standing"


@pytest.mark.parametrize("place", [*PLACE_OF, *PLACES])
def test_a_place_has_the_names_that_people_use(place: str) -> None:
    assert CARD.places[place_index(CARD, place)] == PLACE_OF.get(place, place)


def test_a_place_that_does_not_exist_or_is_not_the_models_is_one_line() -> None:
    with pytest.raises(HarError, match="unknown place 'knee'; choose one of waist, hip, chest, pocket, thigh, wrist"):
        place_index(CARD, "knee")
    with pytest.raises(ModelError, match="anyplace: this model does not tell places"):
        place_index(replace(CARD, places=()), "wrist")
    with pytest.raises(ModelError, match="does not know the wrist; its places are torso, thigh"):
        place_index(TOY, "wrist")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_of_the_place_holds_from_the_first_window(kind: str) -> None:
    walked = believed(place_smoother(CARD, kind), windows_of(["walking"] * 60, "wrist"))[-1]
    assert walked.place_probabilities is not None
    belief = walked.place_probabilities.tolist()
    rows = windows_of(["sitting"] * 3, "torso")  # A window without gait says next to nothing about the place.
    assert places_named(believed(place_smoother(CARD, kind, None, belief), rows)) == ["wrist"] * 3
    assert places_named(believed(place_smoother(CARD, kind), rows)) == [None] * 3
    moved = windows_of(["walking"] * 80, "thigh")
    assert places_named(believed(place_smoother(CARD, kind, None, belief), moved))[-1] == "thigh"
    assert places_named(believed(place_smoother(CARD, kind, "pocket", belief), rows)) == ["thigh"] * 3


@pytest.mark.parametrize("belief", [(0.5, 0.5), (0.5, 0.4, 0.3), (1.5, -0.5, 0.0), (float("nan"), 0.5, 0.5)])
def test_a_belief_that_does_not_fit_the_places_is_one_line(belief: tuple[float, ...]) -> None:
    with pytest.raises(ModelError, match="anyplace: the belief in its places must be 3 numbers with the sum 1"):
        Recognizer(fake_model(), place_belief=belief)


def test_a_belief_is_refused_by_a_model_without_places() -> None:
    with pytest.raises(ModelError, match="waist: the belief in its places must be 0 numbers"):
        Recognizer(load_model("waist"), place_belief=(1.0,))


def test_a_card_without_transitions_has_no_joint_filter() -> None:
    bare = replace(CARD, smoothing=None)
    with pytest.raises(ModelError, match="no transitions for hmm"):
        place_smoother(bare, "hmm")
    assert place_smoother(bare, "none").step(*windows_of(["walking"], "thigh")[0], 0).index == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_no_filter_of_places_keeps_nan(kind: str, value: float) -> None:
    good = (np.array([0.8, 0.1, 0.1]), np.array([0.9, 0.1]), np.array([[0.8, 0.1, 0.1]] * 2))
    bad = [
        tuple(np.full_like(part, value) if number == at else part for number, part in enumerate(good))
        for at in range(3)
    ]
    found = believed(place_smoother(TOY, kind), [good, *bad, good])[-1]
    assert found.place_probabilities is not None
    assert np.isfinite(found.probabilities).all() and np.isfinite(found.place_probabilities).all()
    assert found.place == 0
