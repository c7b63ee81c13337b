"""sp-sw-har of the UJI: 23 people, a phone in the pocket and a watch on the wrist, sitting down, walking, turning."""

import re
from pathlib import Path

import numpy as np

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download
from har_train.datasets.table import read_csv, rename

ACTIVITIES = {
    "SEATED": "sitting",
    "STANDING_UP": "sit_to_stand",
    "WALKING": "walking",
    "TURNING": "turning",
    "SITTING_DOWN": "stand_to_sit",
}
PLACEMENTS = {"sp": "pocket", "sw": "wrist"}
COLUMNS = ("timestamp", "x_acc", "y_acc", "z_acc", "x_gyro", "y_gyro", "z_gyro")
RATE_HZ = {"sp": 102.5, "sw": 104.3}
"""Measured: medians over the files, each of which is within 0.5 %."""


def load(path: Path) -> list[Recording]:
    """Both devices' files of the 223 executions in `DATA/executions_info.csv`, phone first.

    Values are Android's, in m/s^2 with gravity and rad/s (the watch, face up at rest, reads +9.8 on z; the README names
    no unit). The phone lies in the pocket in one of four orientations. Times are milliseconds of arrival: up to ten
    samples share one, and some arrive 0.18 s late in a burst. Since a device has the same rate in every file, no
    samples are lost: each file is read as uniform from its first to its last time, and starts at 0. Up while walking
    differs between a person's executions by 7 degrees (median) to 160 on the phone, by 3 to 16 on the watch.

    Raises:
        DataError: not the archive, a file missing or damaged, or a label that is not one of the five.
    """
    with Archive(path, "DATA/executions_info.csv") as archive:
        text = archive.read("DATA/executions_info.csv").decode("utf-8-sig", "replace")
        executions = [line.partition(",")[0].strip() for line in text.splitlines()[1:] if line.strip()]
        wrong = [name for name in executions if not re.fullmatch(r"s\d\d_\d\d", name)]
        if wrong or not executions:
            reason = f"'{wrong[0]}' is not an execution" if wrong else "no execution in it"
            raise DataError(f"{path}: DATA/executions_info.csv: {reason}")
        return [_recording(archive, execution, device) for execution in executions for device in PLACEMENTS]


def _recording(archive: Archive, execution: str, device: str) -> Recording:
    file = f"DATA/{execution[:3]}/{execution}_{device}.csv"
    table, codes = read_csv(archive, file, COLUMNS, label="label")
    labels = rename(codes, ACTIVITIES)
    unknown = codes[labels == ""]
    if len(unknown):
        raise DataError(f"{archive.path}: {file}: label '{unknown[0]}' is not one of {', '.join(ACTIVITIES)}")
    span = (table[-1, 0] - table[0, 0]) * 1e6
    if not span > 0:
        raise DataError(f"{archive.path}: {file}: its times do not go forward from the first row to the last")
    times = np.rint(np.linspace(0.0, span, len(table))).astype(np.int64)
    user = f"sp-sw-har-{execution[1:3]}"
    placement, rate = PLACEMENTS[device], RATE_HZ[device]
    name = f"{user}-{execution[4:]}-{placement}"
    return Recording(name, times, table[:, 1:4], table[:, 4:], labels, user, placement, rate, mounting=name)


DATASET = DataSet(
    name="sp-sw-har",
    title="sp-sw-har (smartphones and smartwatches, Universitat Jaume I)",
    files=("sp-sw-har.zip", "sp_sw_har.zip", "sp-sw-har-dataset"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=tuple(PLACEMENTS.values()),
    page="https://doi.org/10.5281/zenodo.8398688",
    downloads=(
        Download("https://github.com/GeoTecINIT/sp-sw-har-dataset/archive/refs/heads/main.zip", "sp-sw-har.zip"),
    ),
    citation=(
        "Matey-Sanz, Casteleyn and Granell: Dataset of inertial measurements of smartphones and smartwatches for human "
        "activity recognition, Data in Brief 51, 2023, 109809, doi 10.1016/j.dib.2023.109809"
    ),
    licence="CC BY 4.0",
)
