"""USC-HAD: 14 people, a MotionNode on the front right hip, 100 Hz, twelve activities of five trials each."""

import io
import itertools
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets.archive import Archive
from har_train.datasets.base import DataSet, Download

USERS = 14
TRIALS = 5
PERIOD_NS = 10_000_000
HEADER_BYTES, COMPRESSED = 128, 15
"""Of a MAT file: size of its header, and the type of a variable that is compressed."""
MAX_VARIABLE = 20_000_000
"""Bytes of a variable, unpacked: an hour of six channels at 100 Hz."""
ACTIVITIES = {
    1: "walking",
    2: "walking_left",
    3: "walking_right",
    4: "stairs_up",
    5: "stairs_down",
    6: "running",
    7: "jumping",
    8: "sitting",
    9: "standing",
    10: "lying",
    11: "elevator_up",
    12: "elevator_down",
}


def load(path: Path) -> list[Recording]:
    """The 840 trials `SubjectN/aXtY.mat`, by user, activity and trial; activity 10 ("sleeping") is lying.

    Acceleration is converted from g, angular rate from degrees/s (Readme.txt of the archive); samples are 10 ms apart.
    The axes are said to be x down along the body, y forward and z to the right: right-handed, as in the contract. The
    Readme does not document them, and whether x reads +9.81 or -9.81 when the wearer stands could not be verified:
    signs are kept as recorded, and `har-data describe usc-had` shows which axis is up. The sensor was in a pouch on the
    belt, in the same place for all trials of a person.

    Raises:
        DataError: not the archive, one of the 840 files missing, or not a MAT file with readings of six channels.
    """
    with Archive(path, "Subject1/a1t1.mat") as archive:
        trials = itertools.product(range(1, USERS + 1), ACTIVITIES, range(1, TRIALS + 1))
        return [_recording(archive, user, activity, trial) for user, activity, trial in trials]


def _recording(archive: Archive, user: int, activity: int, trial: int) -> Recording:
    readings = _readings(archive, f"Subject{user}/a{activity}t{trial}.mat")
    times = np.arange(len(readings), dtype=np.int64) * PERIOD_NS
    acc, gyro = readings[:, :3] * STANDARD_GRAVITY, np.deg2rad(readings[:, 3:])
    name = f"usc-had-{user:02d}-a{activity}t{trial}"
    labels = np.full(len(times), ACTIVITIES[activity])
    wearer = f"usc-had-{user:02d}"
    return Recording(name, times, acc, gyro, labels, wearer, "hip", 100.0, mounting=wearer)


def _readings(archive: Archive, name: str) -> NDArray[np.float64]:
    """`sensor_readings` of one MAT file (version 5). SciPy reads data only and executes nothing from the file."""
    from scipy.io import loadmat

    content = io.BytesIO(_unpacked(archive, name))
    try:
        readings = loadmat(content, variable_names=["sensor_readings"]).get("sensor_readings")
    except Exception as error:  # Damaged bytes make SciPy raise errors of many kinds, from TypeError to zlib.error.
        raise DataError(f"{archive.path}: {name}: not a readable MAT file ({error})") from error
    if not isinstance(readings, np.ndarray) or readings.dtype.kind not in "fiu":
        raise DataError(f"{archive.path}: {name}: no numbers named sensor_readings in it")
    if readings.ndim != 2 or readings.shape[1] != 6 or not len(readings):
        raise DataError(f"{archive.path}: {name}: sensor_readings is {readings.shape}, not (samples, 6)")
    return readings.astype(np.float64)


def _unpacked(archive: Archive, name: str) -> bytes:
    """A MAT file, whose variables are no larger unpacked than `MAX_VARIABLE`: SciPy would unpack whatever they hold.

    After a header of 128 bytes each variable is a type, its size and its bytes (MAT-File Format, Level 5).
    """
    content, at = archive.read(name), HEADER_BYTES
    order = "<" if content[HEADER_BYTES - 2 : HEADER_BYTES] == b"IM" else ">"
    while at + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        if kind == COMPRESSED:
            unpacking = zlib.decompressobj()
            with suppress(zlib.error):  # SciPy says what is damaged.
                unpacking.decompress(content[at + 8 : at + 8 + size], MAX_VARIABLE)
            if unpacking.unconsumed_tail:
                raise DataError(f"{archive.path}: {name}: larger unpacked than a file of the official archive")
        at += 8 + size
    return content


DATASET = DataSet(
    name="usc-had",
    title="USC-HAD (USC Human Activity Dataset)",
    files=("usc-had.zip", "USC-HAD.zip", "USC-HAD"),
    load=load,
    activities=tuple(ACTIVITIES.values()),
    placements=("hip",),
    page="https://sipi.usc.edu/had/",
    downloads=(Download("https://sipi.usc.edu/had/USC-HAD.zip", "usc-had.zip"),),
    citation=(
        "Zhang and Sawchuk: USC-HAD: A Daily Activity Dataset for Ubiquitous Activity Recognition Using Wearable "
        "Sensors, UbiComp Workshop SAGAware 2012, doi 10.1145/2370216.2370438"
    ),
    licence="none named in the archive; published for research, ask its authors about any other use",
)
