"""Reads numbers and labels from the text files of an archive, quickly; errors are reported in one line."""

import io

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_train.datasets.archive import Archive

LABEL_LENGTH = 24
"""Characters kept of a label; the longest official one, SITTING_DOWN, has 12."""


def read_numbers(archive: Archive, name: str, columns: int) -> NDArray[np.float64]:
    """A file of numbers separated by white space, shape (rows, columns). NaN stays NaN.

    Raises:
        DataError: missing, damaged, empty, a cell that is not a number, or not a table of that many columns.
    """
    try:
        numbers = np.array(archive.read(name).split(), dtype=np.float64)
    except ValueError as error:
        raise DataError(f"{archive.path}: {name}: {error}") from error
    if not len(numbers) or len(numbers) % columns:
        raise DataError(f"{archive.path}: {name}: {len(numbers)} numbers are not a table of {columns} columns")
    return numbers.reshape(-1, columns)


def read_csv(
    archive: Archive, name: str, columns: tuple[str, ...], label: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Some columns of a CSV with a header, in the given order. NaN stays NaN.

    Returns:
        Numbers, shape (rows, len(columns)); the cells of column `label`, shape (rows,), empty strings if it is None.

    Raises:
        DataError: missing, damaged, no such column, no row, a cell that is not a number, or a short row.
    """
    try:
        header, _, body = archive.read(name).decode("utf-8-sig").partition("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{archive.path}: {name}: not a text file ({error.reason})") from error
    titles = [title.strip().strip('"') for title in header.split(",")]
    wanted = (*columns, label) if label is not None else columns
    missing = [title for title in wanted if title not in titles]
    if missing:
        raise DataError(f"{archive.path}: {name}: no column {', '.join(missing)} in its first line")
    if not body.strip():
        raise DataError(f"{archive.path}: {name}: no row of data in it")
    fields = [(f"f{index}", np.float64) for index in range(len(columns))]
    row = np.dtype([*fields, ("label", f"U{LABEL_LENGTH}")] if label is not None else fields)
    where = [titles.index(title) for title in wanted]
    try:
        table = np.loadtxt(io.StringIO(body), dtype=row, delimiter=",", comments=None, usecols=where, ndmin=1)
    except ValueError as error:
        raise DataError(f"{archive.path}: {name}: {error}") from error
    numbers = np.stack([table[field] for field, _ in fields], axis=1)
    labels = table["label"] if label is not None else np.full(len(table), "")
    return numbers, labels


def rename(codes: NDArray[np.str_], names: dict[str, str]) -> NDArray[np.str_]:
    """The name of each code, "" if it has none. Fast if codes come in long stretches.

    >>> rename(np.array(["STD", "STD", "LYI"]), {"STD": "standing"}).tolist()
    ['standing', 'standing', '']
    """
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    stretches = np.array([names.get(str(code).strip(), "") for code in codes[starts]], np.str_)
    return np.repeat(stretches, np.diff(np.append(starts, len(codes))))
