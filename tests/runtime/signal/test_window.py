"""Windows: a second long, half overlapping, each within one segment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from har_runtime.contract import PERIOD_NS
from har_runtime.signal.resample import UniformChunk
from har_runtime.signal.window import Windower


@given(st.lists(st.integers(0, 200), max_size=5), st.integers(1, 60), st.integers(1, 50))
def test_windows_are_the_slices_of_each_segment_for_any_chunking(lengths, chunk, hop) -> None:
    segments = [np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32) for n in lengths]
    windower, got = Windower(length=50, hop=hop), []
    for number, imu in enumerate(segments):
        for begin in range(0, len(imu), chunk):
            got += windower.push(
                [UniformChunk(number, number * 10**12 + begin * PERIOD_NS, imu[begin : begin + chunk])]
            )
    wanted = [
        (number, number * 10**12 + begin * PERIOD_NS, imu[begin : begin + 50].tobytes())
        for number, imu in enumerate(segments)
        for begin in range(0, len(imu) - 49, hop)
    ]
    assert [(w.segment, w.start_ns, w.imu.tobytes()) for w in got] == wanted


def test_a_window_knows_the_times_of_its_first_and_last_sample() -> None:
    (window,) = Windower().push([UniformChunk(0, 7, np.zeros((50, 6), np.float32))])
    assert (window.start_ns, window.end_ns) == (7, 7 + 49 * PERIOD_NS)
