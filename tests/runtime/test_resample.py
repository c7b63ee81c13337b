"""The resampler: what comes out depends on the samples alone, holds the signal, and never crosses a gap."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har_runtime.contract import MAX_GAP_NS, PERIOD_NS
from har_runtime.errors import DataError
from har_runtime.resample import Resampler, UniformChunk, concatenate


def resample(times, acc, gyro, cuts=()) -> list[UniformChunk]:
    """Segments of a recording whose sensors share their times, pushed in chunks that end at `cuts`."""
    resampler = Resampler()
    edges = [0, *sorted(cuts), len(times)]
    chunks = []
    for begin, end in itertools.pairwise(edges):
        chunks += resampler.push(times[begin:end], acc[begin:end], gyro[begin:end])
    return concatenate(chunks + resampler.finish())


def tone(rate_hz: float, tone_hz: float, seconds: float = 10, jitter_s: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """Times and a sine of amplitude 1 on three axes."""
    rng = np.random.default_rng(1)
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    times = times + rng.uniform(-jitter_s, jitter_s, len(times))
    return times, np.repeat(np.sin(2 * np.pi * tone_hz * times)[:, None], 3, axis=1)


def amplitude(signal: np.ndarray, tone_hz: float) -> float:
    """Amplitude of a tone in a 50 Hz signal."""
    time = np.arange(len(signal)) / 50
    basis = np.stack([np.sin(2 * np.pi * tone_hz * time), np.cos(2 * np.pi * tone_hz * time)], axis=1)
    return float(np.hypot(*np.linalg.lstsq(basis, signal.astype(np.float64), rcond=None)[0]))


@st.composite
def streams(draw):
    """Two sensors of their own rates, jitter and gaps, and an order in which pieces of them arrive."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sensors = []
    for _ in range(2):
        rate = draw(st.sampled_from([20.0, 25.0, 48.0, 50.0, 52.0, 100.0, 208.0]))
        count = draw(st.integers(2, 400))
        steps = np.rint(rng.normal(1, draw(st.sampled_from([0.0, 0.05, 0.3])), count).clip(0.01) / rate * 1e9)
        for gap in draw(st.lists(st.integers(0, count - 1), max_size=3)):
            steps[gap] += draw(st.sampled_from([90_000_000, 300_000_000, 2_000_000_000]))
        start = draw(st.integers(0, 10**9))
        sensors.append((start + np.cumsum(steps).astype(np.int64), rng.normal(size=(count, 3))))
    cuts = [sorted(draw(st.lists(st.integers(0, len(t)), max_size=8))) for t, _ in sensors]
    order = draw(st.permutations(range(sum(len(c) + 1 for c in cuts))))
    return sensors, cuts, order


@settings(max_examples=300, deadline=None)
@given(streams())
def test_any_chunking_and_interleaving_gives_bit_identical_segments(case) -> None:
    sensors, cuts, order = case
    whole = Resampler()
    wanted = concatenate(
        whole.push(sensors[0][0], acc=sensors[0][1]) + whole.push(sensors[1][0], gyro=sensors[1][1]) + whole.finish()
    )
    resampler, got = Resampler(), []
    pieces = [
        [(t[a:b], x[a:b]) for a, b in zip([0, *cut], [*cut, len(t)], strict=True)]
        for (t, x), cut in zip(sensors, cuts, strict=True)
    ]
    turns = [0] * len(pieces[0]) + [1] * len(pieces[1])
    for turn in (turns[index] for index in order):
        times, values = pieces[turn].pop(0)
        got += resampler.push(times, acc=values) if turn == 0 else resampler.push(times, gyro=values)
    got = concatenate(got + resampler.finish())
    assert [(c.segment, c.start_ns, c.imu.tobytes()) for c in got] == [
        (c.segment, c.start_ns, c.imu.tobytes()) for c in wanted
    ]
    assert resampler.report == whole.report


@settings(max_examples=200, deadline=None)
@given(streams())
def test_no_segment_reaches_into_a_gap_of_either_sensor(case) -> None:
    (acc_t, acc), (gyro_t, gyro) = case[0]
    resampler = Resampler()
    chunks = resampler.push(acc_t, acc=acc) + resampler.push(gyro_t, gyro=gyro) + resampler.finish()
    for chunk in concatenate(chunks):
        last = chunk.start_ns + (len(chunk.imu) - 1) * PERIOD_NS
        for times in (acc_t, gyro_t):
            assert times[0] <= chunk.start_ns and last <= times[-1]
            gaps = np.flatnonzero(np.diff(times) > MAX_GAP_NS)
            for before, after in zip(times[gaps], times[gaps + 1], strict=True):
                assert last <= before or chunk.start_ns >= after
        assert np.isfinite(chunk.imu).all()


def test_a_recording_made_on_the_50_hz_grid_comes_out_as_it_went_in() -> None:
    values = np.random.default_rng(0).normal(size=(300, 6))
    (segment,) = resample(np.arange(300) * PERIOD_NS, values[:, :3], values[:, 3:])
    assert np.array_equal(segment.imu, values.astype(np.float32))


def test_float_seconds_and_integer_nanoseconds_mean_the_same() -> None:
    times, wave = tone(97, 2)
    (a,) = resample(times, wave, wave)
    (b,) = resample(np.rint(times * 1e9).astype(np.int64), wave, wave)
    assert np.array_equal(a.imu, b.imu)


