"""Scores a model on the recordings of a data set that taught it nothing, as far as both know the same activities."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.answering import Answering
from har_runtime.classify import predictions
from har_runtime.contract import PERIOD_NS, PLACE_OF, WINDOW
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.model.outputs import Outputs
from har_runtime.scores import score
from har_runtime.signal.window import Window
from har_train.data.continuous import Track, mounted_anew
from har_train.evaluation.judgement import Predictions, judge
from har_train.fit.place_answers import smoothed_tracks
from har_train.recipe import DataConfig

LAST = 6
"""Windows whose logarithms of probabilities are averaged for a model without a filter."""
ANOTHER = "another"
"""What stands for all labels of a model that the data set does not have."""


@dataclass(frozen=True)
class Truth:
    """What the people of a data set did, as far as the model can know it."""

    names: tuple[str, ...]
    """Activities, and choices of them, that both the model and the set have."""
    merged: NDArray[np.float64]
    """Which of the model's labels each name stands for, shape (labels, names)."""
    y: NDArray[np.int64]
    """Index into `names` of each window, -1 if it is none of them; shape (n,)."""
    user: NDArray[np.str_]
    """Shape (n,)."""

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Whether a window is scored, shape (n,)."""
        return self.y >= 0

    @classmethod
    def of(cls, config: DataConfig, tracks: Sequence[Track]) -> "Truth":
        """The truth of a set's recordings. If it has a choice, such as stairs, its members count as one there.

        Args:
            config: of the model's recipe.

        Raises:
            DataError: the set and the model share no activity.
        """
        labels = config.activities
        said = [config.activity_of(label, track.recording.placement) for track in tracks for label in track.labels]
        there = set(said)
        of_choice = {member: name for name, members in config.choices.items() if name in there for member in members}
        names = tuple(
            dict.fromkeys(
                of_choice.get(label, label)
                for label in labels
                if label != UNKNOWN and (label in there or label in of_choice)
            )
        )
        if not names:
            raise DataError(f"{tracks[0].recording.name}: its set has none of {', '.join(labels)}")
        merged = np.array([[of_choice.get(label, label) == name for name in names] for label in labels], np.float64)
        index = {name: position for position, name in enumerate(names)}
        y = np.array([index.get(of_choice.get(label, label), -1) for label in said], np.int64)
        user = np.array([track.recording.user or track.recording.name for track in tracks for _ in track.labels])
        return cls(names, merged, y, user)

    def scores(self, probabilities: NDArray[np.floating]) -> dict[str, Any]:
        """Macro-F1 over `names`.

        Args:
            probabilities: of the model's labels, shape (n, labels).

        Returns:
            `macro_f1` and `f1` of the likeliest of all labels, where one that the set does not have is a miss;
            `macro_f1_among_shared`, and its interval over users, of the likeliest among `names`.
        """
        shared = self.merged.any(axis=1)
        table = probabilities[self.scored]
        y, among = self.y[self.scored], table @ self.merged
        is_another = np.where(shared, 0.0, table).max(axis=1) > table[:, shared].max(axis=1)
        guess = np.where(is_another, len(self.names), among.argmax(axis=1))
        f1 = [row.f1 for row in score(y, guess, (*self.names, ANOTHER)).classes[: len(self.names)]]
        among = among + 1e-9  # All of them may be 0.
        shares = (among / among.sum(axis=1, keepdims=True)).astype(np.float32)
        judgement = judge(Predictions(y, shares, self.user[self.scored], self.names))
        return {
            "macro_f1": float(np.mean(f1)),
            "f1": dict(zip(self.names, f1, strict=True)),
            "macro_f1_among_shared": judgement.scores.macro_f1,
            "interval_among_shared": judgement.interval,
        }


def by_placement(tracks: Iterable[Track]) -> dict[str | None, list[Track]]:
    """The recordings of each placement."""
    placements: dict[str | None, list[Track]] = {}
    for track in tracks:
        placements.setdefault(track.recording.placement, []).append(track)
    return placements


def score_placement(
    config: DataConfig,
    placement: str | None,
    tracks: Sequence[Track],
    outputs: Sequence[Outputs],
    card: ModelCard | None = None,
) -> dict[str, Any]:
    """Scores on the recordings of one placement of a data set, as a row of a report.

    Args:
        config: of the model's recipe.
        outputs: of the model, for each track.
        card: with smoothing and thresholds, of a model that tells places; None smooths by `mean_of_last`.

    Returns:
        `windows` and `smoothed` as of `Truth.scores`. With a card also `smoothed_given_place`, `place_found` (share of
        windows), `answers` (of each label of the set, the share of each kind of `answer_kinds`) and `unknown` (share
        of the windows of shared activities).

    Raises:
        DataError: the set and the model share no activity.
    """
    truth = Truth.of(config, tracks)
    row: dict[str, Any] = {
        "placement": placement,
        "activities": list(truth.names),
        "windows_scored": int(truth.scored.sum()),
        "users": len(set(truth.user.tolist())),
        "windows": truth.scores(np.concatenate([output.probabilities for output in outputs])),
    }
    if card is None:
        row["smoothed"] = truth.scores(np.concatenate([mean_of_last(output.probabilities) for output in outputs]))
        return row
    place = PLACE_OF.get(placement or "")
    for key, given in (("smoothed", None), ("smoothed_given_place", place)):
        if key == "smoothed_given_place" and given not in card.places:
            continue
        steps = [step for steps in smoothed_tracks(card, tracks, outputs, given) for step in steps]
        row[key] = truth.scores(np.array([step.probabilities for step in steps]))
        if key == "smoothed":
            row["place_found"] = float(np.mean([step.place == _index(card, place) for step in steps]))
    kinds = answer_kinds(card, tracks, outputs)
    labels = np.array([label or "" for track in tracks for label in track.labels])
    row["answers"] = {label: _shares(kinds[labels == label]) for label in sorted(set(labels.tolist()) - {""})}
    row["unknown"] = float(np.char.startswith(kinds[truth.scored], UNKNOWN).mean())
    return row


def mean_of_last(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Geometric mean of the last windows' probabilities, shape (n, classes): the simplest smoothing."""
    logs = np.log(np.maximum(probabilities, 1e-6, dtype=np.float64))
    total = np.cumsum(np.concatenate([np.zeros((1, logs.shape[1])), logs]), axis=0)
    ends = np.arange(1, len(logs) + 1)
    starts = np.maximum(ends - LAST, 0)
    mean = np.exp((total[ends] - total[starts]) / (ends - starts)[:, None])
    return mean / mean.sum(axis=1, keepdims=True)


