"""A day of activities in bounded memory: the longer it gets, the coarser it is kept.

Time is cut into at most 720 bins that remember how long each activity was seen in them. They begin at one second; when
the day outgrows them, pairs of neighbours are joined, so that a whole day has bins of about two minutes.
"""

from collections import defaultdict

BINS = 720
FINEST_S = 1.0
LONGEST_S = 25 * 3600.0
"""A day, and an hour for the end of summer time; beyond it somebody has set the clock, and the day starts anew."""

Run = tuple[float, float, str]
"""Start and end, seconds since 1970, and the activity that was seen longest in every bin between."""
_Bins = dict[int, defaultdict[str, float]]
"""Seconds of each activity by the bin's place since the start."""


class Timeline:
    """What happened when, since the first activity that was added.

    >>> day = Timeline()
    >>> for second in range(4):
    ...     day.add(100.0 + second, "walking" if second < 3 else "sitting", 1.0)
    >>> day.runs()
    [(100.0, 103.0, 'walking'), (103.0, 104.0, 'sitting')]
    """

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._width_s = FINEST_S
        self._bins: _Bins = {}

    def add(self, start_s: float, activity: str, seconds: float) -> None:
        """Note an activity that began at `start_s`, seconds since 1970, and was seen for `seconds`."""
        if self._start_s is None or not 0 <= start_s - self._start_s < LONGEST_S:
            self._start_s, self._width_s, self._bins = start_s, FINEST_S, {}
        while (index := int((start_s - self._start_s) / self._width_s)) >= BINS:
            self._join_pairs()
        self._bins.setdefault(index, defaultdict(float))[activity] += seconds

    def runs(self) -> list[Run]:
        """Bins with the same activity joined, in order of time; what is missing between them was not seen."""
        runs: list[Run] = []
        for index in sorted(self._bins):
            activity = max(self._bins[index].items(), key=lambda item: item[1])[0]
            start_s = (self._start_s or 0.0) + index * self._width_s
            if runs and runs[-1][2] == activity and start_s - runs[-1][1] < self._width_s / 2:
                start_s = runs.pop()[0]
            runs.append((start_s, (self._start_s or 0.0) + (index + 1) * self._width_s, activity))
        return runs

    def _join_pairs(self) -> None:
        joined: _Bins = {}
        for index, seen in self._bins.items():
            both = joined.setdefault(index // 2, defaultdict(float))
            for activity, seconds in seen.items():
                both[activity] += seconds
        self._bins = joined
        self._width_s *= 2
