"""WISDM 2019: 51 people, a phone in the right trouser pocket and a watch on the wrist, 20 Hz, eighteen activities."""

import io
import itertools
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.mounting import with_mountings

ACTIVITIES = {
    "A": "walking",
    "B": "running",
    "C": "stairs",
    "D": "sitting",
    "E": "standing",
    "F": "typing",
    "G": "brushing_teeth",
    "H": "eating_soup",
    "I": "eating_chips",
    "J": "eating_pasta",
    "K": "drinking",
    "L": "eating_sandwich",
    "M": "kicking",
    "O": "catching",
    "P": "dribbling",
    "Q": "writing",
    "R": "clapping",
    "S": "folding",
}
"""There is no N. "B" is jogging, "C" is up and down the stairs in turns."""
PLACEMENTS = {"phone": "pocket", "watch": "wrist"}
UPRIGHT = {
    "phone": ("walking", "running", "stairs", "standing", "dribbling"),
    "watch": ("walking", "stairs", "standing"),
}
"""Activities in which the mean acceleration shows how the device sits. A runner's forearm is level."""
WITHIN_DEG = {"phone": 30.0, "watch": 100.0}
"""An arm at rest may hang or be crossed; a watch that was taken off and put on the other way round turns by 180."""
SESSION_NS = 3_600_000_000_000
"""A pause of an hour: some people came back on another day."""
ROW = np.dtype(
    [("subject", "S8"), ("code", "S2"), ("time", np.int64), ("x", np.float64), ("y", np.float64), ("z", np.float64)]
)


def load(path: Path) -> list[Recording]:
    """Each person's activities on each device, about three minutes each: by device, subject and order in the file.

    Values are Android's, in m/s^2 with gravity and rad/s. Accelerometer and gyroscope are two files, with times of
    their own on one clock, in nanoseconds. Times go back between activities, which were recorded in any order: each is
    a recording of its own. Repeated times and those that go back within one are kept for the resampler to drop and
    count. A recording has no gyroscope if nothing was recorded with it at the time; what only the gyroscope recorded is
    ignored.

    The phone was not always put back the same way: 21 of the 109 recordings of people on their feet point up elsewhere,
    by over 30 degrees, than most of the same person's. Recordings of one session that agree share their mounting.

    Raises:
        DataError: not the archive, or damaged.
    """
    with Archive(path, "raw/phone/accel/data_*_accel_phone.txt") as archive:
        return [recording for device in PLACEMENTS for recording in _recordings(archive, device)]


def _recordings(archive: Archive, device: str) -> list[Recording]:
    pattern = re.compile(rf"raw/{device}/accel/data_(\d+)_accel_{device}\.txt")
    files = sorted((match for name in archive.names if (match := pattern.fullmatch(name))), key=lambda m: int(m[1]))
    recordings: list[Recording] = []
    for match in files:
        subject = match[1]
        rates_file = f"raw/{device}/gyro/data_{subject}_gyro_{device}.txt"
        rates = _blocks(archive, rates_file, subject) if rates_file in archive.names else []
        seen: dict[str, int] = {}
        own: list[Recording] = []
        for block in _blocks(archive, match[0], subject):
            code = block["code"][0].decode()
            seen[code] = seen.get(code, 0) + 1
            name = f"wisdm-{subject}-{device}-{code}" + (f"-{seen[code]}" if seen[code] > 1 else "")
            rate = _simultaneous(block, rates)
            own.append(
                Recording(
                    name,
                    block["time"].copy(),
                    _values(block),
                    None if rate is None else _values(rate),
                    np.full(len(block), ACTIVITIES[code]),
                    f"wisdm-{subject}",
                    PLACEMENTS[device],
                    20.0,
                    gyro_times_ns=None if rate is None else rate["time"].copy(),
                )
            )
        recordings += _mounted(own, device)
    return recordings


