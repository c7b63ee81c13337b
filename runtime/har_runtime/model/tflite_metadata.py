"""Reads the metadata entries of a .tflite without an interpreter, and never past the end of the file.

It knows only as much of the FlatBuffers format (https://flatbuffers.dev/internals) and of TFLite's schema as it needs:
`Model.buffers` is field 4 and `Model.metadata` field 6; `Metadata` is (name, buffer); `Buffer` is (data, offset, size).
"""

import struct
from pathlib import Path

from har_runtime.errors import ModelError

IDENTIFIER = b"TFL3"
_MODEL_BUFFERS, _MODEL_METADATA = 4, 6


def read_metadata(content: bytes, where: Path | str) -> dict[str, bytes]:
    """Metadata entries by name.

    Raises:
        ModelError: not a .tflite, or a truncated one.
    """
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{where}: not a .tflite model (no TFL3 identifier)")
    try:
        reader = _Reader(content)
        model = reader.u32(0)
        buffers = reader.vector(model, _MODEL_BUFFERS)
        entries: dict[str, bytes] = {}
        for entry in reader.vector(model, _MODEL_METADATA):
            name = reader.bytes_field(entry, 0)
            index_at = reader.field(entry, 1)
            index = reader.u32(index_at) if index_at else 0
            entries[name.decode()] = reader.bytes_field(buffers[index], 0)
        return entries
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"{where}: the .tflite is damaged or cut off; copy or export it again") from error


class _Reader:
    def __init__(self, content: bytes):
        self._content = content

    def u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self._content, at)[0])

    def field(self, table: int, number: int) -> int:
        """Position of a table's field; 0 if it is missing."""
        vtable = table - struct.unpack_from("<i", self._content, table)[0]
        size = struct.unpack_from("<H", self._content, vtable)[0]
        slot = 4 + 2 * number
        if slot >= size:
            return 0
        offset = int(struct.unpack_from("<H", self._content, vtable + slot)[0])
        return table + offset if offset else 0

    def vector(self, table: int, number: int) -> list[int]:
        """Positions of the tables in a vector of tables."""
        at = self.field(table, number)
        if not at:
            return []
        start = at + self.u32(at)
        count = self.u32(start)
        if count > len(self._content) // 4:
            raise IndexError(count)
        return [slot + self.u32(slot) for slot in range(start + 4, start + 4 + 4 * count, 4)]

    def bytes_field(self, table: int, number: int) -> bytes:
        """A string or a vector of bytes."""
        at = self.field(table, number)
        if not at:
            return b""
        start = at + self.u32(at)
        end = start + 4 + self.u32(start)
        if end > len(self._content):
            raise IndexError(end)
        return self._content[start + 4 : end]
