"""When a source is asked for the sample that is due."""

from har_runtime.sources.due_times import DueTimes

S = 1_000_000_000


def test_nothing_is_known_before_a_sample_and_without_one_that_is_due() -> None:
    times = DueTimes()
    assert times.wait_s(5 * S, 3 * S) is None
    times.step(5 * S, 2 * S)
    assert times.wait_s(5 * S, None) is None
    assert times.wait_s(5 * S, 3 * S) == 1.0


def test_the_fastest_arrival_counts() -> None:
    times = DueTimes()
    for now_ns, newest_ns in ((5 * S, 2 * S), (6 * S, int(3.25 * S)), (7 * S, 4 * S)):
        times.step(now_ns, newest_ns)
    assert times.wait_s(7 * S, int(4.5 * S)) == 0.25
    assert times.wait_s(8 * S, int(4.5 * S)) == 0.0


def test_a_clock_that_was_set_is_learnt_anew() -> None:
    times = DueTimes()
    times.step(5 * S, 2 * S)
    times.step(6 * S, -7 * S)
    assert times.wait_s(6 * S, -6 * S) == 1.0
