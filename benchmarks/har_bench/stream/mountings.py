"""The recordings of the data sets that are there, in groups of one mounting each."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets import find


def sets_in(data: Path, names: Sequence[str]) -> list[str]:
    """Those of some data sets whose files are in a folder; the others are named on stderr.

    Raises:
        DataError: none is.
    """
    found = [name for name in names if any((data / file).exists() for file in find(name).files)]
    if not found:
        raise DataError(f"{data}: none of the data sets {', '.join(names)} is there; give their folder with --data")
    for name in names:
        if name not in found:
            print(f"{name}: not in {data}, skipped", file=sys.stderr)
    return found


def by_mounting(recordings: Iterable[Recording]) -> list[list[Recording]]:
    """Recordings with the same mounting together, in their order; one without a mounting is alone."""
    groups: dict[str, list[Recording]] = {}
    for recording in recordings:
        groups.setdefault(recording.mounting or recording.name, []).append(recording)
    return list(groups.values())
