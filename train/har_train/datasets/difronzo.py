"""DiFronzo: 8 people, a Galaxy S8 upside down in the trouser pocket, nominally 50 Hz, five activities."""

from pathlib import Path

import numpy as np

from har_runtime.contract import PERIOD_NS
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.experiments import Experiment, read_experiments

FOLDER = "raw data"
ACTIVITIES = {1: "walking", 2: "stairs_up", 3: "stairs_down", 4: "sitting", 5: "standing"}
MISPRINTS = {(5, 3, 4, 13265, 159396): (5, 3, 4, 13265, 15939)}
"""The recording has 16,621 samples, and every other segment lasts about 2,800."""


def load(path: Path) -> list[Recording]:
    """The 12 recordings, in the order of their experiment numbers.

    m/s^2 and rad/s in the Android convention: the phone hung upside down, so -y points up while the wearer stands.
    There are no timestamps; samples are taken as 20 ms apart. The rows of zeros at the start, which were written before
    the sensors answered, are dropped. Up while walking or on stairs differs by 9 degrees (median) to 14 between a
    person's two recordings.

    Raises:
        DataError: not the archive, or damaged.
    """
    with Archive(path, f"{FOLDER}/labels.txt") as archive:
        return [_recording(experiment) for experiment in read_experiments(archive, FOLDER, ACTIVITIES, MISPRINTS)]


def _recording(experiment: Experiment) -> Recording:
    alive = experiment.acc.any(axis=1) & experiment.gyro.any(axis=1)
    start = int(np.argmax(alive))
    times = np.arange(start, len(experiment.acc), dtype=np.int64) * PERIOD_NS
    acc, gyro, labels = experiment.acc[start:], experiment.gyro[start:], experiment.labels[start:]
    user = f"difronzo-{int(experiment.user):02d}"
    name = f"difronzo-{experiment.number}"
    return Recording(name, times, acc, gyro, labels, user, "pocket", 50.0, mounting=name)


DATASET = DataSet(
    name="difronzo",
    title="LSTM for Human Activity Recognition Classification (DiFronzo)",
    files=("difronzo.zip", "LSTM-for-Human-Activity-Recognition-classification-master"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("pocket",),
    page="https://github.com/DiFronzo/LSTM-for-Human-Activity-Recognition-classification",
    downloads=(
        Download(
            "https://github.com/DiFronzo/LSTM-for-Human-Activity-Recognition-classification/archive/refs/heads/master.zip",
            "difronzo.zip",
        ),
    ),
    citation="A. Lien: LSTM-for-Human-Activity-Recognition-classification, github.com/DiFronzo, 2022",
    licence="MIT",
)
