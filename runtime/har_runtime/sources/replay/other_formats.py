"""Files that are no tables: what they are, by their first bytes or what is in a zip, and what makes tables of them."""

from collections.abc import Iterable
from typing import Final

HEAD_BYTES: Final = 512
"""Bytes that are looked at."""
_AS_CSV: Final = (
    "write its readings as CSV (a line of names such as time,acc_x,acc_y,acc_z, and a row for each reading)"
)
_NUMPY: Final = "numpy.savetxt(FILE, array, delimiter=',') writes it as CSV"
_LINK: Final = "give the file that its link leads to"
_TEXT: Final = -1
"""At the beginning of a text, in small letters."""
_UNPACK: Final = "unpack it, and give the table in it"

_MAPS: Final = (b"\xa3", b"\xbf")
"""How a map of three names, or of any number, begins in CBOR."""
_BEGINNINGS: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (0, b"\x93NUMPY", "an array of NumPy", _NUMPY),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", "writematrix or writetable in MATLAB write its readings as CSV"),
    (0, b"\x89HDF\r\n", "an HDF5 file, as MATLAB 7.3 and APDM write it", _AS_CSV),
    (0, b"ARROW1", "an Arrow or Feather file", "pandas.read_feather(FILE).to_csv(OTHER) writes it as CSV"),
    (0, b"FEA1", "a Feather file", "pandas.read_feather(FILE).to_csv(OTHER) writes it as CSV"),
    *((0, b"\x80" + bytes([one]), "a pickle of Python", _AS_CSV) for one in range(2, 6)),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an office program", "save the table as CSV, and give that"),
    (0, b"SQLite format 3\0", "an SQLite database", _AS_CSV),
    (0, b"#ROSBAG V", "a ROS bag", "rostopic echo -b FILE -p TOPIC > OTHER.csv writes a topic as CSV"),
    (0, b"\x89MCAP", "an MCAP recording", _AS_CSV),
    (0, b"ULog\x01\x12\x35", "a log of PX4", "ulog2csv writes its topics as CSV"),
    (8, b".FIT", "a FIT file, as Garmin writes it", _AS_CSV),
    (0, b"MD\xfc\x03", "a recording of an Axivity", "OmGui or cwa-convert write it as CSV"),
    (0, b"RIFF", "a sound file, or an Axivity's recording as one", "OmGui or cwa-convert write a recording as CSV"),
    (0, b"%PDF", "a PDF", _AS_CSV),
    (0, b"\x89PNG", "a picture", _AS_CSV),
    (0, b"\xff\xd8\xff", "a picture", _AS_CSV),
    (0, b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip", _UNPACK),
    (0, b"Rar!", "an archive of RAR", _UNPACK),
    (257, b"ustar", "an archive of tar", _UNPACK),
    (0, b"BZh", "packed by bzip2", _UNPACK),
    (0, b"\xfd7zXZ\0", "packed by xz", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "packed by Zstandard", _UNPACK),
    *((_TEXT, mark, "a page of the web", _LINK) for mark in (b"<!doctype html", b"<html")),
    *((_TEXT, mark, "an XML document", _AS_CSV) for mark in (b"<?xml", b"<gpx", b"<trainingcenterdatabase")),
    (_TEXT, b"fmt, 128, 89, fmt,", "a log of ArduPilot", "mavlogdump.py --types IMU --format csv writes it as CSV"),
    (0, b"XDF:", "a recording in XDF", _AS_CSV),
    *(
        (0, mark + b"iprotected", "a CBOR file of Edge Impulse", "its studio exports it as CSV or JSON")
        for mark in _MAPS
    ),
    (_TEXT, b"type,local number,message,field 1", "messages of a FIT file, many readings to a cell", _AS_CSV),
)
"""Where it stands, how it reads, what it is, and what to do."""


def format_of(head: bytes) -> str | None:
    """What a file that begins so is, if it is known and no table, and what to do.

    >>> format_of(b"<!DOCTYPE html>\\n<html>")
    'a page of the web, not a table: give the file that its link leads to'
    """
    text = head[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").lower()
    for at, mark, what, advice in _BEGINNINGS:
        if text.startswith(mark) if at == _TEXT else head[at : at + len(mark)] == mark:
            return f"{what}, not a table: {advice}"
    return None


def format_of_zip(names: Iterable[str]) -> str | None:
    """What a zip with files of these names is, if it is known and holds no tables, and what to do.

    >>> format_of_zip(["info.txt", "log.bin"])
    "an ActiGraph's recording (.gt3x), not a table: ActiLife exports its raw data as CSV"
    """
    held = set(names)
    if "[Content_Types].xml" in held or "META-INF/manifest.xml" in held:
        return "a document of an office program, not a table: save the table as CSV, and give that"
    if {"info.txt", "log.bin"} <= held:
        return "an ActiGraph's recording (.gt3x), not a table: ActiLife exports its raw data as CSV"
    if held and all(name.endswith(".npy") for name in held):
        return f"arrays of NumPy (.npz), not a table: {_NUMPY}"
    return None
