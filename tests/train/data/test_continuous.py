"""Scores over whole recordings: by sample, across changes, and how late a change is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from har_runtime.recording import Recording
from har_train.data.continuous import by_sample, mounted_anew, score_tracks, track_of, true_changes, truth_of

LABELS = ("sitting", "walking")


def recording(*bouts: tuple[str, int]) -> Recording:
    """Bouts of a label and a number of samples at 50 Hz; the signal says nothing."""
    labels = np.concatenate([np.full(count, label, "U16") for label, count in bouts])
    times = np.arange(len(labels)) * 20_000_000
    return Recording("toy", times, np.zeros((len(labels), 3)), np.zeros((len(labels), 3)), labels, "someone")


@pytest.fixture
def track():
    """Four seconds of sitting, one of getting up, one that nobody labelled, four of walking."""
    found = track_of(recording(("sitting", 200), ("sit_to_stand", 50), ("", 50), ("walking", 200)))
    assert found is not None
    return found


def answers(track, change_s: float, after: int = 1, before: int = 0) -> np.ndarray:
    """`before` until the first window that ends at `change_s` or later, then `after`."""
    return np.where(track.end_ns >= change_s * 1e9, after, before)


def test_truth_tells_others_from_the_unlabelled(track) -> None:
    truth = truth_of(track.recording, LABELS)
    assert [int(truth[index]) for index in (0, 199, 200, 250, 300, 499)] == [0, 0, 2, -1, 1, 1]


def test_an_answer_stands_for_the_half_second_up_to_its_windows_end(track) -> None:
    found = by_sample(track, np.arange(len(track.end_ns)))
    assert (found[:25] == -1).all()  # Before the first window's last half second.
    assert (found[25:50] == 0).all()
    assert (found[50:75] == 1).all()
    assert found[-1] == len(track.end_ns) - 1


def test_a_change_counts_across_what_lies_between(track) -> None:
    ((before, after),) = true_changes(truth_of(track.recording, LABELS), len(LABELS))
    assert (before.activity, before.first, before.last) == (0, 0, 199)
    assert (after.activity, after.first, after.last) == (1, 300, 499)
    assert true_changes(np.array([0, 0, -1, 0, 2, 0]), 2) == []


def test_perfect_answers_are_perfect_and_a_late_change_costs(track) -> None:
    perfect = np.where(track.end_ns < 4e9, 0, np.where(track.end_ns < 6.4e9, 2, 1))
    found = score_tracks([track], [perfect], LABELS)
    assert (found.known_macro_f1, found.macro_f1, found.answered) == (1.0, 1.0, 1.0)
    assert (found.changes, found.noticed) == (1, 1)
    assert found.median_delay_s == pytest.approx(0.48)  # Walking from 6.0 s on; the first window of it ends at 6.48 s.
    late = score_tracks([track], [answers(track, 8.0)], LABELS)
    assert late.median_delay_s == pytest.approx(2.48 - 0.5 + 0.5)
    assert late.known_macro_f1 < 0.9


def test_the_smaller_of_two_mistakes_is_to_say_nothing_and_it_is_one_all_the_same(track) -> None:
    unknown = score_tracks([track], [np.full(len(track.end_ns), 2)], LABELS)
    assert (unknown.known_macro_f1, unknown.answered, unknown.noticed, unknown.median_delay_s) == (0.0, 0.0, 0, None)
    # A third of the classes: posture changes, which are unknown indeed.
    assert 0 < unknown.macro_f1 < 1 / 3


def test_a_recording_without_labels_or_shorter_than_a_window_is_no_track() -> None:
    assert track_of(recording(("sitting", 40))) is None
    bare = recording(("sitting", 200))
    assert track_of(Recording("bare", bare.times_ns, bare.acc, bare.gyro)) is None


def test_filters_run_on_between_recordings_of_one_mounting_and_start_again_at_any_other(track) -> None:
    mountings = ["a", "a", "b", "a", None, None]
    tracks = [replace(track, recording=replace(track.recording, mounting=name)) for name in mountings]
    assert mounted_anew(tracks) == [True, False, True, True, True, True]
    assert mounted_anew([]) == []
