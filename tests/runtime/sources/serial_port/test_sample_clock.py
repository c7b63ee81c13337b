"""Sample times never go back, and lost time is a gap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from har_runtime.contract import MAX_GAP_NS
from har_runtime.sources.serial_port.sample_clock import EvenClock, SensorClock

MS = 1_000_000
NONE = np.full(1000, np.nan)


def stamped(clock: SensorClock, raw: list[float], arrival_ms: float) -> list[float]:
    return (clock.stamp(np.array(raw, np.float64), round(arrival_ms * MS)) / MS).tolist()


def test_a_sensors_own_times_are_kept() -> None:
    assert stamped(SensorClock("ms"), [12340, 12350, 12360.5], 5) == [12340, 12350, 12360.5]


def test_a_clock_that_jumps_back_continues_after_a_gap_of_the_length_that_the_arrivals_show() -> None:
    clock = SensorClock("ms")
    stamped(clock, [5000, 5010], 100)
    assert stamped(clock, [3, 13], 800) == [5710, 5720]


def test_a_clock_that_jumps_far_ahead_continues_after_a_gap_of_the_length_that_the_arrivals_show() -> None:
    clock = SensorClock("ms")
    stamped(clock, [5000, 5010], 100)
    assert stamped(clock, [9_000_000, 9_000_010], 2_100) == [7010, 7020]


def test_a_jump_that_took_no_time_still_ends_the_segment() -> None:
    clock = SensorClock("ms")
    times = stamped(clock, [5000, 5010, 0, 10, 20], 100)
    assert times[2] - times[1] > MAX_GAP_NS / MS
    assert times[3:] == [times[2] + 10, times[2] + 20]


def test_a_pause_of_some_seconds_is_a_gap_of_its_own_length() -> None:
    assert stamped(SensorClock("s"), [1.0, 1.02, 5.0], 0) == [1000, 1020, 5000]


@pytest.mark.parametrize(("unit", "size"), [("ms", 2**32), ("us", 2**32)])
def test_a_counter_of_32_bits_that_overflows_leaves_no_gap(unit: str, size: int) -> None:
    raw = np.arange(size - 25, size + 25, 10) % size
    assert set(np.diff(SensorClock(unit).stamp(raw.astype(np.float64), 0)).tolist()) == {
        10 * MS // (1 if unit == "ms" else 1000)
    }


def test_the_time_of_day_passes_midnight_without_a_gap() -> None:
    assert stamped(SensorClock("s"), [86399.98, 86399.99, 0.0, 0.01], 0)[-1] == pytest.approx(86400010)


def test_after_a_reconnection_there_is_a_gap_even_if_the_sensors_clock_seems_to_continue() -> None:
    clock = SensorClock("ms")
    stamped(clock, [3000, 3010], 3010)
    clock.restart()
    assert stamped(clock, [3020, 3030], 4010) == [4010, 4020]


def test_a_clock_that_stands_still_is_noticed_and_one_that_only_repeats_itself_is_not() -> None:
    clock = SensorClock("ms")
    for index in range(40):
        stamped(clock, [index * 10, index * 10], index * 10)
    assert not clock.stands_still
    for index in range(20):
        stamped(clock, [390], 400 + index)
    assert clock.stands_still


@given(st.lists(st.tuples(st.lists(st.floats(width=32), max_size=6), st.integers(0, 10**12)), max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_a_clock_shows_times_never_go_back(chunks: list[tuple[list[float], int]]) -> None:
    for unit in ("s", "ms", "us", "ns"):
        clock, arrival, newest = SensorClock(unit), 0, None
        for raw, later in chunks:
            arrival += later
            values = np.array(raw, np.float64)
            for time in clock.stamp(values[clock.usable(values)], arrival).tolist():
                assert newest is None or time >= newest
                newest = time


def arrivals(rate_hz: float, seconds: float, chunk_ms: float, jitter_ms: float, seed: int) -> list[tuple[int, int]]:
    """Reads of a port: the number of samples and the time in ns of each."""
    rng = np.random.default_rng(seed)
    sent = np.arange(round(rate_hz * seconds)) / rate_hz + 1.0
    reads, done, now = [], 0, 1.0
    while done < len(sent):
        now += chunk_ms / 1000 + rng.uniform(0, jitter_ms) / 1000
        count = int(np.searchsorted(sent, now)) - done
        if count:
            reads.append((count, round(now * 1e9)))
        done += count
    return reads


@pytest.mark.parametrize(("rate_hz", "nominal_hz"), [(50, 50), (100, 97), (104, 108), (20, 20.5), (500, 480)])
def test_without_a_clock_samples_are_even_at_the_true_rate_though_they_arrive_in_bursts(rate_hz, nominal_hz) -> None:
    clock = EvenClock(1e9 / nominal_hz)
    times = np.concatenate([clock.stamp(NONE[:n], at) for n, at in arrivals(rate_hz, 60, 100, 20, seed=1)])
    steps = np.diff(times)
    settled = steps[len(steps) // 2 :]
    assert np.mean(settled) == pytest.approx(1e9 / rate_hz, rel=0.002)
    assert settled.max() < 1.25e9 / rate_hz
    assert settled.min() > 0.75e9 / rate_hz
    assert steps.max() < MAX_GAP_NS


def test_without_a_clock_silence_is_a_gap_and_time_follows_the_arrivals() -> None:
    clock = EvenClock(20 * MS)
    reads = arrivals(50, 10, 100, 0, seed=0)
    times = [clock.stamp(NONE[:n], at) for n, at in reads]
    later = clock.stamp(NONE[:5], reads[-1][1] + 2_000 * MS)
    assert later[0] - times[-1][-1] > 1_800 * MS
    assert later[-1] == reads[-1][1] + 2_000 * MS


def test_a_busy_computer_that_reads_late_makes_no_gap() -> None:
    clock = EvenClock(10 * MS)
    first = clock.stamp(NONE[:10], 100 * MS)
    late = clock.stamp(NONE[:80], 900 * MS)
    assert np.diff(np.concatenate([first, late])).max() < 11 * MS


def test_replacing_a_sensors_clock_leaves_a_gap_and_goes_forward() -> None:
    clock = EvenClock(10 * MS, after_ns=10**15)
    times = np.concatenate([clock.stamp(NONE[:10], 5_000 * MS), clock.stamp(NONE[:10], 5_100 * MS)])
    assert times[0] - 10**15 > MAX_GAP_NS
    assert np.diff(times).max() < 11 * MS
