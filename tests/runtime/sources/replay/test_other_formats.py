"""Files that are no tables are named as what they are, with what makes a table of them."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from har_runtime.errors import DataError
from har_runtime.sources import open_source


def npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros((3, 3)))
    return file.getvalue()


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, acc=np.zeros((3, 3)))
    return file.getvalue()


def gt3x() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("info.txt", "Sample Rate: 30\n")
        archive.writestr("log.bin", b"\x1e")
    return file.getvalue()


FILES: dict[str, tuple[bytes, str]] = {
    "walk.npy": (npy(), "an array of NumPy.*savetxt"),
    "walk.npz": (npz(), "arrays of NumPy.*savetxt"),
    "walk.gt3x": (gt3x(), "an ActiGraph's recording .*ActiLife"),
    "walk.mat": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(100), "a MATLAB file.*writematrix"),
    "walk.h5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
    "walk.feather": (b"ARROW1\0\0" + bytes(100), "an Arrow or Feather file.*read_feather"),
    "walk.fit": (b"\x0e\x10\xd9\x07\0\x0b\0\0.FIT" + bytes(100), "a FIT file"),
    "walk.csv": (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html>", "a page of the web"),
    "fit.csv": (
        b"Type,Local Number,Message,Field 1,Value 1,Units 1\n",
        "messages of a FIT file, many readings to a cell",
    ),
    "walk.cbor": (b"\xa3iprotected\xa2cverbv1calgdnone" + bytes(40), "a CBOR file of Edge Impulse.*CSV or JSON"),
    "walk.xml": (b'<?xml version="1.0"?><gpx></gpx>', "an XML document"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_table_is_named_as_what_it_is(tmp_path: Path, name: str) -> None:
    content, message = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{name}: {message}"):
        open_source(f"replay:{path}?speed=max")
