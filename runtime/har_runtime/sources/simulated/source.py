"""`simulated:?seed=N&seconds=S&speed=F` - a synthetic wearer with true labels, to try haredge without a sensor."""

from collections.abc import Iterator

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.samples import ImuChunk
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.sources.simulated.wearer import Wearer
from har_runtime.uri import Uri, speed_option


def open_simulated(uri: Uri) -> "Simulated":
    """The source of a `simulated:` URI; without `seconds` it never ends."""
    uri.only("seed", "seconds", "speed")
    return Simulated(
        uri.option("seed", _seed, 0), uri.option("seconds", float, float("inf")), uri.option("speed", speed_option, 1.0)
    )


def _seed(text: str) -> int:
    if int(text) < 0:
        raise ValueError("must be 0 or more")
    return int(text)


class Simulated:
    """Samples of a `Wearer`, at 50 Hz, in chunks of a tenth of a second."""

    def __init__(self, seed: int, seconds: float, speed: float):
        self.description = f"simulated wearer (synthetic signals, seed {seed})"
        self.report = SourceReport(SAMPLE_RATE_HZ, can_wait=True)
        self._seed, self._seconds, self._speed = seed, seconds, speed

    def __iter__(self) -> Iterator[ImuChunk]:
        pace = Pace(self._speed)
        step = max(1, round(min(self._speed, 100.0) * SAMPLE_RATE_HZ / 10))
        for bout in Wearer(self._seed):
            for begin in range(0, len(bout.times_ns), step):
                part = slice(begin, begin + step)
                times = bout.times_ns[part]
                times = times[times < self._seconds * 1e9]
                if not len(times):
                    return
                part = slice(begin, begin + len(times))
                pace.wait_until(int(times[-1]))
                labels = None if bout.labels is None else bout.labels[part]
                yield ImuChunk(times, bout.acc[part], bout.gyro[part], labels)

    def close(self) -> None:
        """Nothing to release."""