def without_gyroscope(track: Track) -> Track:
    """The track as of a device that has no gyroscope: its angular rates are 0."""
    windows = track.windows.copy()
    windows[:, :, 3:] = 0
    return replace(track, windows=windows)


def answer_kinds(card: ModelCard, tracks: Sequence[Track], outputs: Sequence[Outputs]) -> NDArray[np.str_]:
    """What a user gets for each window, shape (n,): "activity", "family", or "unknown" with the reason."""
    kinds: list[str] = []
    answering = Answering(card, clock=lambda: 0.0)
    for track, output, anew in zip(tracks, outputs, mounted_anew(tracks), strict=True):
        if anew:
            answering = Answering(card, clock=lambda: 0.0)
        for prediction in predictions(_windows(track), output, card.labels):
            answer = answering.step(prediction)
            kind = "family" if answer.activity in card.families else "activity"
            kinds.append(f"{UNKNOWN}, {answer.reason}" if answer.reason else kind)
    return np.array(kinds)


def _windows(track: Track) -> list[Window]:
    rows = zip(track.windows, track.end_ns.tolist(), track.ups, strict=True)
    return [Window(0, end_ns - (WINDOW - 1) * PERIOD_NS, imu, up) for imu, end_ns, up in rows]


def _index(card: ModelCard, place: str | None) -> int:
    return card.places.index(place) if place in card.places else -1


def _shares(kinds: NDArray[np.str_]) -> dict[str, float]:
    names, counts = np.unique(kinds, return_counts=True)
    return dict(zip(names.tolist(), (counts / len(kinds)).tolist(), strict=True))
