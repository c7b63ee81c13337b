"""A day of activities in bounded memory: the longer the day, the coarser the bins.

There are at most 720 bins, each with the seconds of every activity in it. They are one second long at first; when the
day becomes longer than all of them, neighbours are joined in pairs, so that a whole day has bins of about two minutes.
"""

from collections import defaultdict

BINS = 720
FINEST_S = 1.0
MAX_DAY_S = 25 * 3600.0
"""A day with the extra hour at the end of summer time. If it lasts longer, the clock was set, and the day restarts."""

Span = tuple[float, float, str]
"""Start and end, seconds since 1970, and the activity that was the longest in every bin between."""
_Bins = dict[int, defaultdict[str, float]]
"""Seconds of each activity, by the index of the bin."""


class Timeline:
    """The activities since the first one that was added.

    >>> day = Timeline()
    >>> for second in range(4):
    ...     day.add(100.0 + second, "walking" if second < 3 else "sitting", 1.0)
    >>> day.spans()
    [(100.0, 103.0, 'walking'), (103.0, 104.0, 'sitting')]
    """

    def __init__(self) -> None:
        self._start_s = float("-inf")
        self._width_s = FINEST_S
        self._bins: _Bins = {}

    def add(self, start_s: float, activity: str, seconds: float) -> None:
        """Add `seconds` of an activity that began at `start_s`, seconds since 1970."""
        if not 0 <= start_s - self._start_s < MAX_DAY_S:
            self._start_s, self._width_s, self._bins = start_s, FINEST_S, {}
        while (index := int((start_s - self._start_s) / self._width_s)) >= BINS:
            self._join_pairs()
        self._bins.setdefault(index, defaultdict(float))[activity] += seconds

    def spans(self) -> list[Span]:
        """Neighbouring bins of the same activity as one span, in order of time; nothing is known between spans."""
        spans: list[Span] = []
        for index in sorted(self._bins):
            activity = max(self._bins[index].items(), key=lambda item: item[1])[0]
            start_s = self._start_s + index * self._width_s
            if spans and spans[-1][2] == activity and start_s - spans[-1][1] < self._width_s / 2:
                start_s = spans.pop()[0]
            spans.append((start_s, self._start_s + (index + 1) * self._width_s, activity))
        return spans

    def _join_pairs(self) -> None:
        joined: _Bins = {}
        for index, seen in self._bins.items():
            both = joined.setdefault(index // 2, defaultdict(float))
            for activity, seconds in seen.items():
                both[activity] += seconds
        self._bins = joined
        self._width_s *= 2