@pytest.mark.parametrize("rate_hz", [100, 104, 200, 208, 500])
def test_faster_input_keeps_5_hz_within_1_percent_and_loses_40_hz_by_40_db(rate_hz: float) -> None:
    for jitter_s in (0, 0.0002):
        times, low = tone(rate_hz, 5, jitter_s=jitter_s)
        (segment,) = resample(times, low, low)
        assert amplitude(segment.imu[:, 0], 5) == pytest.approx(1, abs=0.01)
        times, high = tone(rate_hz, 40, jitter_s=jitter_s)
        (segment,) = resample(times, high, high)
        # 40 Hz folds down to 10 Hz.
        assert amplitude(segment.imu[:, 0], 10) < 0.01


@pytest.mark.parametrize(("rate_hz", "jitter_s"), [(48, 0), (49.3, 0.002), (50, 0.003), (51.7, 0.002), (52, 0)])
def test_input_near_50_hz_with_jitter_keeps_5_hz_within_1_percent(rate_hz: float, jitter_s: float) -> None:
    times, wave = tone(rate_hz, 5, jitter_s=jitter_s)
    (segment,) = resample(times, wave, wave)
    assert amplitude(segment.imu[:, 3], 5) == pytest.approx(1, abs=0.01)


def test_20_hz_input_keeps_the_rhythm_of_walking() -> None:
    times, wave = tone(20, 2)
    (segment,) = resample(times, wave, wave)
    assert len(segment.imu) == pytest.approx(50 * 10, abs=3)
    assert amplitude(segment.imu[:, 0], 2) == pytest.approx(1, abs=0.01)


def test_input_slower_than_20_hz_gives_nothing_and_is_counted() -> None:
    times, wave = tone(12, 1)
    resampler = Resampler()
    chunks = resampler.push(times, wave, wave) + resampler.finish()
    assert chunks == []
    assert resampler.report.accelerometer.unpaired == len(times)
    assert resampler.report.accelerometer.rate_hz == pytest.approx(12)


def test_unsynchronised_sensors_of_different_rates_meet_on_one_grid() -> None:
    acc_t, acc = tone(104, 3)
    gyro_t, gyro = tone(52, 3)
    gyro_t = gyro_t + 0.0137
    gyro = np.repeat(np.sin(2 * np.pi * 3 * gyro_t)[:, None], 3, axis=1)
    resampler = Resampler()
    chunks = resampler.push(acc_t, acc=acc) + resampler.push(gyro_t, gyro=gyro) + resampler.finish()
    (segment,) = concatenate(chunks)
    assert np.abs(segment.imu[:, 0] - segment.imu[:, 3]).max() < 0.02
    grid = segment.start_ns / 1e9 + np.arange(len(segment.imu)) / 50
    assert np.abs(segment.imu[:, 0] - np.sin(2 * np.pi * 3 * grid)).max() < 0.02


def test_a_gap_in_one_sensor_ends_the_segment_of_both() -> None:
    times = np.arange(500) * PERIOD_NS
    values = np.random.default_rng(0).normal(size=(500, 3))
    present = np.r_[0:200, 300:500]
    resampler = Resampler()
    chunks = (
        resampler.push(times, acc=values) + resampler.push(times[present], gyro=values[present]) + resampler.finish()
    )
    first, second = concatenate(chunks)
    assert (first.start_ns, len(first.imu)) == (0, 200)
    assert (second.start_ns, len(second.imu)) == (300 * PERIOD_NS, 200)
    assert resampler.report.gyroscope.gaps == 1
    assert resampler.report.accelerometer.gaps == 0


def test_bad_samples_are_counted_dropped_and_leave_no_trace() -> None:
    times, wave = tone(100, 3)
    (clean,) = resample(times, wave, wave)
    bad_times = np.insert(times, [300, 500, 700], [times[299], times[400], np.nan])
    bad_wave = np.insert(wave, [300, 500, 700], 1e6, axis=0)
    bad_times = np.insert(bad_times, 800, bad_times[799] + 0.005)
    bad_wave = np.insert(bad_wave, 800, np.nan, axis=0)
    resampler = Resampler()
    (segment,) = concatenate(resampler.push(bad_times, bad_wave, bad_wave) + resampler.finish())
    assert np.array_equal(segment.imu, clean.imu)
    for report in (resampler.report.accelerometer, resampler.report.gyroscope):
        assert (report.received, report.duplicate, report.out_of_order, report.not_finite) == (1004, 1, 1, 2)
        assert report.dropped == 4


def test_a_sensor_without_its_partner_fills_no_more_than_a_minute() -> None:
    resampler = Resampler()
    for second in range(200):
        times = second + np.arange(100) / 100
        assert resampler.push(times, acc=np.ones((100, 3))) == []
    held = sum(len(run.t) for run in resampler._accelerometer.runs)
    assert held <= 61 * 100
    assert resampler.report.accelerometer.unpaired == 200 * 100 - held
    times = 199 + np.arange(300) / 100
    resampler.push(times[100:], acc=np.ones((200, 3)))
    (segment,) = concatenate(resampler.push(times, gyro=np.zeros((300, 3))) + resampler.finish())
    assert segment.start_ns == 199_100_000_000
    assert np.allclose(segment.imu, [1, 1, 1, 0, 0, 0])


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match=r"gyroscope: 3 times need values of shape \(3, 3\), not \(3, 2\)"):
        Resampler().push([0, 1, 2], gyro=np.zeros((3, 2)))
    with pytest.raises(DataError, match="out of range"):
        Resampler().push([1.7e18], acc=[[0, 0, 9.8]])
