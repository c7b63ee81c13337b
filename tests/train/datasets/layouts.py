"""Small data sets in the official layouts, byte format included, of numbers that a test can know again."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_train.datasets import mobiact, uci_har, usc_had


def signal(samples: int, seed: int) -> NDArray[np.float64]:
    """Acceleration in g, x up, and angular rate in rad/s, shape (samples, 6), of 7 decimal places."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (samples, 6))
    noise[:, 0] += 1
    return noise.round(7)


@dataclass(frozen=True)
class Stretch:
    """Consecutive official windows of one UCI HAR subject."""

    user: int
    activities: tuple[int, ...]
    """One for each window."""

    @property
    def samples(self) -> NDArray[np.float64]:
        """What the windows were cut from, shape (64 * (windows + 1), 6)."""
        return signal(64 * (len(self.activities) + 1), seed=100 * self.user + len(self.activities))


def uci_har_files(parts: dict[str, list[Stretch]]) -> dict[str, bytes]:
    """The files the loader reads, by their path in the archive; numbers are printed as there, `  1.0128170e+00`."""
    files: dict[str, bytes] = {}
    for part, stretches in parts.items():
        signals = [stretch.samples for stretch in stretches]
        windows = [samples[i : i + 128] for samples in signals for i in range(0, len(samples) - 64, 64)]
        for channel, name in enumerate(uci_har.SIGNALS):
            rows = ("".join(f"{value:16.7e}" for value in window[:, channel]) for window in windows)
            files[f"{part}/Inertial Signals/{name}_{part}.txt"] = ("\n".join(rows) + "\n").encode()
        files[f"{part}/y_{part}.txt"] = "".join(f"{a}\n" for s in stretches for a in s.activities).encode()
        files[f"{part}/subject_{part}.txt"] = "".join(f"{s.user}\n" for s in stretches for _ in s.activities).encode()
    return files


def usc_had_files(samples: int = 30) -> dict[str, bytes]:
    """All 840 trials as MAT files of version 5 with the 13 fields of the Readme."""
    from scipy.io import savemat

    files: dict[str, bytes] = {}
    for user in range(1, usc_had.USERS + 1):
        for activity, name in usc_had.ACTIVITIES.items():
            for trial in range(1, usc_had.TRIALS + 1):
                readings = signal(samples, seed=10_000 * user + 100 * activity + trial)
                readings[:, 3:] = np.rad2deg(readings[:, 3:])
                content = io.BytesIO()
                fields = {"title": "USC Human Motion Database", "version": "1.0", "date": "2012-01-01", "age": "30"}
                fields |= {"subject": str(user), "height": "170", "weight": "60", "activity": name}
                fields |= {"activity_number": str(activity), "trial": str(trial), "sensor_location": "front-right-hip"}
                savemat(content, {**fields, "sensor_orientation": "horizontal", "sensor_readings": readings})
                files[f"Subject{user}/a{activity}t{trial}.mat"] = content.getvalue()
    return files


MOBIACT_HEADER = "timestamp,rel_time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,azimuth,pitch,roll,label"


def mobiact_csv(labels: list[str], start_ns: int = 24_985_109_000, seed: int = 0) -> bytes:
    """One annotated file at 200 Hz."""
    values = signal(len(labels), seed) * [9.81, 9.81, 9.81, 1, 1, 1]
    rows = []
    for index, (row, label) in enumerate(zip(values.tolist(), labels, strict=True)):
        readings = ",".join(map(repr, row))
        rows.append(f"{start_ns + 5_000_000 * index},{0.005 * index:.9f},{readings},120.5,-1.5,0.25,{label}")
    return ("\n".join([MOBIACT_HEADER, *rows]) + "\n").encode()


def mobiact_files() -> dict[str, bytes]:
    """One second of each of the eleven activities by subject 2, a fall, and a scenario of subject 10."""
    files = {
        f"Annotated Data/{code}/{code}_2_1_annotated.csv": mobiact_csv([code] * 200, seed=index)
        for index, code in enumerate(mobiact.ACTIVITIES)
    }
    files["Annotated Data/FOL/FOL_2_1_annotated.csv"] = mobiact_csv(["STD"] * 100 + ["FOL"] * 60 + ["LYI"] * 40)
    files["Annotated Data/SLH/SLH_10_1_annotated.csv"] = mobiact_csv(["STD"] * 100 + ["WAL"] * 200 + ["STN"] * 100)
    return files


def wisdm_rows(subject: int, code: str, values: NDArray[np.float64], start_ns: int, step_ns: int = 50_354_004) -> bytes:
    """Rows of one sensor, `1600,A,252207666810782,-0.36476135,8.793503,1.0550842;`."""
    rows = enumerate(values.tolist())
    return b"".join(
        f"{subject},{code},{start_ns + step_ns * index},{','.join(map(repr, row))};\n".encode() for index, row in rows
    )


def wisdm_files() -> dict[str, bytes]:
    """Eight seconds of walking and then, recorded before it, of folding; subject 1607's phone has no gyroscope."""
    files: dict[str, bytes] = {}
    for subject, device in ((1600, "phone"), (1600, "watch"), (1607, "phone")):
        for sensor, offset_ns, count in (("accel", 0, 160), ("gyro", 7_000_000, 165)):
            if (subject, sensor) == (1607, "gyro"):
                continue
            columns = slice(0, 3) if sensor == "accel" else slice(3, 6)
            content = b""
            for code, start_ns in (("A", 252_207_666_810_782), ("S", 244_006_350_616_716)):
                values = signal(count, seed=subject + len(device) + ord(code))[:, columns]
                content += wisdm_rows(subject, code, values * (9.81 if sensor == "accel" else 1), start_ns + offset_ns)
            files[f"raw/{device}/{sensor}/data_{subject}_{sensor}_{device}.txt"] = content
    return files


def write_zip(path: Path, files: dict[str, bytes], inside: str = "") -> Path:
    """A zip of the files below the folder `inside`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(inside + name, content)
    return path


def zip_in_zip(path: Path, inner_name: str, inner: Path) -> Path:
    """A zip that holds another one beside a text, as UCI packs its downloads."""
    return write_zip(path, {"UCI HAR Dataset.names": b"About the data\n", inner_name: inner.read_bytes()})


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    """The files below a folder."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path
