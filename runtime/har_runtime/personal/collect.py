"""Gathers the windows of each activity from samples, live or of a recording with labels."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from har_runtime.classify import Prediction, classify
from har_runtime.contract import HOP
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.load import Model
from har_runtime.personal.learn import learn, place_of, why_not
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
    """

    def __init__(self, model: Model, activities: Sequence[str], only: bool = False):
        self._model, self._activities, self._only = model, tuple(activities), only
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
        self._refused: list[str] = []
        self._other: Counter[str] = Counter()
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

    def set_up(self, up: Up) -> None:
        """Use a direction that was measured."""
        self.up = up.direction
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
        return self._take(label, [one for one in self._windows if begin_ns <= one.start_ns and one.end_ns <= end_ns])

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
        if self._is_upright:
            windows = self._turned(windows, labels)
        for label in dict.fromkeys(label for label in labels if label):
            own = [window for window, its in zip(windows, labels, strict=True) if its == label]
            if label not in self._activities:
                self._other[label] += len(own)
            elif problem := self._take(label, own):
                self._refused.append(problem)

    def skipped(self) -> list[str]:
        """What was not learnt, one line each."""
        lines = [f"not learnt: {problem}" for problem in self._refused]
        if self._other and not self._only:
            names = ", ".join(f"{clean(name)} ({count} windows)" for name, count in self._other.most_common(6))
            lines.append(f"not learnt: {names}: the model does not know them; name them in --activities to add them")
        return lines

    @property
    def taken(self) -> dict[str, list[Prediction]]:
        """The windows of each activity, as the shipped model sees them."""
        return self._taken

    def _take(self, label: str, windows: list[Window]) -> str | None:
        predictions = classify(self._model, windows[:MAX_WINDOWS])
        problem = why_not(label, predictions, self._model.card)
        if problem is None:
            self._taken.setdefault(label, []).extend(predictions)
        return problem

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
