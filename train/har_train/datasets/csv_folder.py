"""A user's own recordings: one folder for each wearer, in it the recordings that har-stream replays (see DATA.md)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError, SourceError
from har_runtime.recording import Recording
from har_runtime.samples import SampleChunk
from har_runtime.sources.replay.options import NAMES, ReadOptions, read_options
from har_runtime.sources.replay.parts import recordings_in
from har_runtime.sources.replay.source import Replay
from har_runtime.tables import MAX_TEXT, TableError, read_toml, shown
from har_runtime.text import MAX_NAME, clean, has_control, is_name
from har_runtime.uri import Uri
from har_train.datasets.base import DataSet

ABOUT = "dataset.toml"
TEXTS = ("title", "placement", "licence", "citation")
KEYS = (*TEXTS, *NAMES)
"""What `dataset.toml` may say: texts about the data, and the options of `replay:` for all of its recordings."""


def load(path: Path) -> list[Recording]:
    """Every recording in a wearer's folder, by wearer and name: recording `WEARER/NAME` of user `WEARER`.

    They are read by the code that replays them: tables of any app, zips, and folders with a table for each sensor. An
    empty cell becomes NaN; a row without a time is refused. A file without the gyroscope's columns is a recording
    without one; a row with empty cells for one sensor is a sample of the other. Labels are free text; usual words for
    an activity become ours.

    Raises:
        DataError: no such files, a table beside the wearers' folders, an impossible cell or unit, or a dataset.toml
            that cannot be used.
    """
    if not path.is_dir():
        raise DataError(f"{path}: not a folder; give the one with the wearers' folders (WEARER/NAME.csv)")
    about = _about(path)
    options = _options(path, about)
    stray = [file for file in recordings_in(path) if file.is_file()]
    if stray:
        raise DataError(f"{stray[0]}: lies beside the wearers' folders; move it into its wearer's: WEARER/NAME.csv")
    wearers = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    files = [file for wearer in wearers for file in recordings_in(wearer)]
    if not files:
        raise DataError(f"{path}: no WEARER/NAME.csv in it; each wearer needs a folder with recordings")
    return [_recording(file, about.get("placement"), options) for file in files]


def about(dataset: DataSet, path: Path) -> DataSet:
    """The data set, with what `dataset.toml` in its folder says about it.

    Raises:
        DataError: the file is not TOML, or has keys other than `KEYS`.
    """
    table = _about(path)
    placements = (table["placement"],) if "placement" in table else ()
    texts = {key: table.get(key, getattr(dataset, key)) for key in ("title", "licence", "citation")}
    return replace(dataset, placements=placements, **texts)


def _about(path: Path) -> dict[str, str]:
    file = path / ABOUT
    if not file.is_file():
        return {}
    try:
        table = read_toml(file)
        for key, value in table.items():
            if key not in KEYS or not isinstance(value, str):
                raise TableError(f"'{clean(key)}' cannot be used; known keys: {', '.join(KEYS)}, each a text in quotes")
            if len(value) > MAX_TEXT or has_control(value):
                raise TableError(f"'{key}' must be a text of at most {MAX_TEXT:,} characters, not {shown(value)}")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
    except TableError as error:
        raise DataError(f"{file}: {error}") from error
    if not is_name(table.get("placement", "waist")):
        raise DataError(f"{file}: 'placement' must be a text of 1 to {MAX_NAME} characters")
    return table


def _options(path: Path, about: dict[str, str]) -> ReadOptions:
    """The options of `replay:` in `dataset.toml`."""
    try:
        return read_options(Uri(ABOUT, "", {name: about[name] for name in NAMES if name in about}))
    except SourceError as error:
        raise DataError(f"{path / ABOUT}: {str(error).removeprefix(f'{ABOUT}: ')}") from error


def _recording(file: Path, placement: str | None, options: ReadOptions) -> Recording:
    replay = Replay(file, float("inf"), options)
    try:
        chunks = list(replay)
    finally:
        replay.close()
    if any((chunk.times_ns == np.iinfo(np.int64).min).any() for chunk in chunks):
        raise DataError(f"{file}: a row without a time; delete such rows")
    measured, gyroscope = _sensor(chunks, "acc"), _sensor(chunks, "gyro")
    if measured is None:
        raise DataError(f"{file}: no acceleration in it")
    times, acc = measured
    gyro_times, gyro = (None, None) if gyroscope is None else gyroscope
    if gyro_times is not None and np.array_equal(gyro_times, times):
        gyro_times = None
    labels = [_labels(chunk) for chunk in chunks if chunk.acc is not None]
    user = file.parent.name
    name = f"{user}/{file.name if file.is_dir() else file.stem}"
    return Recording(
        name, times, acc, gyro, np.concatenate(labels), user, placement, gyro_times_ns=gyro_times, mounting=name
    )


def _sensor(chunks: list[SampleChunk], name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """Times and values of one sensor, None if it measured nothing."""
    own = [(chunk.times_ns, values) for chunk in chunks if (values := getattr(chunk, name)) is not None]
    if not own:
        return None
    times, values = zip(*own, strict=True)
    return np.concatenate(times), np.concatenate(values)


def _labels(chunk: SampleChunk) -> NDArray[np.str_]:
    return np.full(len(chunk.times_ns), "") if chunk.labels is None else chunk.labels


DATASET = DataSet(
    name="csv-folder",
    title="your own recordings",
    files=("csv-folder",),
    load=load,
    activities=(),
    placements=(),
    page="train/DATA.md",
    downloads=(),
    citation="none given",
    licence="yours; dataset.toml can name it",
)