def _mounted(recordings: list[Recording], device: str) -> list[Recording]:
    """A person's recordings on a device, with their mountings; the order stays."""
    by_time = sorted(range(len(recordings)), key=lambda index: int(recordings[index].times_ns[0]))
    mounted = list(recordings)
    session: list[int] = []
    number = 0
    for index, later in itertools.zip_longest(by_time, by_time[1:]):
        session.append(index)
        if later is None or recordings[later].times_ns[0] - recordings[index].times_ns[-1] > SESSION_NS:
            number += 1
            name = f"{recordings[index].user}-{device}" + (f"-session{number}" if number > 1 else "")
            own = [recordings[one] for one in session]
            for one, recording in zip(
                session, with_mountings(own, name, UPRIGHT[device], WITHIN_DEG[device]), strict=True
            ):
                mounted[one] = recording
            session.clear()
    return mounted


def _values(block: NDArray[np.void]) -> NDArray[np.float64]:
    return np.stack([block[axis] for axis in "xyz"], axis=1)


def _simultaneous(block: NDArray[np.void], others: list[NDArray[np.void]]) -> NDArray[np.void] | None:
    """The block of the other sensor with the same activity and the most time in common; None if none has any."""
    best, longest = None, 0
    for other in others:
        if other["code"][0] == block["code"][0]:
            begin = max(int(block["time"].min()), int(other["time"].min()))
            end = min(int(block["time"].max()), int(other["time"].max()))
            if end - begin > longest:
                best, longest = other, end - begin
    return best


def _blocks(archive: Archive, name: str, subject: str) -> list[NDArray[np.void]]:
    """The rows of one file (of dtype `ROW`), cut where the activity changes."""
    text = archive.read(name).decode("utf-8", "replace")
    rows = np.empty(0, ROW)
    if text.strip():  # NumPy would warn.
        with suppress(ValueError):
            rows = np.loadtxt(io.StringIO(text.replace(";", "")), ROW, delimiter=",", comments=None, ndmin=1)
    if not len(rows) or not _plausible(rows, subject) or text.count(";") != len(rows):
        raise DataError(f"{archive.path}: {name}: {_damage(text, subject)}; download the archive again")
    edges = [0, *(np.flatnonzero(rows["code"][1:] != rows["code"][:-1]) + 1).tolist(), len(rows)]
    return [rows[begin:end] for begin, end in itertools.pairwise(edges)]


def _plausible(rows: NDArray[np.void], subject: str) -> bool:
    codes = [code.encode() for code in ACTIVITIES]
    fits = (rows["subject"] == subject.encode()) & np.isin(rows["code"], codes)
    return bool(fits.all()) and all(bool(np.isfinite(rows[axis]).all()) for axis in "xyz")


def _damage(text: str, subject: str) -> str:
    """What is wrong with a file, searched for only after an error, because it takes long."""
    number = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d\d?)?"
    row = re.compile(rf"{subject},[{''.join(ACTIVITIES)}],\d{{1,18}},{number},{number},{number};")
    for index, line in enumerate(text.splitlines(), 1):
        if line.strip() and not row.fullmatch(line.strip()):
            return f"line {index} is '{line[:60]}', not {subject},ACTIVITY,TIME,X,Y,Z;"
    return "no row of data in it"


DATASET = DataSet(
    name="wisdm",
    title="WISDM 2019 (Smartphone and Smartwatch Activity and Biometrics Dataset)",
    files=("wisdm.zip", "wisdm-dataset.zip", "wisdm-dataset"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=tuple(PLACEMENTS.values()),
    page="https://archive.ics.uci.edu/dataset/507",
    downloads=(
        Download(
            "https://archive.ics.uci.edu/static/public/507/"
            "wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset.zip",
            "wisdm.zip",
        ),
    ),
    citation=(
        "Weiss, Yoneda and Hayajneh: Smartphone and Smartwatch-Based Biometrics Using Activities of Daily Living, IEEE "
        "Access 7, 2019, doi 10.1109/ACCESS.2019.2940729"
    ),
    licence="CC BY 4.0 by its UCI page; the README inside the archive names none",
)
