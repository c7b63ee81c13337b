"""Which recordings of a person were made with the device the same way up, judged by those in which they are upright.

Some data sets have a recording for each activity, and between two of them the device may have been taken out of the
pocket. While somebody walks, runs or stands, the mean acceleration points up; if it points elsewhere in the device's
axes than in another recording, the device was put back another way.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.recording import Recording


def with_mountings(
    recordings: Sequence[Recording], name: str, upright: Sequence[str], within_deg: float
) -> list[Recording]:
    """Recordings of one device that one person carried in one place, with their `mounting`.

    Recordings of upright activities share a mounting if up points the same way in them. Any other recording shares the
    mounting of the upright ones before and after it if these two share theirs; otherwise nobody knows how the device
    sat, and it stands alone (None).

    Args:
        recordings: in the order in which they were made, each of one activity.
        name: of the mounting that most upright recordings share; others are `name`-2, `name`-3 and so on.
        upright: labels of activities in which the wearer's own up is the mean acceleration's.
        within_deg: largest angle between up in a recording and in the most typical one of its mounting, degrees.

    >>> n = 100
    >>> def made(label, up):
    ...     return Recording(label, np.arange(n), np.tile(up, (n, 1)), None, np.full(n, label))
    >>> walks = [made("walking", [0.0, up, 0.5]) for up in (9.8, 9.7, -9.8)]
    >>> sits = [made("sitting", [0.0, 0.0, 9.8]) for _ in range(2)]
    >>> made = [walks[0], sits[0], walks[1], sits[1], walks[2]]
    >>> [one.mounting for one in with_mountings(made, "anna", ("walking", "standing"), 30)]
    ['anna', 'anna', 'anna', None, 'anna-2']
    """
    ups = {index: up for index, one in enumerate(recordings) if (up := _up(one, upright)) is not None}
    group = _groups(ups, float(np.cos(np.deg2rad(within_deg))))
    mounted: list[Recording] = []
    for index, recording in enumerate(recordings):
        before = [group[other] for other in ups if other <= index][-1:]
        after = [group[other] for other in ups if other >= index][:1]
        around = set(before + after)
        number = around.pop() if len(around) == 1 else None
        mounted.append(
            replace(recording, mounting=None if number is None else name + (f"-{number}" if number > 1 else ""))
        )
    return mounted


def _up(recording: Recording, upright: Sequence[str]) -> NDArray[np.float64] | None:
    """Unit vector of the mean acceleration while the wearer is upright; None if that is never."""
    if recording.labels is None:
        return None
    acc = recording.acc[np.isin(recording.labels, list(upright)) & np.isfinite(recording.acc).all(axis=1)]
    mean = acc.mean(axis=0) if len(acc) else np.zeros(3)
    length = float(np.linalg.norm(mean))
    return mean / length if length else None


def _groups(ups: dict[int, NDArray[np.float64]], cosine: float) -> dict[int, int]:
    """The group of each direction, from 1: the largest first, each around the one that has most others near it."""
    left, groups = dict(ups), dict[int, int]()
    number = 0
    while left:
        number += 1
        near = {index: [other for other in left if float(up @ left[other]) >= cosine] for index, up in left.items()}
        for index in max(near.values(), key=len):
            groups[index] = number
            del left[index]
    return groups
