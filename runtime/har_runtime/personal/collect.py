"""Gathers the windows of each activity from samples, live or of a recording with labels."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.place import place_index
from har_runtime.classify import Prediction, classify
from har_runtime.contract import HOP, HOP_S
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import Model
from har_runtime.personal.learn import learn, place_of, why_not
from har_runtime.personal.postures import (
    POSTURES,
    STEPS,
    Posture,
    alike,
    mean_direction,
    posture_of,
    why_another,
    why_not_upright,
)
from har_runtime.personal.profile import Learnt
from har_runtime.recording import LabelTrack
from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler
from har_runtime.signal.upright import FREE_FALL, UprightTracker
from har_runtime.signal.window import Up, Window, Windower
from har_runtime.text import clean

KEPT_NS = 660_000_000_000
"""Of a live source, windows and samples are kept so long: the longest stretch that can be asked for is ten minutes."""
MAX_RECORDING = 20_000
"""Windows of a recording that are looked at: almost three hours."""
MAX_WINDOWS = 1_200
"""Of one activity: ten minutes. More would not change the mean."""
STILL_SPREAD = 0.5
"""m/s^2, standard deviation of acceleration in a window of standing still."""
STILL_WINDOWS = 4
STANDING = "standing"


class Collector:
    """Windows in the frame of a model, those of each activity together.

    Args:
        model: as it is shipped.
        activities: that may be learnt.
        only: whether labels of a recording that are not among them are left out on purpose, and not reported.
        place: where the sensor is worn, as the user names it; None to find out.
        seconds: of each activity of a recording that are learnt; None for all.

    Raises:
        HarError: there is no such place, or the model does not know it.
    """

    def __init__(
        self,
        model: Model,
        activities: Sequence[str],
        only: bool = False,
        place: str | None = None,
        seconds: float | None = None,
    ):
        if place is not None:
            place_index(model.card, place)
        self._place = place
        self._model, self._activities, self._only = model, tuple(activities), only
        self._most = MAX_WINDOWS if seconds is None else max(1, int(seconds / HOP_S) - 1)
        """Windows of one stretch or recording: those that lie within the seconds."""
        self._is_upright = model.card.frame == "upright"
        self._tracker = UprightTracker() if self._is_upright else None
        self._resampler: Resampler | None = None
        self._windower = Windower()
        self._raw: deque[Window] = deque()
        """Axes of the device."""
        self._windows: deque[Window] = deque()
        """The same, in the frame of the model."""
        self._chunks: deque[SampleChunk] = deque()
        self._taken: dict[str, list[Prediction]] = {}
        self._spans: dict[str, list[tuple[int, int]]] = {}
        """Begin and end of the stretches of a live source that were taken."""
        self._postures: dict[str, Posture] = {}
        self._gait: NDArray[np.float64] | None = None
        """Mean direction of the last stretch of steps, axes of the device."""
        self._remarks: list[str] = []
        self._refused: list[str] = []
        self._other: Counter[str] = Counter()
        self._labels: list[str] = []
        """Those of a recording."""
        self.gyroscope = True
        """Whether the sensor has a gyroscope; set before the first samples."""
        self.up: tuple[float, float, float] | None = None
        """Which way is up, measured while standing still; None if it was not measured."""

    @property
    def card(self) -> ModelCard:
        """Of the shipped model."""
        return self._model.card

    @property
    def wants_up(self) -> bool:
        """Whether the model needs to know which way is up."""
        return self._is_upright

    def set_up(self, up: Up) -> str | None:
        """Use a direction that was measured while standing; returns why it is not up, one line, or None."""
        if problem := why_not_upright(self._gait, up.direction, self._known_place()):
            return problem
        self.up = up.direction
        self._turn_by(up)
        return None

    def _turn_by(self, up: Up) -> None:
        self._tracker = UprightTracker(up)
        self._windows = deque(self._tracker.step(window) for window in self._raw)

    def push(self, chunk: SampleChunk) -> None:
        """Add samples of a live source."""
        windows = self._cut(chunk)
        self._raw.extend(windows)
        self._windows.extend(windows if self._tracker is None else map(self._tracker.step, windows))
        self._chunks.append(chunk)
        oldest = int(chunk.times_ns[-1]) - KEPT_NS
        for queue in (self._windows, self._raw):
            while queue and queue[0].start_ns < oldest:
                queue.popleft()
        while self._chunks and int(self._chunks[0].times_ns[-1]) < oldest:
            self._chunks.popleft()

    def chunks(self, begin_ns: int, end_ns: int) -> Iterator[SampleChunk]:
        """The samples from one time to another, as they came."""
        for chunk in self._chunks:
            rows = np.flatnonzero((chunk.times_ns >= begin_ns) & (chunk.times_ns <= end_ns))
            if len(rows):
                yield chunk.part(int(rows[0]), int(rows[-1]) + 1)

    def take(self, label: str, begin_ns: int, end_ns: int) -> str | None:
        """Learn the windows between two times as an activity; returns why they are none of it, one line, or None."""
        windows = [one for one in self._windows if begin_ns <= one.start_ns and one.end_ns <= end_ns]
        problem = self._take(label, windows)
        if problem is None:
            self._spans.setdefault(label, []).append((begin_ns, end_ns))
        return problem

    def retracted(self) -> list[tuple[str, str]]:
        """Activities of a live source that were taken, and are no longer, by what came since; why, one line each.

        Walking shows which way is up, and where the sensor is worn: both may show that what was taken for standing,
        sitting or lying was something else.
        """
        place, found = self._known_place(), list[tuple[str, str]]()
        problem = why_not_upright(self._gait, self.up, place)
        if problem is not None and self._gait is not None:
            found.append((STANDING, problem))
            x, y, z = self._gait.tolist()
            self.up = None
            self._turn_by(Up((x, y, z), "gait"))
            spans, self._spans = self._spans, {}
            self._taken, self._postures, self._remarks = {}, {}, []
            for label, stretches in spans.items():
                for begin_ns, end_ns in stretches if label != STANDING else ():
                    if why := self.take(label, begin_ns, end_ns):
                        found.append((label, why))
        for label in [one for one in POSTURES if one in self._taken]:
            if why := why_another(label, self._taken[label], place):
                found.append((label, why))
                del self._taken[label], self._spans[label], self._postures[label]
        return found

    def remarks(self) -> list[str]:
        """Doubts about what was taken, one line each, once."""
        remarks, self._remarks = self._remarks, []
        return remarks

    def push_recording(self, chunks: Iterable[SampleChunk]) -> None:
        """Take a whole recording with labels.

        Raises:
            DataError: it has no labels.
        """
        track, windows = LabelTrack(), []
        labelled = False
        for chunk in chunks:
            if chunk.labels is not None:
                labelled = labelled or bool((chunk.labels != "").any())
                track.push(chunk.times_ns, chunk.labels)
            windows += self._cut(chunk)
            if len(windows) >= MAX_RECORDING:
                self._refused.append(f"only the first {MAX_RECORDING // 7200} hours of the recording are looked at")
                break
        if self._resampler is not None:
            windows += self._windower.push(self._resampler.finish())
        if not labelled:
            raise DataError("the recording has no labels: it needs a column that says the activity of each sample")
        labels = [track.of(window) for window in windows]
        self._labels = [label for label in dict.fromkeys(labels) if label]
        for label in dict.fromkeys(labels):
            if label and label not in self._activities:
                self._other[label] += labels.count(label)
        self._refused += self._take_labelled(windows, labels)

    def skipped(self) -> list[str]:
        """What was not learnt, one line each."""
        lines = [f"not learnt: {problem}" for problem in self._refused]
        if self._labels and (missing := [name for name in self._activities if name not in self._labels]) and self._only:
            names = ", ".join(map(clean, missing))
            lines.append(f"not learnt: {names}: the recording has the labels {', '.join(map(clean, self._labels[:9]))}")
        if self._other and not self._only:
            names = ", ".join(f"{clean(name)} ({count} windows)" for name, count in self._other.most_common(6))
            lines.append(f"not learnt: {names}: the model does not know them; name them in --activities to add them")
        return lines

    @property
    def taken(self) -> dict[str, list[Prediction]]:
        """The windows of each activity, as the shipped model sees them."""
        return self._taken

    def _take_labelled(self, windows: list[Window], labels: list[str | None]) -> list[str]:
        """Take the windows of a recording; returns what is refused."""
        turned = self._turned(windows, labels) if self._is_upright else windows
        names = [label for label in dict.fromkeys(labels) if label and label in self._activities]
        refused: list[str] = []
        for name in sorted(names, key=lambda name: name not in STEPS):  # They show up and the place.
            own = [window for window, label in zip(turned, labels, strict=True) if label == name]
            if problem := self._take(name, own):
                refused.append(problem)
        if STANDING in labels and (problem := why_not_upright(self._gait, self.up, self._known_place())):
            self.up, self._taken, self._postures, self._remarks = None, {}, {}, []
            others = [None if label == STANDING else label for label in labels]
            return [problem, *self._take_labelled(windows, others)]
        self._taken = {name: self._taken[name] for name in names if name in self._taken}
        return refused

    def _take(self, label: str, windows: list[Window]) -> str | None:
        card = self._model.card
        predictions = classify(self._model, windows[: self._most])
        problem = why_not(label, predictions, card) or why_another(label, predictions, self._known_place())
        if problem is not None:
            return problem
        self._taken.setdefault(label, []).extend(predictions)
        if label in STEPS and self._is_upright:
            self._gait = mean_direction(predictions)
        if label in POSTURES and card.prototypes is not None and (own := posture_of(predictions, card.prototypes)):
            self._postures.pop(label, None)
            self._remarks += [
                f"{label}: neither gravity nor features tell it from {other}; if it was not {label}, do it again"
                for other, its in self._postures.items()
                if alike(own, its)
            ]
            self._postures[label] = own
        return None

    def _known_place(self) -> str | None:
        """Of the card's places; None if nothing shows it yet."""
        everything = sorted((one for part in self._taken.values() for one in part), key=lambda one: one.window.start_ns)
        try:
            return place_of(everything, self._model.card, self._place)
        except DataError:
            return None

    def _cut(self, chunk: SampleChunk) -> list[Window]:
        if self._resampler is None:
            self._resampler = Resampler(block=HOP, gyroscope=self.gyroscope)
        return self._windower.push(self._resampler.push(chunk.times_ns, chunk.acc, chunk.gyro))

    def _turned(self, windows: list[Window], labels: list[str | None]) -> list[Window]:
        """In the upright frame: by the wearer standing still, if they did, or by their gait, wherever it comes."""
        pairs = zip(windows, labels, strict=True)
        still = [window.imu[:, :3].astype(np.float64) for window, label in pairs if label == STANDING]
        steady = [acc.mean(axis=0) for acc in still if acc.std(axis=0).max() < STILL_SPREAD]
        up: Up | None = None
        if len(steady) >= STILL_WINDOWS:
            mean = np.mean(steady, axis=0)
            length = float(np.linalg.norm(mean))
            if length > FREE_FALL:
                x, y, z = (mean / length).tolist()
                up, self.up = Up((x, y, z), "given"), (x, y, z)
        if up is None:
            first = UprightTracker()
            for window in windows:
                first.step(window)
            up = first.up
        tracker = UprightTracker(up)
        return [tracker.step(window) for window in windows]


def learn_all(collector: Collector, place: str | None, source: str, unix_s: float) -> list[Learnt]:
    """What a profile holds of everything that was gathered.

    Args:
        place: as the user names it; None to find out.

    Raises:
        DataError: the windows do not show where the sensor is worn.
        HarError: there is no such place, or the model does not know it.
    """
    taken, card = collector.taken, collector.card
    if not taken:
        return []
    everything = sorted((one for part in taken.values() for one in part), key=lambda one: one.window.start_ns)
    at = place_of(everything, card, place)
    return [learn(label, part, card, at, source, unix_s) for label, part in taken.items()]
