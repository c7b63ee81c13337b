"""Smoothing, places and thresholds of a model that tells places come from the training and validation users only."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.train.toy_sets import PLACEMENTS, toy_recordings

from har_runtime.answers.rejection import Rejector, window_statistics
from har_runtime.errors import DataError
from har_runtime.model.card import PlaceFilter, Smoothing, card_from_json
from har_runtime.recording import Recording
from har_train.data.continuous import Track, score_tracks, tracks_of
from har_train.data.windows import WindowSet
from har_train.fit import place_answers
from har_train.fit.answer_parameters import EVIDENCE, MAX_DELAY_S, Answers, recordings_of
from har_train.fit.card import card_of
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.place_answers import (
    BOUT_S,
    MIN_CONFIDENCE,
    fit_place_answers,
    smoothed_tracks,
    uniform_smoothing,
)

RECORDINGS = [recording for name in PLACEMENTS for recording in toy_recordings(name)]


@pytest.fixture(scope="module")
def checkpoint(toy_run: Path) -> Checkpoint:
    return load_checkpoint(toy_run)


@pytest.fixture(scope="module")
def answers(checkpoint: Checkpoint, of_toys: WindowSet) -> Answers:
    return fit_place_answers(RECORDINGS, of_toys, checkpoint.record, checkpoint.outputs)


@pytest.fixture(scope="module")
def validation(checkpoint: Checkpoint) -> list[Track]:
    record = checkpoint.record
    return tracks_of(recordings_of(record.split.validation, RECORDINGS), record.recipe.data)


def is_known(tracks: list[Track], windows: WindowSet) -> np.ndarray:
    return np.isin([label or "" for track in tracks for label in track.labels], windows.labels)


def belief(checkpoint: Checkpoint, tracks: list[Track], smoothing: Smoothing, place: str | None = None) -> np.ndarray:
    """Probabilities of the activities after the filter, for all windows of the tracks."""
    card = replace(card_of(checkpoint.record, "toy"), smoothing=smoothing, place_filter=PlaceFilter(1e-4, 0.2))
    outputs = [checkpoint.outputs(track.windows) for track in tracks]
    steps = smoothed_tracks(card, tracks, outputs, place)
    return np.array([step.probabilities for part in steps for step in part])


def test_it_fits_a_card_that_the_runtime_takes(answers: Answers, checkpoint: Checkpoint) -> None:
    card = card_of(checkpoint.record, "toy", answers)
    assert card_from_json(card.to_json(), "toy") == card
    assert answers.place_filter == PlaceFilter(place_answers.PLACE_CHANGE, place_answers.PLACE_EVIDENCE)


def test_an_answer_needs_three_fifths_of_the_belief_however_sure_the_model_is(answers: Answers) -> None:
    assert answers.rejection.confidence >= MIN_CONFIDENCE == 0.6
    assert answers.rejection.raw_confidence >= MIN_CONFIDENCE


def test_thresholds_are_quantiles_over_the_known_windows_of_the_validation_users(
    checkpoint: Checkpoint, of_toys: WindowSet, validation: list[Track], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_answers, "MIN_CONFIDENCE", 0.0)
    found = fit_place_answers(RECORDINGS, of_toys, checkpoint.record, checkpoint.outputs)
    assert found.smoothing is not None
    known = is_known(validation, of_toys)
    sure = belief(checkpoint, validation, found.smoothing).max(axis=1)[known]
    raw = np.concatenate([checkpoint.probabilities(track.windows) for track in validation]).max(axis=1)[known]
    distances = Rejector(found.rejection, "upright").distances(np.concatenate([track.windows for track in validation]))
    assert (sure >= found.rejection.confidence).mean() == pytest.approx(0.995, abs=0.004)
    assert (raw >= found.rejection.raw_confidence).mean() == pytest.approx(0.995, abs=0.004)
    assert (distances[known] <= found.rejection.distance / place_answers.STRANGERS).mean() == pytest.approx(
        0.99, abs=0.006
    )


def test_groups_are_the_activities_and_choices_at_each_place_that_have_enough_windows(
    answers: Answers, checkpoint: Checkpoint, of_toys: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = of_toys.of_users(checkpoint.record.split.train)
    pairs, counts = np.unique(np.stack([training.y, training.place]), axis=1, return_counts=True)
    assert len(answers.rejection.means) == (counts >= place_answers.MIN_GROUP).sum() > 1
    monkeypatch.setattr(place_answers, "MIN_GROUP", 20)
    every = fit_place_answers(RECORDINGS, of_toys, checkpoint.record, checkpoint.outputs).rejection
    assert len(every.means) == len(counts) == 6 + 5 + 6
    lying = of_toys.labels.index("lying")
    (row,) = (index for index, pair in enumerate(pairs.T.tolist()) if pair == [lying, 1])
    chosen = training.x[(training.y == lying) & (training.place == 1)]
    np.testing.assert_allclose(every.means[row], window_statistics(chosen, "upright").mean(axis=0), atol=1e-4)
    monkeypatch.setattr(place_answers, "MIN_GROUP", 10**6)
    small = fit_place_answers(RECORDINGS, of_toys, checkpoint.record, checkpoint.outputs).rejection
    assert len(small.means) == len(counts), "if no group is large enough, small ones are better than none"


def test_no_other_smoothing_that_is_as_quick_is_better_on_the_validation_users(
    answers: Answers, checkpoint: Checkpoint, of_toys: WindowSet, validation: list[Track]
) -> None:
    labels = of_toys.labels
    merits = {}
    for evidence in EVIDENCE:
        for bout_s in BOUT_S:
            smoothing = uniform_smoothing(len(labels), bout_s, evidence)
            card = replace(card_of(checkpoint.record, "toy"), smoothing=smoothing, place_filter=answers.place_filter)
            outputs = [checkpoint.outputs(track.windows) for track in validation]
            steps = smoothed_tracks(card, validation, outputs)
            found = score_tracks(validation, [np.array([step.index for step in part]) for part in steps], labels)
            quick = found.median_delay_s is not None and found.median_delay_s <= MAX_DELAY_S
            merits[smoothing.transitions, evidence] = found.known_macro_f1 if quick else -1.0
    assert answers.smoothing is not None
    assert max(merits.values()) > 0
    assert merits[answers.smoothing.transitions, answers.smoothing.evidence] == max(merits.values())


def test_if_no_smoothing_is_quick_enough_the_quickest_is_taken(
    checkpoint: Checkpoint, of_toys: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_answers, "MAX_DELAY_S", -1.0)
    monkeypatch.setattr(place_answers, "EVIDENCE", (0.02, 1.0))
    monkeypatch.setattr(place_answers, "BOUT_S", (30.0,))
    found = fit_place_answers(RECORDINGS, of_toys, checkpoint.record, checkpoint.outputs)
    assert found.smoothing is not None
    assert found.smoothing.evidence == 1.0


@pytest.mark.parametrize("change", ["noise", "shuffled", "absent"])
def test_test_users_decide_nothing(answers: Answers, checkpoint: Checkpoint, of_toys: WindowSet, change: str) -> None:
    rng = np.random.default_rng(0)
    tested = checkpoint.record.split.test

    def altered(recording: Recording) -> Recording:
        assert recording.labels is not None
        if change == "noise":
            return replace(recording, acc=rng.normal(0, 20, recording.acc.shape))
        return replace(recording, acc=rng.permutation(recording.acc), labels=rng.permutation(recording.labels))

    recordings = [altered(one) if one.user in tested else one for one in RECORDINGS if change != "absent"]
    recordings = recordings or [one for one in RECORDINGS if one.user not in tested]
    others = of_toys.select(~np.isin(of_toys.user, tested))
    assert fit_place_answers(recordings, others, checkpoint.record, checkpoint.outputs) == answers


def test_training_users_decide_no_threshold(answers: Answers, checkpoint: Checkpoint, of_toys: WindowSet) -> None:
    validation = recordings_of(checkpoint.record.split.validation, RECORDINGS)
    assert fit_place_answers(validation, of_toys, checkpoint.record, checkpoint.outputs) == answers


def test_without_a_recording_of_a_validation_user_there_are_no_answers(checkpoint: Checkpoint, of_toys) -> None:
    others = recordings_of(checkpoint.record.split.train, RECORDINGS)
    with pytest.raises(DataError, match="no labelled recording of the validation users"):
        fit_place_answers(others, of_toys, checkpoint.record, checkpoint.outputs)


def test_the_belief_runs_on_through_the_recordings_of_a_mounting(checkpoint: Checkpoint, validation) -> None:
    """What gait has shown of the place still holds in the recording that follows, if it is of the same mounting."""
    smoothing = uniform_smoothing(7, 10.0, 0.5)
    pair = validation[:2]
    assert [track.recording.name.rsplit("-", 1)[1] for track in pair] == ["walk", "rest"]
    apart = [replace(track, recording=replace(track.recording, mounting=None)) for track in pair]
    together, alone = (belief(checkpoint, tracks, smoothing) for tracks in (pair, apart))
    walk = len(pair[0].windows)
    assert np.array_equal(together[:walk], alone[:walk])
    assert np.array_equal(alone[walk:], belief(checkpoint, [pair[1]], smoothing))
    assert not np.allclose(together[walk], alone[walk])


def test_a_place_that_is_given_is_believed_from_the_first_window(checkpoint: Checkpoint, validation) -> None:
    smoothing = uniform_smoothing(7, 10.0, 0.5)
    given = {place: belief(checkpoint, validation, smoothing, place) for place in ("waist", "wrist")}
    assert not np.allclose(given["waist"][0], given["wrist"][0])


@pytest.mark.parametrize(("classes", "bout_s"), [(2, 4.0), (7, 10.0), (8, 30.0)])
def test_activities_last_as_long_as_they_should_and_any_other_follows(classes: int, bout_s: float) -> None:
    smoothing = uniform_smoothing(classes, bout_s, 0.5)
    matrix = np.array(smoothing.transitions)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(0.5 / (1 - np.diag(matrix)), bout_s, rtol=1e-3)
    others = matrix[~np.eye(classes, dtype=bool)]
    assert others.max() == others.min() > 0
    assert smoothing.prior == (round(1 / classes, 6),) * classes
