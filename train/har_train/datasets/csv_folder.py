"""A user's own recordings: one folder for each wearer, in it the CSV files that har-stream replays (see DATA.md)."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_runtime.sources.replay.source import Replay
from har_train.datasets.base import DataSet

ABOUT = "dataset.toml"
KEYS = ("title", "placement", "licence", "citation")


def load(path: Path) -> list[Recording]:
    """Every `WEARER/NAME.csv` below a folder, by wearer and name: recording `WEARER/NAME` of user `WEARER`.

    The files are read by the code that replays them, which refuses units that are clearly not SI. An empty cell becomes
    NaN; a row without a time is refused. Labels are free text.

    Raises:
        DataError: no such files, a CSV beside the wearers' folders, an impossible cell or unit, or a dataset.toml that
            cannot be used.
    """
    if not path.is_dir():
        raise DataError(f"{path}: not a folder; give the one with the wearers' folders (WEARER/NAME.csv)")
    placement = _about(path).get("placement")
    stray = sorted(path.glob("*.csv"))
    if stray:
        raise DataError(f"{stray[0]}: lies beside the wearers' folders; move it into its wearer's: WEARER/NAME.csv")
    files = sorted(path.glob("*/*.csv"))
    if not files:
        raise DataError(f"{path}: no WEARER/NAME.csv in it; each wearer needs a folder with CSV files")
    return [_recording(file, placement) for file in files]


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
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{file}: not valid TOML ({error})") from error
    for key, value in table.items():
        if key not in KEYS or not isinstance(value, str):
            raise DataError(f"{file}: '{key}' cannot be used; known keys: {', '.join(KEYS)}, each a text in quotes")
    return table


def _recording(file: Path, placement: str | None) -> Recording:
    replay = Replay(file, speed=float("inf"))
    try:
        chunks = list(replay)
    finally:
        replay.close()
    times, acc, gyro = (
        np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("times_ns", "acc", "gyro")
    )
    if (times == np.iinfo(np.int64).min).any():
        raise DataError(f"{file}: a row without a time; delete such rows")
    empty = [np.full(len(chunk.times_ns), "") for chunk in chunks]
    labels = np.concatenate(
        [none if chunk.labels is None else chunk.labels for chunk, none in zip(chunks, empty, strict=True)]
    )
    user = file.parent.name
    return Recording(f"{user}/{file.stem}", times, acc, gyro, labels, user, placement)


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
