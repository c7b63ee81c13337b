"""MotionSense: 24 people, an iPhone 6s in a front trouser pocket, 50 Hz, six activities in fifteen trials."""

from pathlib import Path

import numpy as np

from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.mounting import with_mountings
from har_train.datasets.table import read_csv

USERS = 24
ACTIVITIES = {
    "dws": "stairs_down",
    "ups": "stairs_up",
    "wlk": "walking",
    "jog": "running",
    "std": "standing",
    "sit": "sitting",
}
TRIALS = (
    *("dws_1", "dws_2", "dws_11", "ups_3", "ups_4", "ups_12", "wlk_7", "wlk_8", "wlk_15"),
    *("jog_9", "jog_16", "std_6", "std_14", "sit_5", "sit_13"),
)
COLUMNS = tuple(f"{signal}.{axis}" for signal in ("gravity", "userAcceleration", "rotationRate") for axis in "xyz")
UPRIGHT = tuple(label for label in ACTIVITIES.values() if label != "sitting")
WITHIN_DEG = 30.0
POCKETING = 3 * SAMPLE_RATE_HZ
"""Samples at each end that get no label. The wearers started the recording in the hand, pocketed the phone, and took it
out to stop; the published files still contain some of that. In the 96 trials of sitting and standing, each is at rest
(1.5 s below 1 rad/s) by 3.0 s, and all but one are at rest until 3.0 s before the end."""


def load(path: Path) -> list[Recording]:
    """The 360 trials `A_DeviceMotion_data/ACT_TRIAL/sub_N.csv`, by trial and user.

    Core Motion gives acceleration as gravity plus the user's, both in g and with Apple's sign (a phone that lies face
    up reads -1 on z; the attitude angles in the files agree): their sum is negated. Axes and angular rate (rad/s) are
    the contract's. There are no timestamps: samples are 20 ms apart. The first and last 3 s of each trial have no
    label, because the phone is moved into or out of the pocket.

    Most people put the phone back the same way each time (the directions that point up in two trials in which somebody
    walks, runs or stands differ by 9 degrees, median), but some trials differ by up to 176 degrees, 15 of 312 by more
    than 30 from most of the same person's. The trials of a person that agree share their mounting.

    Raises:
        DataError: not the archive, one of the 360 files missing, or damaged.
    """
    with Archive(path, "A_DeviceMotion_data/dws_1/sub_1.csv") as archive:
        recordings = {
            (trial, user): _recording(archive, trial, user) for trial in TRIALS for user in range(1, USERS + 1)
        }
    trials = sorted(TRIALS, key=lambda trial: int(trial.partition("_")[2]))  # In the order of their numbers.
    for user in range(1, USERS + 1):
        own = [recordings[trial, user] for trial in trials]
        for trial, mounted in zip(trials, with_mountings(own, str(own[0].user), UPRIGHT, WITHIN_DEG), strict=True):
            recordings[trial, user] = mounted
    return list(recordings.values())


def _recording(archive: Archive, trial: str, user: int) -> Recording:
    table, _ = read_csv(archive, f"A_DeviceMotion_data/{trial}/sub_{user}.csv", COLUMNS)
    acc = -(table[:, 0:3] + table[:, 3:6]) * STANDARD_GRAVITY
    times = np.arange(len(table), dtype=np.int64) * PERIOD_NS
    if len(table) <= 2 * POCKETING:
        raise DataError(f"{archive.path}: {trial}/sub_{user}.csv: {len(table)} rows are too few; download it again")
    labels = np.full(len(table), ACTIVITIES[trial.partition("_")[0]])
    labels[:POCKETING] = labels[-POCKETING:] = ""
    wearer = f"motionsense-{user:02d}"
    return Recording(f"{wearer}-{trial}", times, acc, table[:, 6:], labels, wearer, "pocket", 50.0)


DATASET = DataSet(
    name="motionsense",
    title="MotionSense (DeviceMotion)",
    files=("motionsense.zip", "A_DeviceMotion_data.zip", "A_DeviceMotion_data"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("pocket",),
    page="https://github.com/mmalekzadeh/motion-sense",
    downloads=(
        Download(
            "https://github.com/mmalekzadeh/motion-sense/raw/master/data/A_DeviceMotion_data.zip", "motionsense.zip"
        ),
    ),
    citation=(
        "Malekzadeh, Clegg, Cavallaro and Haddadi: Mobile Sensor Data Anonymization, IoTDI 2019, "
        "doi 10.1145/3302505.3310068"
    ),
    licence="MIT",
)
