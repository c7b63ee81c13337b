"""Data sets, each read from its official archive or folder into `Recording`s of the signal contract."""

from collections.abc import Iterable
from pathlib import Path

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.datasets import csv_folder, difronzo, hapt, mobiact, motionsense, sp_sw_har, uci_har, usc_had, wisdm
from har_train.datasets.base import DataSet, Download, terms

__all__ = ["DATASETS", "DataSet", "Download", "find", "find_all", "load", "terms"]

DATASETS: dict[str, DataSet] = {
    module.DATASET.name: module.DATASET
    for module in (hapt, uci_har, usc_had, mobiact, motionsense, sp_sw_har, wisdm, difronzo, csv_folder)
}


def find(name: str, data: Path | None = None) -> DataSet:
    """The data set of that name.

    Args:
        data: folder of the user's own recordings, for what its `dataset.toml` says.

    Raises:
        DataError: no such data set, or a `dataset.toml` that cannot be used.
    """
    if name not in DATASETS:
        raise DataError(f"unknown data set '{name}': choose one of {', '.join(DATASETS)}")
    dataset = DATASETS[name]
    return csv_folder.about(dataset, data) if data is not None and name == csv_folder.DATASET.name else dataset


def find_all(names: Iterable[str], data: Path | None = None) -> tuple[DataSet, ...]:
    """The data sets of these names, each once; arguments and errors as for `find`."""
    return tuple(find(name, data) for name in dict.fromkeys(names))


def load(name: str, data: Path, placement: str | None = None) -> list[Recording]:
    """Recordings of data set `name`.

    Args:
        name: one of `DATASETS`.
        data: its archive, the folder that the archive unpacks to, or the folder that either of them lies in.
        placement: only the recordings of sensors worn there, such as "wrist".

    Raises:
        DataError: missing, damaged, or no recording of that placement.
    """
    dataset = find(name)
    if not data.exists():
        raise DataError(f"{data}: no such file or folder; give the place of {dataset.name} with --data or HAREDGE_DATA")
    candidates = [data / file for file in dataset.files if (data / file).exists()] if data.is_dir() else []
    recordings = dataset.load(candidates[0] if candidates else data)
    if placement is None:
        return recordings
    chosen = [recording for recording in recordings if recording.placement == placement]
    if not chosen:
        there = sorted({recording.placement or "unknown places" for recording in recordings})
        raise DataError(f"{name}: no recording was worn at '{placement}'; there are: {', '.join(there)}")
    return chosen
