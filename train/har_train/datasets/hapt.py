"""HAPT v2.1: the raw form of UCI HAR. 30 people, a phone on the waist, 50 Hz, six activities and six transitions."""

from pathlib import Path

import numpy as np

from har_runtime.contract import PERIOD_NS, STANDARD_GRAVITY
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.experiments import Experiment, read_experiments

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
    (README of the archive). Rows in labels.txt are 1-based and inclusive. The phone was fixed anew for each experiment:
    up while walking differs by 5 degrees (median) to 20 between a person's two, and by 0.5 to 2 within one.

    Raises:
        DataError: not the archive, or damaged.
    """
    with Archive(path, "RawData/labels.txt") as archive:
        return [_recording(experiment) for experiment in read_experiments(archive, "RawData", ACTIVITIES, {})]


def _recording(experiment: Experiment) -> Recording:
    times = np.arange(len(experiment.acc), dtype=np.int64) * PERIOD_NS
    acc, user = experiment.acc * STANDARD_GRAVITY, f"hapt-{int(experiment.user):02d}"
    name = f"hapt-{experiment.number}"
    return Recording(name, times, acc, experiment.gyro, experiment.labels, user, "waist", 50.0, mounting=name)


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
