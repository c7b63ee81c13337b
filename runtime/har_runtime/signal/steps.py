"""Steps and cadence, from the length of acceleration alone: worn anywhere, any way up, before anything else is known.

Gait repeats itself. The last two seconds are compared with what came up to 1.7 s earlier (the normalised square
difference of McLeod and Wyvill, "A smarter way to find pitch", ICMC 2005); the shortest delay at which they are nearly
most alike is one step, one stride, or half a step, which a range of cadences decides: wide enough for slow walking, and
an octave further up for the strong impacts of running. Nothing counts before four windows agree, so that a knock, a
gesture or getting up has no steps.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP, HOP_S, PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.signal.window import Window

TEMPLATE = 100
"""Samples that are compared with earlier ones: 2 s, a stride and a half of the slowest walk."""
DELAYS = (10, 84)
"""Samples, the shortest and longest delay compared: 0.3 to 1.68 s, from a running step to a stride of slow walking."""
SMOOTHED = 5
"""Samples that are averaged first: the impact of a heel is no step of its own."""
MIN_SPREAD = 0.6
"""m/s^2, standard deviation of two seconds of steps: hands and seats move less."""
SLOWEST_HZ = (1.2, 2.1)
"""Steps a second, of the slowest gait: 72 steps/min of a light one, 126 of a hard one. The fastest has twice that."""
HARDNESS = (3.5, 6.5)
"""m/s^2, standard deviation of a light and of a hard gait. Running shakes a sensor more than walking; between the two
the slowest gait is interpolated."""
START_LIKENESS, KEEP_LIKENESS = 0.5, 0.3
"""Of the two seconds with earlier ones, 1 if they are the same: to start a bout, and to continue it."""
NEARLY = 0.85
"""Of the greatest likeness: a shorter delay that reaches this is preferred, as several steps are alike too."""
CONFIRM = 4
"""Windows that must agree before any of their steps count."""
AGREEMENT = 0.15
"""Largest relative difference between the cadences of windows that agree."""
MAX_DOUBT = 4
"""Windows in a row (2 s) that may fail in a bout, as at a turn, and count if it continues."""
_HISTORY = TEMPLATE + DELAYS[1] + SMOOTHED - 1
_KERNEL = np.full(SMOOTHED, 1 / SMOOTHED)


@dataclass(frozen=True)
class Steps:
    """What a window adds."""

    count: int = 0
    """Steps taken since the window before; with the first ones of a bout those that led to it."""
    cadence: float | None = None
    """Steps a minute now; None if the wearer takes none."""


class StepCounter:
    """Takes the windows of a stream in order, in any axes, and counts steps.

    It looks at nothing but the windows so far, keeps less than four seconds of them, and gives the same however the
    samples were cut into pushes.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again, as if newly made."""
        self._history = np.empty(0)
        self._next: tuple[int, int] | None = None
        self._end_bout()

    def _end_bout(self) -> None:
        self._cadence = 0.0
        """Steps a second of the bout, or of the windows that agree so far; 0 if there are none."""
        self._agreeing = 0
        """Windows that agree; from `CONFIRM` on it is a bout."""
        self._doubt = 0
        """Windows in a row that have failed in the bout."""
        self._rest = 0.0
        """The part of a step that is not counted yet."""

    def step(self, window: Window) -> Steps:
        """Add the next window, shape (50, 6), m/s^2; returns what it adds."""
        acc = window.imu[:, :3].astype(np.float64)
        length = np.sqrt(np.add.reduce(acc * acc, axis=1))
        if self._next == (window.segment, window.start_ns):
            self._history = np.concatenate([self._history, length[-HOP:]])[-_HISTORY:]
        else:
            self._history = length  # After a gap nothing is known of what was before.
            self._end_bout()
        self._next = window.segment, window.start_ns + HOP * PERIOD_NS
        if len(self._history) < _HISTORY:
            return Steps()
        cadence, likeness = _gait(self._history)
        if self._agreeing < CONFIRM:
            return self._before_bout(cadence, likeness)
        return self._in_bout(cadence, likeness)

    def _before_bout(self, cadence: float, likeness: float) -> Steps:
        if likeness < START_LIKENESS:
            self._end_bout()
            return Steps()
        agrees = self._agreeing > 0 and abs(cadence - self._cadence) <= AGREEMENT * self._cadence
        self._agreeing = self._agreeing + 1 if agrees else 1
        self._cadence = cadence
        if self._agreeing < CONFIRM:
            return Steps()
        # Not what came before the first of them: that makes up for the windows that still look like gait at the end.
        return self._counted((CONFIRM - 1) * HOP_S)

    def _in_bout(self, cadence: float, likeness: float) -> Steps:
        if likeness < KEEP_LIKENESS:
            self._doubt += 1
            if self._doubt > MAX_DOUBT or likeness < 0:
                self._end_bout()
            return Steps()
        if likeness >= START_LIKENESS or abs(cadence - self._cadence) <= AGREEMENT * self._cadence:
            self._cadence = cadence
        windows, self._doubt = 1 + self._doubt, 0
        return self._counted(windows * HOP_S)

    def _counted(self, seconds: float) -> Steps:
        total = self._rest + seconds * self._cadence
        count = math.floor(total)
        self._rest = total - count
        return Steps(count, 60 * self._cadence)


def _gait(history: NDArray[np.float64]) -> tuple[float, float]:
    """Steps a second, and how alike the strides are; (0, -1) if hardly anything moves, (0, 0) if nothing repeats."""
    smooth = np.convolve(history, _KERNEL, "valid")
    smooth -= np.add.reduce(smooth) / len(smooth)
    template = smooth[-TEMPLATE:]
    own = float(template @ template)
    if not own >= TEMPLATE * MIN_SPREAD**2:
        return 0.0, -1.0
    power = np.zeros(len(smooth) + 1)
    np.add.accumulate(smooth * smooth, out=power[1:])
    powers = power[TEMPLATE:] - power[:-TEMPLATE]
    first, last = DELAYS
    likenesses = 2 * np.correlate(smooth, template, "valid") / (own + powers)
    alike = likenesses[last - first :: -1]
    inner = alike[1:-1]
    peaks = ((alike[:-2] <= inner) & (inner > alike[2:])).nonzero()[0]
    values = inner[peaks]
    best = float(np.maximum.reduce(values, initial=0.0))
    if best <= 0:
        return 0.0, 0.0
    at = int(peaks[(values >= NEARLY * best).argmax()]) + 1
    before, peak, after = alike[at - 1 : at + 2].tolist()
    delay = first + at + (before - after) / (2 * (before - 2 * peak + after))
    cadence = SAMPLE_RATE_HZ / delay
    (light, hard), (slow, fast) = HARDNESS, SLOWEST_HZ
    hardness = (math.sqrt(own / TEMPLATE) - light) / (hard - light)
    lowest = slow + (fast - slow) * min(max(hardness, 0.0), 1.0)
    while cadence < lowest:
        cadence *= 2
    while cadence >= 2 * lowest:
        cadence /= 2
    return cadence, best
