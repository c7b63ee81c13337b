"""Answers: what smoothing, doubt and wear make of predictions, however the samples were cut."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime import fake_model
from tests.runtime.answers.test_worn import lying_about
from tests.runtime.answers.toy_card import CARD, HOP_NS, LABELS, moving, predicted
from tests.runtime.fake_model import answered

from har_runtime.answers.answer import UNKNOWN, Answer
from har_runtime.answers.answering import Answering
from har_runtime.answers.rejection import window_statistics
from har_runtime.answers.worn import NOT_WORN_WINDOWS
from har_runtime.errors import HarError, ModelError
from har_runtime.model.card import STATISTICS, ModelCard, Rejection
from har_runtime.signal.window import Up


def with_rejection(confidence: float = 0.6) -> ModelCard:
    """The toy card with thresholds: windows like `moving()` are like its training data."""
    means = tuple(tuple(window_statistics(moving()).tolist()) for _ in LABELS)
    whitening = tuple(tuple(np.eye(STATISTICS)[np.tril_indices(STATISTICS)].tolist()) for _ in LABELS)
    return replace(CARD, rejection=Rejection(confidence, 0.5, 3.0, means, whitening))


def answers_to(card: ModelCard, predictions, smoothing: str | None = None) -> list[Answer]:
    answering = Answering(card, smoothing, clock=lambda: 1_700_000_000.0)
    return [answering.step(prediction) for prediction in predictions]


def test_an_answer_is_the_filters_and_keeps_the_windows_own() -> None:
    predictions = [predicted(0, number * HOP_NS) for number in range(4)] + [predicted(1, 4 * HOP_NS, sure=0.6)]
    last = answers_to(CARD, predictions)[-1]
    assert (last.activity, last.prediction.label) == ("still", "walking")
    assert last.confidence == last.probabilities.max() == last.probabilities[0]
    assert last.probabilities.sum() == pytest.approx(1)
    assert last.reason is None


@pytest.mark.parametrize(("smoothing", "activity"), [("hmm", "still"), ("hysteresis", "still"), ("none", "walking")])
def test_smoothing_is_chosen(smoothing: str, activity: str) -> None:
    predictions = [predicted(0, number * HOP_NS) for number in range(4)] + [predicted(1, 4 * HOP_NS, sure=0.6)]
    assert answers_to(CARD, predictions, smoothing)[-1].activity == activity


def test_an_unsure_answer_is_unknown_and_says_why() -> None:
    answers = answers_to(
        with_rejection(0.6), [predicted(0, 0, sure=0.34), predicted(0, HOP_NS), predicted(0, 2 * HOP_NS)]
    )
    assert (answers[0].activity, answers[0].reason) == (UNKNOWN, "unsure")
    assert answers[0].confidence == answers[0].probabilities.max() < 0.6
    assert (answers[-1].activity, answers[-1].reason) == ("still", None)


def test_a_window_unlike_the_training_data_is_unknown_however_sure_the_model_is() -> None:
    strange = predicted(0, 0, sure=1.0, imu=moving() * np.float32(20))
    (answer,) = answers_to(with_rejection(), [strange])
    assert (answer.activity, answer.reason) == (UNKNOWN, "unlike")
    assert answer.totals.seconds == {UNKNOWN: 0.5}


def test_a_sensor_on_a_table_is_not_worn_and_its_time_no_activity() -> None:
    windows = lying_about(NOT_WORN_WINDOWS + 20, 0.01, 0.002)
    answers = answers_to(CARD, [predicted(0, n * HOP_NS, imu=imu) for n, imu in enumerate(windows)])
    assert (answers[-1].activity, answers[-1].reason) == (UNKNOWN, "not worn")
    assert answers[-1].totals.not_worn_s == 21 / 2
    assert answers[-1].totals.seconds == {"still": (NOT_WORN_WINDOWS - 1) / 2}
    ended = [event for answer in answers for event in answer.events][-1]
    assert (ended.kind, ended.activity) == ("ended", "still")


def test_without_thresholds_nothing_is_unknown_and_one_is_told() -> None:
    bare = replace(CARD, smoothing=None)
    assert Answering(CARD).notes == ["toy: its card has no thresholds; no activity is ever unknown for doubt"]
    assert len(Answering(bare).notes) == 2
    assert Answering(bare).smoothing == "none"
    assert Answering(with_rejection()).notes == []
    with pytest.raises(ModelError, match="no transitions"):
        Answering(bare, "hmm")


def test_transitions_count_changes_of_activity_across_doubts() -> None:
    strange = moving() * np.float32(20)
    plan = [0, 0, 0, None, None, 0, 0, None, 1, 1, 1, *[None] * 20, 1, 1, 1]
    predictions = [
        predicted(index or 0, n * HOP_NS, sure=1.0, imu=strange if index is None else None)
        for n, index in enumerate(plan)
    ]
    answers = answers_to(with_rejection(), predictions, "none")
    assert answers[-1].totals.transitions == 1
    assert [(event.kind, event.activity) for answer in answers for event in answer.events] == [
        ("started", "still"),
        ("ended", "still"),
        ("started", "walking"),
        ("ended", "walking"),
        ("started", "walking"),
    ]


@pytest.mark.parametrize(("smoothing", "reason"), [("hmm", "unsure"), ("none", None), ("hysteresis", None)])
def test_too_little_confidence_is_unsure_by_the_threshold_of_what_gave_it(smoothing: str, reason: str | None) -> None:
    (answer,) = answers_to(with_rejection(0.6), [predicted(0, 0, sure=0.55)], smoothing)
    assert answer.confidence < 0.6
    assert answer.reason == reason


KINDS = ("hmm", "hysteresis", "none")


@pytest.mark.parametrize("smoothing", KINDS)
def test_the_place_is_named_once_it_is_believed(smoothing: str) -> None:
    answers = answered(("sitting", "thigh", 3), ("walking", "thigh", 20), ("walking", "wrist", 20), smoothing=smoothing)
    assert [answer.place for answer in answers[:3]] == [None] * 3
    assert (answers[22].place, answers[-1].place) == ("thigh", "wrist")


@pytest.mark.parametrize("smoothing", KINDS)
@pytest.mark.parametrize(("place", "found", "posture"), [("pocket", "thigh", "sitting"), ("waist", "torso", "lying")])
def test_a_place_that_is_given_is_always_that_and_decides_the_posture(smoothing, place, found, posture) -> None:
    answers = answered(("walking", "wrist", 20), ("level", "wrist", 10), smoothing=smoothing, place=place)
    assert {answer.place for answer in answers} == {found}
    assert answers[-1].activity == posture


def test_a_place_is_refused_in_one_line_if_there_is_none_or_the_model_tells_none() -> None:
    with pytest.raises(HarError, match="unknown place 'knee'; choose one of waist"):
        Answering(fake_model.CARD, place="knee")
    with pytest.raises(ModelError, match="toy: this model does not tell places"):
        Answering(CARD, place="waist")
    assert answers_to(CARD, [predicted(0, 0)])[0].place is None


@pytest.mark.parametrize("smoothing", KINDS)
def test_where_two_activities_share_the_belief_their_family_is_the_answer(smoothing: str) -> None:
    last = answered(("gait", "thigh", 10), smoothing=smoothing)[-1]
    assert (last.activity, last.reason) == ("on_foot", None)
    assert last.confidence == pytest.approx(last.probabilities[:2].sum())
    assert last.totals.seconds == {"on_foot": 5.0}
    last = answered(("gait", "thigh", 10), smoothing=smoothing, coarse=False)[-1]
    assert (last.activity, last.reason) == (UNKNOWN, "unsure")
    last = answered(("gait", "thigh", 10), smoothing=smoothing, card=fake_model.BARE_CARD)[-1]
    assert last.activity == "walking"


@pytest.mark.parametrize("smoothing", KINDS)
@pytest.mark.parametrize("card", [fake_model.CARD, fake_model.BARE_CARD])
def test_before_it_is_known_which_way_is_up_every_posture_is_still(smoothing: str, card: ModelCard) -> None:
    hidden = Up((0.0, 0.0, 1.0), "window")
    for move in ("standing", "lying", "posture"):
        last = answered((move, "thigh", 10), smoothing=smoothing, card=card, up=hidden)[-1]
        assert (last.activity, last.reason) == ("still", None)
        assert last.confidence > 0.9
        last = answered((move, "thigh", 10), smoothing=smoothing, card=card, up=hidden, coarse=False)[-1]
        assert (last.activity, last.reason) == (UNKNOWN, "unsure")
    shown = answered(("lying", "thigh", 10), smoothing=smoothing, card=card, up=Up((0.0, 0.0, 1.0), "gait"))
    assert shown[-1].activity == "lying"
    assert answered(("walking", "thigh", 10), smoothing=smoothing, card=card, up=hidden)[-1].activity == "walking"


@pytest.mark.parametrize("smoothing", KINDS)
def test_a_label_unknown_is_like_nothing_and_no_activity(smoothing: str) -> None:
    answers = answered(("walking", "thigh", 10), ("unknown", "thigh", 30), smoothing=smoothing)
    assert (answers[-1].activity, answers[-1].reason) == (UNKNOWN, "unlike")
    events = [(event.kind, event.activity) for answer in answers for event in answer.events]
    assert events == [("started", "walking"), ("ended", "walking")]
    assert set(answers[-1].totals.seconds) <= {"walking", "on_foot", UNKNOWN}
    assert answers[-1].totals.transitions == 0


def test_a_family_between_windows_of_its_activity_ends_no_bout_and_is_no_change_but_counts_for_itself() -> None:
    parts = [("walking", "thigh", 4), *[("gait", "thigh", 1), ("walking", "thigh", 2)] * 5, ("sitting", "thigh", 4)]
    answers = answered(*parts, smoothing="none")
    assert [(event.kind, event.activity) for answer in answers for event in answer.events] == [
        ("started", "walking"),
        ("ended", "walking"),
        ("started", "sitting"),
    ]
    assert answers[-1].totals.transitions == 1
    assert answers[-1].totals.seconds == {"walking": 7.0, "on_foot": 2.5, "sitting": 2.0}


def test_from_a_family_to_one_of_its_activities_is_no_change_and_to_another_is_one() -> None:
    def transitions(*moves: str) -> int:
        parts = [(move, "thigh", 12) for move in moves]
        return answered(*parts, smoothing="none")[-1].totals.transitions

    assert transitions("posture", "sitting", "posture", "rest", "sitting") == 0
    assert transitions("walking", "gait", "walking") == 0
    assert transitions("walking", "gait", "stairs_up") == 1
    assert transitions("walking", "posture", "walking") == 2


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.34, 1.0), st.sampled_from([1, 1, 1, 4, 30])), max_size=40))
def test_whatever_comes_totals_add_up_and_events_alternate(windows) -> None:
    starts = list(itertools.accumulate((hops * HOP_NS for _, _, hops in windows), initial=0))[1:]
    predictions = [predicted(index, start, sure) for (index, sure, _), start in zip(windows, starts, strict=True)]
    answers = answers_to(with_rejection(), predictions)
    if answers:
        totals = answers[-1].totals
        assert sum(totals.seconds.values()) + totals.not_worn_s == len(windows) / 2
    kinds = [event.kind for answer in answers for event in answer.events]
    assert all(before != after for before, after in itertools.pairwise(kinds))
    for answer in answers:
        assert (answer.activity == UNKNOWN) == (answer.reason is not None)
        assert 0 <= answer.confidence <= 1 + 1e-9


MOVES = st.tuples(st.sampled_from(list(fake_model.MOVES)), st.sampled_from(fake_model.PLACES), st.integers(1, 6))


@given(st.lists(MOVES, min_size=1, max_size=8), st.sampled_from(KINDS), st.booleans(), st.booleans())
def test_whatever_moves_come_answers_of_places_and_families_add_up(parts, smoothing, coarse: bool, hidden) -> None:
    up = Up((0.0, 0.0, 1.0), "window") if hidden else None
    answers = answered(*parts, smoothing=smoothing, coarse=coarse, up=up)
    assert sum(answers[-1].totals.seconds.values()) == len(answers) / 2
    kinds = [event.kind for answer in answers for event in answer.events]
    assert all(before != after for before, after in itertools.pairwise(kinds))
    for answer in answers:
        assert (answer.activity == UNKNOWN) == (answer.reason is not None)
        assert coarse or answer.activity in fake_model.LABELS
        assert answer.place in (None, *fake_model.PLACES)
        assert 0 <= answer.confidence <= 1 + 1e-9


def test_answers_to_windows_that_come_together_are_those_to_windows_one_by_one() -> None:
    card = with_rejection()
    beliefs = [(0, 0.35), (0, 0.9), (1, 0.5), (1, 0.95), (1, 0.95), (0, 0.4)] * 3
    predictions = [predicted(index, number * HOP_NS, sure) for number, (index, sure) in enumerate(beliefs)]
    predictions[6] = predicted(1, 6 * HOP_NS, imu=moving() * np.float32(20))
    one_by_one, together = (Answering(card, clock=lambda: 0.0) for _ in range(2))
    wanted = [one_by_one.step(one) for one in predictions]
    report = wanted[0].report
    found = together.push(predictions[:4], report, [None] * 4, None)
    found += together.push(predictions[4:], report, [None] * (len(predictions) - 4), None)
    assert [(one.activity, one.reason, one.confidence, one.events, one.totals) for one in found] == [
        (one.activity, one.reason, one.confidence, one.events, one.totals) for one in wanted
    ]
    assert {one.reason for one in found} == {None, "unsure", "unlike"}
