"""The label of a window is the one that all its samples have."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import simulated_recording

from har_runtime.contract import PERIOD_NS
from har_runtime.recording import LabelTrack, cut_recording


@given(st.lists(st.sampled_from(["", "sitting", "walking"]), min_size=10, max_size=60), st.integers(1, 30))
def test_a_window_has_a_label_only_if_all_its_samples_have_it(labels, chunk) -> None:
    runs = np.repeat(labels, 7)
    times = np.arange(len(runs)) * PERIOD_NS
    track = LabelTrack()
    for begin in range(0, len(runs), chunk):
        track.push(times[begin : begin + chunk], runs[begin : begin + chunk])
    for begin in range(0, len(runs) - 50, 13):
        inside = set(runs[begin : begin + 50].tolist())
        wanted = inside.pop() or None if len(inside) == 1 else None
        assert track.between(int(times[begin]), int(times[begin + 49])) == wanted


def test_forgetting_the_past_leaves_the_present() -> None:
    track = LabelTrack()
    track.push([0.0, 1.0, 2.0, 3.0], ["sitting", "walking", "sitting", "lying"])
    track.forget_before(2 * 10**9)
    assert track.between(2 * 10**9, 2 * 10**9) == "sitting"
    assert track.between(3 * 10**9, 4 * 10**9) == "lying"


def test_windows_of_a_recording_carry_their_label() -> None:
    recording = simulated_recording(0, 3000)
    cut = cut_recording(recording)
    assert len(cut.windows) == len(cut.labels) == (3000 - 50) // 25 + 1
    assert recording.labels is not None
    for window, label in zip(cut.windows, cut.labels, strict=True):
        begin = window.start_ns // PERIOD_NS
        inside = set(recording.labels[begin : begin + 50].tolist())
        assert label == (inside.pop() or None if len(inside) == 1 else None)
