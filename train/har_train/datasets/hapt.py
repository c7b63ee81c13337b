"""HAPT v2.1: the raw form of UCI HAR. 30 people, a phone on the waist, 50 Hz, six activities and six transitions."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS, STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.table import read_numbers

ACTIVITIES = {
    1: "walking",
    2: "stairs_up",
    3: "stairs_down",
    4: "sitting",
    5: "standing",
    6: "lying",
    7: "stand_to_sit",
    8: "sit_to_stand",
    9: "sit_to_lie",
    10: "lie_to_sit",
    11: "stand_to_lie",
    12: "lie_to_stand",
}
TEST_USERS = (2, 4, 9, 10, 12, 13, 18, 20, 24)
"""The users in the official test part (Test/subject_id_test.txt), the same as in UCI HAR."""


def load(path: Path) -> list[Recording]:
    """The 61 recordings, in the order of their experiment numbers.

    The phone lay sideways on a belt: its x axis points up when the wearer stands. Acceleration is converted from g;
    angular rate is in rad/s, and both follow the Android convention. There are no timestamps: samples are 20 ms apart
    (README of the archive). Rows in labels.txt are 1-based and inclusive.

    Raises:
        DataError: not the archive, or damaged.
    """
    with Archive(path, "RawData/labels.txt") as archive:
        table = read_numbers(archive, "RawData/labels.txt", 5).astype(int)
        pattern = re.compile(r"RawData/acc_exp(\d+)_user(\d+)\.txt")
        files = sorted((match for name in archive.names if (match := pattern.fullmatch(name))), key=lambda m: m[1])
        if not files:
            raise DataError(f"{path}: no RawData/acc_exp*_user*.txt in it; this is not the HAPT archive")
        return [_recording(archive, match[1], match[2], table) for match in files]


def _recording(archive: Archive, experiment: str, user: str, table: NDArray[np.int_]) -> Recording:
    acc = read_numbers(archive, f"RawData/acc_exp{experiment}_user{user}.txt", 3) * STANDARD_GRAVITY
    gyro_name = f"RawData/gyro_exp{experiment}_user{user}.txt"
    gyro = read_numbers(archive, gyro_name, 3)
    if len(acc) != len(gyro):
        raise DataError(f"{archive.path}: {gyro_name} has {len(gyro)} rows, its accelerometer file {len(acc)}")
    labels = np.full(len(acc), "", dtype="U16")
    for _, labelled_user, activity, first, last in table[table[:, 0] == int(experiment)]:
        if labelled_user != int(user) or activity not in ACTIVITIES or not 1 <= first <= last <= len(acc):
            raise DataError(
                f"{archive.path}: RawData/labels.txt: experiment {int(experiment)}, rows {first} to {last}: does not "
                f"fit user {int(user)}, the activities 1 to 12 or the {len(acc)} rows of the recording"
            )
        labels[first - 1 : last] = ACTIVITIES[int(activity)]
    times = np.arange(len(acc), dtype=np.int64) * PERIOD_NS
    return Recording(f"hapt-{experiment}", times, acc, gyro, labels, f"hapt-{int(user):02d}", "waist", 50.0)


DATASET = DataSet(
    name="hapt",
    title="HAPT v2.1 (Smartphone-Based Recognition of Human Activities and Postural Transitions)",
    files=("hapt.zip", "HAPT Data Set.zip", "HAPT Data Set"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("waist",),
    page="https://archive.ics.uci.edu/dataset/341",
    downloads=(
        Download(
            "https://archive.ics.uci.edu/static/public/341/"
            "smartphone+based+recognition+of+human+activities+and+postural+transitions.zip",
            "hapt.zip",
            "4ac4ae064227c07045a99551876b54d204837e995e298b6488559e209b3deb09",
        ),
    ),
    citation=(
        "Reyes-Ortiz, Oneto, Sama, Parra and Anguita: Transition-Aware Human Activity Recognition Using Smartphones, "
        "Neurocomputing 171, 2016 (online 2015), doi 10.1016/j.neucom.2015.07.085"
    ),
    licence="CC BY 4.0 by its UCI page; the README inside the archive forbids commercial use",
    official_test=tuple(f"hapt-{user:02d}" for user in TEST_USERS),
)
