"""Arrays in .npz files, written atomically and read without unpickling."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.files import atomic_path


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays under their names, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType] - its stub takes them for allow_pickle


def read_arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    """The arrays of these names.

    Raises:
        DataError: missing, damaged, or without one of them.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            return [content[name] for name in names]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: damaged or missing ({error}); delete it and start the command again") from error
