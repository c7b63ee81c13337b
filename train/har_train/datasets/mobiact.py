"""MobiAct v2: 66 people, a phone loose in a trouser pocket, 200 Hz, daily activities, scenarios of them, and falls."""

import re
from pathlib import Path

import numpy as np

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive, Limits
from har_train.datasets.base import DataSet
from har_train.datasets.table import read_csv, rename

ACTIVITIES = {
    "STD": "standing",
    "WAL": "walking",
    "JOG": "running",
    "JUM": "jumping",
    "STU": "stairs_up",
    "STN": "stairs_down",
    "SIT": "sitting",
    "CHU": "sit_to_stand",
    "SCH": "stand_to_sit",
    "CSI": "car_in",
    "CSO": "car_out",
}
"""The eleven of the paper (section 4.1.1)."""
COLUMNS = ("timestamp", "acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")


def load(path: Path) -> list[Recording]:
    """Every `Annotated Data/ACT/ACT_SUBJECT_TRIAL_annotated.csv`, by code, subject and trial.

    Labels come from the label column, for the eleven activities only: falls (FOL, FKL, BSC, SDL) and the lying after
    them (LYI) have no label here, so that the recording of a fall contributes the standing before it. Values are
    Android's, in m/s^2 with gravity and rad/s; each wearer chose the orientation of the phone in the pocket, where it
    was loose, so that each file has a mounting of its own. Times are the file's, in nanoseconds; rows that go back in
    time are kept for the resampler to drop and count.

    Raises:
        DataError: not the archive, damaged, one of the eleven activities without a file, or an impossible cell.
    """
    with Archive(path, "Annotated Data/*/*_annotated.csv", Limits(100_000_000, 20_000_000_000)) as archive:
        pattern = re.compile(r"Annotated Data/(\w+)/(\w+)_(\d+)_(\d+)_annotated\.csv")
        files = sorted(
            (match for name in archive.names if (match := pattern.fullmatch(name))),
            key=lambda match: (match[1], int(match[3]), int(match[4])),
        )
        absent = [code for code in ACTIVITIES if code not in {match[1] for match in files}]
        if absent:
            raise DataError(
                f"{path}: nothing in Annotated Data/{absent[0]}; the archive is not complete, unpack or get it again"
            )
        return [_recording(archive, match) for match in files]


def _recording(archive: Archive, file: re.Match[str]) -> Recording:
    table, codes = read_csv(archive, file[0], COLUMNS, label="label")
    if not np.isfinite(table[:, 0]).all():
        raise DataError(f"{archive.path}: {file[0]}: a row without a time")
    # Nanoseconds since the phone started: a double holds them exactly for 104 days.
    times = np.rint(table[:, 0]).astype(np.int64)
    name = f"mobiact-{file[2]}-{int(file[3]):02d}-{int(file[4])}"
    user = f"mobiact-{int(file[3]):02d}"
    labels = rename(codes, ACTIVITIES)
    return Recording(name, times, table[:, 1:4], table[:, 4:], labels, user, "pocket", 200.0, mounting=name)


DATASET = DataSet(
    name="mobiact",
    title="MobiAct v2 (annotated data)",
    files=("mobiact.zip", "MobiAct_Dataset_v2.0.zip", "MobiAct_Dataset_v2.0"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("pocket",),
    page="https://bmi.hmu.gr/the-mobifall-and-mobiact-datasets-2/",
    downloads=(),
    citation=(
        "Vavoulas, Chatzaki, Malliotakis, Pediaditis and Tsiknakis: The MobiAct Dataset: Recognition of Activities of "
        "Daily Living using Smartphones, ICT4AWE 2016, doi 10.5220/0005792401430151"
    ),
    licence="on request, for research that is not commercial; the terms come with the data",
    registration=(
        "ask the Biomedical Informatics Lab of the Hellenic Mediterranean University for MobiAct v2 with the form on "
        "the page, then put the zip it sends as mobiact.zip, or the folder MobiAct_Dataset_v2.0, into the data folder "
        "(a .rar must be unpacked first)"
    ),
)
