"""When the sample that the next answer needs will be there, for sources that are asked for their samples."""

from typing import Final

MAX_STEP_NS: Final = 1_000_000_000
"""A larger change between the clocks means that one was set."""


class DueTimes:
    """Learns by how much this computer's clock is ahead of the sensor's when a sample can first be read.

    The smallest difference seen is the truest: others had waited to be read. An estimate that is too early costs a
    request in vain, one that is too late delays an answer.
    """

    def __init__(self) -> None:
        self._ahead_ns: int | None = None

    def step(self, now_ns: int, newest_ns: int) -> None:
        """Add what was read.

        Args:
            now_ns: by this computer's monotonic clock.
            newest_ns: sensor time of the newest sample.
        """
        ahead_ns = now_ns - newest_ns
        if self._ahead_ns is None or ahead_ns < self._ahead_ns or ahead_ns - self._ahead_ns > MAX_STEP_NS:
            self._ahead_ns = ahead_ns

    def wait_s(self, now_ns: int, due_ns: int | None) -> float | None:
        """Seconds until the sample that is due can be read, at least 0; None if that is not known.

        Args:
            due_ns: its sensor time, as `SourceReport.due_ns`.
        """
        if self._ahead_ns is None or due_ns is None:
            return None
        return max(0.0, (due_ns + self._ahead_ns - now_ns) / 1e9)
