"""The records of an IIO buffer: which channels they have, where, and in which format.

According to the kernel's Documentation/ABI/testing/sysfs-bus-iio, `scan_elements/NAME_type` is, e.g., "le:s12/16>>4":
byte order, sign, significant bits, bits of storage, and by how many the number is shifted; "X2" before the shift means
two of them. Channels stand in the order of their `NAME_index`, each aligned to its own size, and a record to its
largest channel (drivers/iio/industrialio-buffer.c, iio_compute_scan_bytes).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.iio.devices import read_text

TIMESTAMP: Final = "in_timestamp"
_TYPE: Final = re.compile(r"(le|be):([su])(\d+)/(8|16|32|64)(?:X(\d+))?(?:>>(\d+))?")
_BYTE_ORDER: Final = {"le": "<", "be": ">"}
MAX_REPEAT: Final = 16


class NoBufferError(Exception):
    """Why the buffer of a device cannot be used, for people."""


@dataclass(frozen=True)
class ScanElement:
    """A channel of a record."""

    name: str
    """Such as "in_accel_x"."""
    index: int
    """Its rank in the record."""
    dtype: np.dtype
    """Of its storage."""
    bits: int
    """Significant ones."""
    shift: int
    is_signed: bool
    repeat: int = 1

    @property
    def size(self) -> int:
        """Bytes in a record, to which it is aligned too."""
        return self.dtype.itemsize * self.repeat

    def numbers(self, stored: NDArray) -> NDArray[np.int64]:
        """The numbers in its storage, shape (n,)."""
        unused = 64 - self.bits
        moved = (stored.astype(np.uint64) >> np.uint64(self.shift)) << np.uint64(unused)
        if self.is_signed:
            return moved.view(np.int64) >> np.int64(unused)
        return (moved >> np.uint64(unused)).view(np.int64)


def read_element(folder: Path, name: str) -> ScanElement:
    """The channel `name` of a folder `scan_elements`.

    Raises:
        NoBufferError: it is missing, or its format is not known.
    """
    index, text = read_text(folder / f"{name}_index"), read_text(folder / f"{name}_type")
    if index is None or text is None:
        raise NoBufferError(f"it has no {name}")
    parts = _TYPE.fullmatch(text)
    if parts is None or not index.isdecimal():
        raise NoBufferError(f"the format of {name} is not known: '{text[:40]}' at '{index[:10]}'")
    order, sign, bits, storage, repeat, shift = parts.groups()
    element = ScanElement(
        name,
        int(index),
        np.dtype(f"{_BYTE_ORDER[order]}u{int(storage) // 8}"),
        int(bits),
        int(shift or 0),
        sign == "s",
        int(repeat or 1),
    )
    if not 1 <= element.bits <= int(storage) - element.shift or not 1 <= element.repeat <= MAX_REPEAT:
        raise NoBufferError(f"the format of {name} is not known: '{text[:40]}'")
    return element


class RecordLayout:
    """The records of the channels that are switched on, in any order.

    >>> z = ScanElement("in_accel_z", 2, np.dtype("<u2"), 12, 4, True)
    >>> time = ScanElement("in_timestamp", 3, np.dtype("<u8"), 64, 0, True)
    >>> layout = RecordLayout([time, z])
    >>> layout.size
    16
    >>> layout.columns(b"\\xf0\\xff" + bytes(6) + bytes([1]) + bytes(7))["in_accel_z"]
    array([-1])
    """

    def __init__(self, elements: list[ScanElement]):
        self._elements = sorted(elements, key=lambda element: element.index)
        offsets: list[int] = []
        end = 0
        for element in self._elements:
            offsets.append(_aligned(end, element.size))
            end = offsets[-1] + element.size
        self.size = _aligned(end, max(element.size for element in self._elements))
        """Bytes of a record."""
        self._dtype = np.dtype(
            {
                "names": [element.name for element in self._elements],
                "formats": [(element.dtype, (element.repeat,)) for element in self._elements],
                "offsets": offsets,
                "itemsize": self.size,
            }
        )

    def columns(self, records: bytes) -> dict[str, NDArray[np.int64]]:
        """The numbers of each channel, shape (n,), by its name; of a repeated one the first.

        Args:
            records: whole ones.
        """
        stored = np.frombuffer(records, self._dtype)
        return {element.name: element.numbers(stored[element.name][:, 0]) for element in self._elements}


def _aligned(offset: int, size: int) -> int:
    return -(-offset // size) * size
