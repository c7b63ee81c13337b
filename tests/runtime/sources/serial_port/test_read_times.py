"""When a port is read next."""

import pytest

from har_runtime.sources.serial_port.read_times import LAG_S, LONGEST_S, MAX_BYTES, PERIOD_S, ReadTimes

PERIOD_NS = 10_000_000
OFFSET_S = 1000.0
"""By how much this computer's clock is ahead of the sensor's at first."""


class Port:
    """A port on which a sensor sends a sample of 33 bytes each 10 ms of its clock."""

    def __init__(self, drift: float = 0.0):
        self.now_s = OFFSET_S
        self.newest_ns = 0
        self._drift = drift
        self.times = ReadTimes()
        self.reads = 0

    def arrival_s(self, sample_ns: int) -> float:
        return OFFSET_S + sample_ns / 1e9 * (1 + self._drift)

    def read(self, due_ns: int | None) -> None:
        """Wait as long as it says, and then for the first byte if there is none."""
        self.now_s += self.times.wait_s(self.now_s, due_ns)
        next_s = self.arrival_s(self.newest_ns + PERIOD_NS)
        waited = next_s > self.now_s
        self.now_s = max(self.now_s, next_s)
        before = self.newest_ns
        while self.arrival_s(self.newest_ns + PERIOD_NS) <= self.now_s:
            self.newest_ns += PERIOD_NS
        self.reads += 1
        self.times.step(self.now_s, 33 * (self.newest_ns - before) // PERIOD_NS, self.newest_ns, waited)

    def delays_s(self, windows: int) -> list[float]:
        """How long after its arrival the sample of each due time was read."""
        delays = []
        for window in range(1, windows + 1):
            due_ns = window * 500_000_000
            while self.newest_ns < due_ns:
                self.read(due_ns)
            delays.append(self.now_s - self.arrival_s(due_ns))
        return delays


@pytest.mark.parametrize("drift", [0.0, 0.0005, -0.0005])
def test_the_sample_that_is_due_is_read_right_after_it_arrives_whichever_clock_is_faster(drift: float) -> None:
    port = Port(drift)
    delays = port.delays_s(200)
    assert max(delays) < 2 * LAG_S
    assert min(delays) >= 0.0


def test_most_answers_take_one_read() -> None:
    port = Port()
    port.delays_s(200)
    assert port.reads < 1.3 * 200


def test_without_a_time_that_is_due_the_port_is_read_ten_times_a_second() -> None:
    port = Port()
    for _ in range(50):
        port.read(None)
    assert port.now_s - OFFSET_S == pytest.approx(5.0, abs=PERIOD_S)


def test_no_more_is_left_waiting_than_the_kernel_holds() -> None:
    times = ReadTimes()
    times.step(0.0, 0, None, False)
    times.step(0.01, 1000, 10_000_000, False)  # 100 kB/s.
    assert times.wait_s(0.01, 10_000_000_000) == pytest.approx(MAX_BYTES / 100_000)


@pytest.mark.parametrize("lost_ns", [200_000_000, 10_000_000_000])
def test_a_time_that_is_long_past_does_not_make_each_byte_wake_the_program(lost_ns: int) -> None:
    times = ReadTimes()
    times.step(100.0, 33, lost_ns + 10_000_000, True)
    assert times.wait_s(100.0, 10_000_000) == pytest.approx(PERIOD_S)


def test_a_clock_that_was_set_back_is_learnt_anew() -> None:
    times = ReadTimes()
    times.step(100.0, 33, 50_000_000_000, True)
    times.step(100.5, 33, 1_000_000_000, False)
    assert 0.3 < times.wait_s(100.5, 1_500_000_000) <= LONGEST_S


def test_a_time_far_ahead_is_not_waited_for() -> None:
    times = ReadTimes()
    times.step(100.0, 33, 1_000_000_000, True)
    assert times.wait_s(100.0, 99_000_000_000) == LONGEST_S
