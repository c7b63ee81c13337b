"""`simulated:?seed=N&seconds=S&speed=F` - a synthetic wearer with true labels, to try haredge without a sensor.

With `gyroscope=no` the wearer's sensor has only an accelerometer.
"""

from collections.abc import Iterator

import numpy as np

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.sources.simulated.wearer import Wearer
from har_runtime.uri import Uri, number, one_of, speed_option, whole_number

MAX_SEED = 2**32 - 1
MAX_SECONDS = 1e8
"""Three years."""


def open_simulated(uri: Uri) -> "Simulated":
    """The source of a `simulated:` URI; without `seconds` it never ends."""
    uri.only("seed", "seconds", "speed", "gyroscope")
    uri.no_target()
    return Simulated(
        uri.option("seed", whole_number(0, MAX_SEED), 0),
        uri.option("seconds", number(1, MAX_SECONDS), float("inf")),
        uri.option("speed", speed_option, 1.0),
        uri.option("gyroscope", one_of(("yes", "no")), "yes") == "yes",
    )


class Simulated:
    """Samples of a `Wearer`, at 50 Hz, in chunks of a tenth of a second."""

    def __init__(self, seed: int, seconds: float, speed: float, gyroscope: bool = True):
        self.description = f"simulated wearer (synthetic signals, seed {seed})"
        self.report = SourceReport(SAMPLE_RATE_HZ, gyroscope=gyroscope, can_wait=True)
        self._seed, self._seconds, self._speed = seed, seconds, speed

    def __iter__(self) -> Iterator[SampleChunk]:
        pace = Pace(self._speed)
        step = max(1, round(min(self._speed, 100.0) * SAMPLE_RATE_HZ / 10))
        for bout in Wearer(self._seed):
            for begin in range(0, len(bout.times_ns), step):
                times = bout.times_ns[begin : begin + step]
                chunk = bout.part(begin, begin + int(np.count_nonzero(times < self._seconds * 1e9)))
                if not len(chunk.times_ns):
                    return
                pace.wait_until(int(chunk.times_ns[-1]))
                yield chunk if self.report.gyroscope else chunk.without_gyroscope()

    def close(self) -> None:
        """Nothing to release."""
