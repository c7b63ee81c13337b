"""The resampler: what comes out depends on the samples alone, holds the signal, and never crosses a gap."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har_runtime.contract import HOP, MAX_GAP_NS, PERIOD_NS
from har_runtime.errors import DataError
from har_runtime.signal import resample as resample_module
from har_runtime.signal.repeats import Repeats
from har_runtime.signal.report import SensorReport
from har_runtime.signal.resample import Resampler, UniformChunk, concatenate
from har_runtime.signal.window import Windower

SECOND = 1_000_000_000


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


@st.composite
def faulty_streams(draw):
    """The same from one device whose clock is set back or ahead now and then, with wild times and stuck readings."""
    sensors, cuts, order = draw(streams())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    # Both sensors see each clock for long enough to believe it.
    first_s, last_s = max(t[0] for t, _ in sensors) / SECOND, min(t[-1] for t, _ in sensors) / SECOND
    jumps = draw(st.lists(st.integers(1, 5), max_size=2, unique=True))
    jumps = [first_s + 3 * index for index in jumps if first_s + 3 * index < last_s - 3]
    by_s = [draw(st.sampled_from([-900, -40, -8, 2, 700])) for _ in jumps]
    faulty = []
    for true_ns, true_x in sensors:
        t, x, true_s = true_ns.copy(), true_x.copy(), true_ns / SECOND
        for jump, by in zip(jumps, by_s, strict=True):
            t[true_s >= jump] += by * SECOND
        wild = np.flatnonzero(rng.random(len(t)) < draw(st.sampled_from([0, 0.02])))
        wild = wild[np.diff(wild, prepend=-2) > 1]
        t[wild] += rng.choice([-1, 1], len(wild)) * rng.integers(1, 2**61, len(wild))
        repeated = np.flatnonzero(rng.random(len(t)) < draw(st.sampled_from([0, 0.02])))[1:]
        t[repeated] = t[repeated - 1]
        x[rng.integers(0, len(t)) :][:150] = rng.choice([0.5, 30.0])
        faulty.append((t, x))
    return faulty, cuts, order


@pytest.fixture(autouse=True)
def _numbers_are_numbers():
    with np.errstate(invalid="raise", divide="raise"):
        yield


def in_pieces(resampler: Resampler, sensors, cuts, order) -> list[UniformChunk]:
    """Segments of two sensors, pushed in pieces that end at `cuts`, a piece of one or the other by `order`."""
    pieces = [
        [(t[a:b], x[a:b]) for a, b in zip([0, *cut], [*cut, len(t)], strict=True)]
        for (t, x), cut in zip(sensors, cuts, strict=True)
    ]
    turns = [0] * len(pieces[0]) + [1] * len(pieces[1])
    got = []
    for turn in (turns[index] for index in order):
        times, values = pieces[turn].pop(0)
        got += resampler.push(times, acc=values) if turn == 0 else resampler.push(times, gyro=values)
    return concatenate(got + resampler.finish())


def as_bytes(chunks: list[UniformChunk]) -> list[tuple[int, int, bytes]]:
    return [(chunk.segment, chunk.start_ns, chunk.imu.tobytes()) for chunk in chunks]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.one_of(streams(), faulty_streams()), st.sampled_from([1, 7, HOP]))
def test_any_chunking_and_interleaving_gives_bit_identical_segments(case, block) -> None:
    sensors, cuts, order = case
    whole, resampler = Resampler(), Resampler(block)
    (acc_t, acc), (gyro_t, gyro) = sensors
    wanted = concatenate(whole.push(acc_t, acc=acc) + whole.push(gyro_t, gyro=gyro) + whole.finish())
    assert as_bytes(in_pieces(resampler, sensors, cuts, order)) == as_bytes(wanted)
    assert resampler.report == whole.report


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(faulty_streams(), st.lists(st.integers(0, 400), max_size=30))
def test_any_chunking_of_a_faulty_device_gives_bit_identical_segments(case, cuts) -> None:
    (t, acc), (_, gyro) = case[0]
    count = min(len(acc), len(gyro))
    t, acc, gyro = t[:count], acc[:count], gyro[:count]
    cuts = [cut for cut in cuts if cut <= count]
    assert as_bytes(resample(t, acc, gyro, cuts)) == as_bytes(resample(t, acc, gyro))


@pytest.mark.slow
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


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.one_of(streams(), faulty_streams()), st.lists(st.integers(0, 400), max_size=30), st.sampled_from([1, 7, HOP]))
def test_without_a_gyroscope_any_chunking_gives_what_both_sensors_give_and_no_angular_rate(case, cuts, block) -> None:
    (t, acc), _ = case[0]
    alone, both = Resampler(block, gyroscope=False), Resampler()
    chunks = []
    for begin, end in itertools.pairwise([0, *sorted(cut for cut in cuts if cut <= len(t)), len(t)]):
        chunks += alone.push(t[begin:end], acc[begin:end])
    got = concatenate(chunks + alone.finish())
    wanted = concatenate(both.push(t, acc, acc) + both.finish())
    for chunk in wanted:
        chunk.imu[:, 3:] = 0.0
    assert as_bytes(got) == as_bytes(wanted)
    assert alone.report.accelerometer == both.report.accelerometer
    assert alone.report.gyroscope == SensorReport()
    assert (alone.report.segments, alone.report.samples) == (both.report.segments, both.report.samples)


def test_without_a_gyroscope_a_gap_ends_the_segment_and_a_clock_set_back_too() -> None:
    times, values = device(1500)
    times[500:] += SECOND
    times[1000:] -= 3600 * SECOND
    resampler = Resampler(HOP, gyroscope=False)
    chunks = resampler.push(times, values[:, :3]) + resampler.finish()
    assert [chunk.start_ns for chunk in concatenate(chunks)] == [int(times[at]) + SECOND // 10 for at in (0, 500, 1000)]
    sensor = resampler.report.accelerometer
    assert (sensor.gaps, sensor.clock_jumps, sensor.dropped) == (1, 1, 0)


def test_without_a_gyroscope_each_window_comes_as_soon_as_with_one() -> None:
    times, values = device(1000)
    alone, both = (Resampler(HOP, gyroscope=False), Windower()), (Resampler(HOP), Windower())
    for begin in range(len(times)):
        part = slice(begin, begin + 1)
        without = alone[1].push(alone[0].push(times[part], values[part, :3]))
        with_both = both[1].push(both[0].push(times[part], values[part, :3], values[part, 3:]))
        assert [window.start_ns for window in without] == [window.start_ns for window in with_both]


def test_angular_rates_are_refused_where_there_is_no_gyroscope() -> None:
    resampler = Resampler(gyroscope=False)
    with pytest.raises(DataError, match=r"^gyroscope: angular rates were pushed to Resampler\(gyroscope=False\); .*$"):
        resampler.push([0, 1], np.zeros((2, 3)), np.zeros((2, 3)))
    assert resampler.report.accelerometer.received == 0


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


@pytest.mark.parametrize("value", [1e39, -1e300, np.inf, -np.inf, np.nan, 4001.0])
def test_a_reading_that_no_sensor_makes_is_dropped_and_leaves_no_trace(value: float) -> None:
    """1e39 is a number, but infinite as a float32."""
    times, wave = tone(100, 3)
    (clean,) = resample(times, wave, wave)
    row = np.array([0.0, value, 0.0])
    times, bad = np.insert(times, 150, times[149] + 0.005), np.insert(wave, 150, row, axis=0)
    resampler = Resampler()
    (segment,) = concatenate(resampler.push(times, bad, bad) + resampler.finish())
    assert np.array_equal(segment.imu, clean.imu)
    assert resampler.report.accelerometer.invalid == resampler.report.gyroscope.invalid == 1


def test_readings_up_to_the_widest_range_of_any_sensor_are_used() -> None:
    times, wave = tone(100, 3)
    resampler = Resampler()
    (segment,) = concatenate(resampler.push(times, wave * 0 + 3900.0, wave * 0 - 69.0) + resampler.finish())
    assert resampler.report.accelerometer.dropped == resampler.report.gyroscope.dropped == 0
    assert np.isfinite(segment.imu).all()


def test_bad_samples_are_counted_dropped_and_leave_no_trace() -> None:
    times, wave = tone(100, 3)
    (clean,) = resample(times, wave, wave)
    bad_times = np.insert(times, [300, 500, 700], [times[299], times[400], np.nan])
    bad_wave = np.insert(wave, [300, 500, 700], 50.0, axis=0)
    bad_times = np.insert(bad_times, 800, bad_times[799] + 0.005)
    bad_wave = np.insert(bad_wave, 800, np.nan, axis=0)
    resampler = Resampler()
    (segment,) = concatenate(resampler.push(bad_times, bad_wave, bad_wave) + resampler.finish())
    assert np.array_equal(segment.imu, clean.imu)
    for report in (resampler.report.accelerometer, resampler.report.gyroscope):
        assert (report.received, report.duplicate, report.out_of_order, report.invalid) == (1004, 1, 1, 2)
        assert report.dropped == 4


def test_a_sensor_without_its_partner_fills_no_more_than_a_minute() -> None:
    resampler = Resampler()
    for second in range(200):
        times = second + np.arange(100) / 100
        assert resampler.push(times, acc=np.ones((100, 3))) == []
    held = sum(len(stretch.t) for stretch in resampler._accelerometer.stretches)
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


def device(count: int, rate_hz: float = 100, start_s: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """Even times of a device, ns, and six channels of noise."""
    times = np.rint((start_s + np.arange(count) / rate_hz) * 1e9).astype(np.int64)
    return times, np.random.default_rng(5).normal(size=(count, 6))


def run(times: np.ndarray, values: np.ndarray, step: int = 2) -> tuple[list[UniformChunk], Resampler]:
    """Segments of a device whose samples come a few at a time."""
    resampler, chunks = Resampler(HOP), []
    for begin in range(0, len(times), step):
        part = slice(begin, begin + step)
        chunks += resampler.push(times[part], values[part, :3], values[part, 3:])
    return concatenate(chunks + resampler.finish()), resampler


@pytest.mark.parametrize("by_s", [3600, -3600, 0.4, 9e8, -5])
def test_a_wild_time_costs_its_sample_alone(by_s: float) -> None:
    times, values = device(1000)
    wild = times.copy()
    wild[500] += int(by_s * 1e9)
    (clean,), _ = run(np.delete(times, 500), np.delete(values, 500, axis=0))
    (segment,), resampler = run(wild, values)
    assert np.array_equal(segment.imu, clean.imu)
    for sensor in (resampler.report.accelerometer, resampler.report.gyroscope):
        assert (sensor.stray, sensor.out_of_order) == ((1, 0) if by_s > 0 else (0, 1))
        assert (sensor.gaps, sensor.clock_jumps, sensor.dropped) == (0, 0, 1)


@pytest.mark.parametrize(("by_s", "gaps", "jumps"), [(-5, 0, 1), (-3600, 0, 1), (5, 1, 0), (3600, 1, 0), (9e9, 1, 0)])
def test_after_its_clock_was_set_a_device_goes_on_in_a_new_segment(by_s: float, gaps: int, jumps: int) -> None:
    times, values = device(1000)
    times[500:] += int(by_s * 1e9)
    (first, second), resampler = run(times, values)
    (a,), (b,) = run(times[:500], values[:500])[0], run(times[500:], values[500:])[0]
    assert np.array_equal(first.imu, a.imu) and np.array_equal(second.imu, b.imu)
    assert (first.start_ns, second.start_ns) == (a.start_ns, b.start_ns)
    for sensor in (resampler.report.accelerometer, resampler.report.gyroscope):
        assert (sensor.gaps, sensor.clock_jumps, sensor.dropped) == (gaps, jumps, 0)


def test_a_clock_that_is_ahead_for_two_seconds_and_comes_back_loses_nothing() -> None:
    times, values = device(1000)
    times[400:600] += 1000 * SECOND
    segments, resampler = run(times, values)
    assert [segment.start_ns for segment in segments] == [SECOND // 10, 1004 * SECOND + SECOND // 10, 61 * SECOND // 10]
    for sensor in (resampler.report.accelerometer, resampler.report.gyroscope):
        assert (sensor.gaps, sensor.clock_jumps, sensor.dropped) == (1, 1, 0)


@pytest.mark.parametrize("by_s", [30, 5000])
def test_where_the_clock_of_one_sensor_alone_is_wrong_for_a_while_the_stream_goes_on_after_it(by_s: int) -> None:
    times, values = device(10_000)
    wrong = times.copy()
    wrong[1000:1200] += by_s * SECOND
    resampler, chunks = Resampler(HOP), []
    for begin in range(0, 10_000, 10):
        part = slice(begin, begin + 10)
        chunks += resampler.push(wrong[part], acc=values[part, :3]) + resampler.push(times[part], gyro=values[part, 3:])
    *_, last = concatenate(chunks + resampler.finish())
    end_ns = last.start_ns + (len(last.imu) - 1) * PERIOD_NS
    assert np.isfinite(last.imu).all()
    assert 12 * SECOND <= last.start_ns <= (12 + by_s % 1000 + 3) * SECOND
    assert end_ns > 99.8 * SECOND


def test_a_clock_set_back_by_less_than_half_a_second_ends_the_segment_all_the_same() -> None:
    times, values = device(1000)
    times[500:] -= 300_000_000
    (first, second), resampler = run(times, values)
    assert (first.start_ns + (len(first.imu) - 1) * PERIOD_NS, second.start_ns) == (488 * 10**7, 510 * 10**7)
    report = resampler.report.gyroscope
    assert (report.duplicate, report.out_of_order, report.gaps, report.clock_jumps) == (1, 29, 1, 0)


@pytest.mark.parametrize("rate_hz", [20, 50, 100, 500])
@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_at_any_rate_windows_come_from_stretches_without_a_gap_and_every_gap_is_counted(rate_hz, lost) -> None:
    rng = np.random.default_rng(7)
    times, values = device(60 * rate_hz, rate_hz)
    times += rng.integers(-SECOND // rate_hz // 4, SECOND // rate_hz // 4, len(times))
    kept = rng.random(len(times)) >= lost
    times, values = times[kept], values[kept]
    segments, resampler = run(times, values, step=7)
    windows = Windower().push(segments)
    gaps = np.flatnonzero(np.diff(times) > MAX_GAP_NS)
    report = resampler.report.accelerometer
    assert (report.received, report.gaps, report.dropped - report.unpaired) == (len(times), len(gaps), 0)
    for window in windows:
        assert not np.any((times[gaps] < window.end_ns) & (times[gaps + 1] > window.start_ns))
    edges = np.concatenate([[times[0]], np.stack([times[gaps], times[gaps + 1]], axis=1).ravel(), [times[-1]]])
    # What a stretch holds: its length less a kernel's overhang on either side, and the wait for a first grid point.
    least = sum(max(0, int((end - begin - 0.26 * SECOND) // (0.5 * SECOND)) - 1) for begin, end in edges.reshape(-1, 2))
    if (rate_hz, lost) == (20, 0.3):  # What is left is slower than 20 Hz.
        assert not windows and report.unpaired > len(times) / 2
    else:
        assert len(windows) >= least > 80


def test_readings_that_stick_are_counted_once_they_have_lasted_a_second_and_still_given_out() -> None:
    times, values = device(1000)
    values[300:450, :3] = values[300, :3]
    values[600:690, 3:] = values[600, 3:]
    (segment,), resampler = run(times, values)
    assert (resampler.report.accelerometer.stuck, resampler.report.gyroscope.stuck) == (150, 0)
    assert resampler.report.accelerometer.dropped == 0
    assert len(segment.imu) == 490


def test_readings_at_the_end_of_the_range_are_counted_by_axis() -> None:
    times, values = device(1000)
    values[100:110, 2] = 156.9  # 16 g for 0.1 s.
    values[200:203, 2] = 156.9  # Too short to tell from a peak.
    values[300:340, 0] = 9.81  # What a coarse sensor at rest reads.
    values[500:520, 4:] = -34.9
    _, resampler = run(times, values)
    assert (resampler.report.accelerometer.full_scale, resampler.report.gyroscope.full_scale) == (10, 40)


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60), st.lists(st.integers(1, 9)))
def test_repeats_are_counted_as_by_hand_for_any_chunking(samples, sizes) -> None:
    times = np.cumsum([step for step, _ in samples])
    same = np.array([equal for _, equal in samples])
    same[0] = False
    repeats, counted, begin = Repeats(span_ns=40, min_samples=3), 0, 0
    for size in [*sizes, len(times)]:
        if part := len(times[begin : begin + size]):
            counted += repeats.push(times[begin : begin + part], same[begin : begin + part])
            begin += part
    starts = [*np.flatnonzero(~same).tolist(), len(times)]
    spans = [(end - start, times[end - 1] - times[start]) for start, end in itertools.pairwise(starts)]
    assert counted == sum(length for length, span in spans if length >= 3 and span >= 40)


def test_samples_held_back_are_the_caller_s_no_more() -> None:
    times, values = device(400)
    buffer_t, buffer_x = np.empty(2, np.int64), np.empty((2, 6))
    resampler, chunks = Resampler(HOP), []
    for begin in range(0, 400, 2):
        buffer_t[:], buffer_x[:] = times[begin : begin + 2], values[begin : begin + 2]
        chunks += resampler.push(buffer_t, buffer_x[:, :3], buffer_x[:, 3:])
    assert as_bytes(concatenate(chunks + resampler.finish())) == as_bytes(run(times, values)[0])


@pytest.mark.parametrize("rate_hz", [50, 100, 208])
def test_holding_samples_back_by_the_hop_delays_no_window(rate_hz: int) -> None:
    times, values = device(10 * rate_hz, rate_hz, start_s=0.003)
    prompt, patient = (Resampler(1), Windower()), (Resampler(HOP), Windower())
    for begin in range(len(times)):
        part = slice(begin, begin + 1)
        at_once, held_back = (
            [
                window.start_ns
                for window in windower.push(resampler.push(times[part], values[part, :3], values[part, 3:]))
            ]
            for resampler, windower in (prompt, patient)
        )
        assert at_once == held_back


def test_live_samples_are_resampled_twice_a_second_and_not_each_time_they_come(monkeypatch) -> None:
    calls = []
    values_at = resample_module.values_at
    monkeypatch.setattr(resample_module, "values_at", lambda *given: calls.append(1) or values_at(*given))
    run(*device(6000))
    assert 118 <= len(calls) <= 122


@pytest.mark.parametrize(
    "clock", ["far ahead", "too slow", "standing", pytest.param("all gaps", marks=pytest.mark.slow)]
)
def test_whatever_one_sensor_s_clock_does_what_waits_for_the_other_is_bounded(clock: str) -> None:
    times, values = device(100_000)
    odd = {
        "far ahead": times + np.where(times > SECOND, 10**6 * SECOND, 0),
        "too slow": times // 1_000_000,
        "standing": np.full(len(times), SECOND),
        "all gaps": times * 20,
    }[clock]
    resampler = Resampler()
    for begin in range(0, len(times), 100):
        part = slice(begin, begin + 100)
        resampler.push(odd[part], acc=values[part, :3])
        resampler.push(times[part], gyro=values[part, 3:])
        for sensor in (resampler._accelerometer, resampler._gyroscope):
            assert sum(len(stretch.t) for stretch in sensor.stretches) <= 61_000
            assert len(sensor.stretches) <= 700
    assert resampler.report.gyroscope.received == len(times)
