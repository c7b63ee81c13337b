"""Public data sets, each read from its official zip or folder into `Recording`s of the signal contract."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets import hapt


@dataclass(frozen=True)
class DataSet:
    """What a data set is called, where it may be found in a folder, and under which terms."""

    name: str
    title: str
    files: tuple[str, ...]
    """Names under which the official archive or its folder may lie in `--data`."""
    load: Callable[[Path], list[Recording]]
    citation: str
    licence: str


DATASETS: dict[str, DataSet] = {
    hapt.NAME: DataSet(hapt.NAME, hapt.TITLE, hapt.FILES, hapt.load, hapt.CITATION, hapt.LICENCE),
}


def find(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        DataError: no such data set.
    """
    if name not in DATASETS:
        raise DataError(f"unknown data set '{name}': choose one of {', '.join(DATASETS)}")
    return DATASETS[name]


def load(name: str, data: Path) -> list[Recording]:
    """Recordings of data set `name`, from its archive or folder `data`, or from a folder that holds that.

    Raises:
        DataError: nothing there, or damaged.
    """
    dataset = find(name)
    if not data.exists():
        raise DataError(f"{data}: no such file or folder; give the {dataset.title} archive with --data or HAREDGE_DATA")
    candidates = [data / file for file in dataset.files if (data / file).exists()] if data.is_dir() else []
    return dataset.load(candidates[0] if candidates else data)
