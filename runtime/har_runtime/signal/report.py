"""What became of a stream's samples: running counts, and the immutable snapshots of them that answers carry."""

from dataclasses import dataclass, field

COUNT_NAMES = {
    "invalid": "invalid",
    "duplicate": "repeated",
    "out_of_order": "out of order",
    "stray": "stray",
    "unpaired": "unpaired",
    "gaps": "gaps",
    "clock_jumps": "clock jumps",
    "stuck": "stuck",
    "full_scale": "at full scale",
}
"""How the fields of a `SensorReport` are shown."""
EVENTS = ("gaps", "clock jumps")
"""Names that count events, not samples or readings."""


@dataclass(frozen=True)
class SensorReport:
    """What became of one sensor's samples, at one moment."""

    received: int = 0
    invalid: int = 0
    """Dropped: no number in the time or in an axis, or one that no sensor reads."""
    duplicate: int = 0
    """Dropped: the time of the newest sample again."""
    out_of_order: int = 0
    """Dropped: older than the newest sample."""
    stray: int = 0
    """Dropped: a time ahead of the rest, from which the stream returned within half a second."""
    unpaired: int = 0
    """Dropped: more than a minute ahead of the other sensor, on a clock that the other has left, or in a stretch too
    short or too slow to use."""
    gaps: int = 0
    """Times without samples for more than 0.1 s."""
    clock_jumps: int = 0
    """How often the sensor's clock was set back."""
    stuck: int = 0
    """Samples, not dropped, whose axes all stayed the same for a second or more."""
    full_scale: int = 0
    """Readings of one axis, not dropped, that stayed the same at the end of its range."""
    rate_hz: float | None = None
    """Rate of the newest stretch, measured over its first half second."""

    @property
    def dropped(self) -> int:
        return self.invalid + self.duplicate + self.out_of_order + self.stray + self.unpaired

    def named_counts(self) -> dict[str, int]:
        """Every count of something wrong, under the names that all reports show. The first five were dropped.

        >>> SensorReport(duplicate=2).named_counts()["repeated"]
        2
        """
        return {name: getattr(self, field) for field, name in COUNT_NAMES.items()}


@dataclass
class SensorCounts:
    """The running counts behind a `SensorReport`, which describes the fields."""

    received: int = 0
    invalid: int = 0
    duplicate: int = 0
    out_of_order: int = 0
    stray: int = 0
    unpaired: int = 0
    gaps: int = 0
    clock_jumps: int = 0
    stuck: int = 0
    full_scale: int = 0
    rate_hz: float | None = None

    def snapshot(self) -> SensorReport:
        return SensorReport(**vars(self))


@dataclass(frozen=True)
class ResampleReport:
    """What a resampler received, dropped and returned, at one moment."""

    accelerometer: SensorReport = field(default_factory=SensorReport)
    gyroscope: SensorReport = field(default_factory=SensorReport)
    segments: int = 0
    samples: int = 0
    """50 Hz samples returned."""

    def named_counts(self) -> dict[str, int]:
        """The counts of both sensors together. A gap or a clock jump usually concerns both, so it counts once."""
        acc, gyro = self.accelerometer.named_counts(), self.gyroscope.named_counts()
        return {name: max(acc[name], gyro[name]) if name in EVENTS else acc[name] + gyro[name] for name in acc}
