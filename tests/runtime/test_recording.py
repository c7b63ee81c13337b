"""A recording is cut into windows whichever sensors it has; the label of a window is the one that all its samples
have."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import simulated_recording

from har_runtime.contract import PERIOD_NS
from har_runtime.recording import CutRecording, LabelTrack, Recording, cut_recording
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Window, Windower

SECOND = 1_000_000_000


def two_streams(minutes: int = 10) -> Recording:
    """A device whose sensors, of 20 and 25 Hz, have times of their own; a label for each minute."""
    rng = np.random.default_rng(3)
    acc_t, gyro_t = (
        np.cumsum(rng.normal(1, 0.05, minutes * 60 * rate).clip(0.5) * SECOND / rate).astype(np.int64)
        for rate in (20, 25)
    )
    labels = np.char.add("activity", np.minimum(acc_t // (60 * SECOND), minutes - 1).astype(str))
    acc, gyro = rng.normal(size=(len(acc_t), 3)), rng.normal(size=(len(gyro_t), 3))
    return Recording("two", acc_t, acc, gyro, labels, gyro_times_ns=gyro_t)


def live(recording: Recording) -> list[Window]:
    """Its windows if the samples of both sensors are pushed as they were taken, a second's at a time."""
    assert recording.gyro is not None and recording.gyro_times_ns is not None
    resampler, windower = Resampler(), Windower()
    windows: list[Window] = []
    last_ns = max(recording.times_ns.max(), recording.gyro_times_ns.max())
    for begin_ns in range(0, int(last_ns) + 1, SECOND):
        for times, values, name in (
            (recording.times_ns, recording.acc, "acc"),
            (recording.gyro_times_ns, recording.gyro, "gyro"),
        ):
            part = (times >= begin_ns) & (times < begin_ns + SECOND)
            windows += windower.push(resampler.push(times[part], **{name: values[part]}))
    return windows + windower.push(resampler.finish())


def as_bytes(windows: list[Window]) -> list[tuple[int, int, bytes]]:
    return [(window.segment, window.start_ns, window.imu.tobytes()) for window in windows]


def dropped(cut: CutRecording) -> int:
    return cut.report.accelerometer.dropped + cut.report.gyroscope.dropped


def test_sensors_with_times_of_their_own_are_cut_as_if_they_came_live() -> None:
    recording = two_streams()
    cut = cut_recording(recording)
    assert as_bytes(cut.windows) == as_bytes(live(recording))
    assert len(cut.windows) > 590 * 2
    assert dropped(cut) == 0
    changes = cut.labels.count(None)
    assert changes == 9 * 2  # Two windows across each change of the label.
    assert cut.labels[0] == "activity0" and cut.labels[-1] == "activity9"


@pytest.mark.parametrize("sensor", ["acc", "gyro"])
def test_a_long_gap_in_one_sensor_costs_only_what_the_other_measured_meanwhile(sensor: str) -> None:
    recording = two_streams()
    assert recording.gyro is not None and recording.gyro_times_ns is not None and recording.labels is not None
    times = recording.times_ns if sensor == "acc" else recording.gyro_times_ns
    kept = (times < 100 * SECOND) | (times > 450 * SECOND)
    if sensor == "acc":
        shorter = replace(
            recording, times_ns=times[kept], acc=recording.acc[kept], labels=np.asarray(recording.labels)[kept]
        )
    else:
        shorter = replace(recording, gyro_times_ns=times[kept], gyro=recording.gyro[kept])
    cut = cut_recording(shorter)
    assert as_bytes(cut.windows) == as_bytes(live(shorter))
    assert len(cut.windows) == pytest.approx(250 * 2, abs=6)


def test_a_clock_that_was_set_back_during_the_recording_costs_nothing() -> None:
    recording = two_streams()
    assert recording.gyro_times_ns is not None
    acc_t, gyro_t = recording.times_ns.copy(), recording.gyro_times_ns.copy()
    for times in (acc_t, gyro_t):
        times[times > 300 * SECOND] -= 200 * SECOND
    cut = cut_recording(replace(recording, times_ns=acc_t, gyro_times_ns=gyro_t))
    assert cut.report.accelerometer.clock_jumps == cut.report.gyroscope.clock_jumps == 1
    assert dropped(cut) == 0
    assert len(cut.windows) == pytest.approx(600 * 2, abs=6)


def test_wild_and_repeated_times_of_one_sensor_cost_these_samples_alone() -> None:
    recording = two_streams()
    times = recording.times_ns.copy()
    times[[400, 4000, 9000]] += np.array([5000, -5000, 90_000]) * SECOND
    times[6000] = times[5999]
    cut = cut_recording(replace(recording, times_ns=times))
    assert dropped(cut) == 4
    assert len(cut.windows) > 590 * 2


def test_without_a_gyroscope_the_windows_have_the_same_acceleration_and_no_angular_rate() -> None:
    recording = simulated_recording(0, 3000)
    both, alone = cut_recording(recording), cut_recording(replace(recording, gyro=None))
    assert alone.labels == both.labels
    for with_both, without in zip(both.windows, alone.windows, strict=True):
        assert without.start_ns == with_both.start_ns
        assert without.imu[:, :3].tobytes() == with_both.imu[:, :3].tobytes()
        assert not without.imu[:, 3:].any()
    assert alone.report.gyroscope.received == 0


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
