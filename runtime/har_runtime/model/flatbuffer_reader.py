"""Reads tables and vectors of a FlatBuffer (https://flatbuffers.dev/internals), and never past its end."""

import struct
from typing import Any

IDENTIFIER = b"TFL3"
"""Of TFLite's files, at byte 4."""
DAMAGED = (struct.error, IndexError, UnicodeDecodeError)
"""What reading a damaged file raises."""


class FlatbufferReader:
    """The bytes of a file. Positions are counted from its beginning; every read may raise one of `DAMAGED`."""

    def __init__(self, content: bytes):
        self._content = content

    @property
    def root(self) -> int:
        """Position of the outermost table."""
        return self._u32(0)

    def field(self, table: int, number: int) -> int:
        """Position of a table's field; 0 if it is missing."""
        vtable = table - struct.unpack_from("<i", self._content, table)[0]
        size = struct.unpack_from("<H", self._content, vtable)[0]
        slot = 4 + 2 * number
        if slot >= size:
            return 0
        offset = int(struct.unpack_from("<H", self._content, vtable + slot)[0])
        return table + offset if offset else 0

    def scalar(self, table: int, number: int, code: str, default: int = 0) -> int:
        """A field that is a number of this `struct` code."""
        at = self.field(table, number)
        return int(struct.unpack_from(f"<{code}", self._content, at)[0]) if at else default

    def table(self, table: int, number: int) -> int:
        """Position of a field that is a table; 0 if it is missing."""
        at = self.field(table, number)
        return at + self._u32(at) if at else 0

    def tables(self, table: int, number: int) -> list[int]:
        """Positions of the tables in a field that is a vector of tables."""
        start, count = self.vector(table, number, 4)
        return [slot + self._u32(slot) for slot in range(start, start + 4 * count, 4)]

    def numbers(self, table: int, number: int, code: str) -> tuple[Any, ...] | None:
        """A field that is a vector of numbers of this `struct` code; None if it is missing."""
        if not self.field(table, number):
            return None
        start, count = self.vector(table, number, struct.calcsize(code))
        return struct.unpack_from(f"<{count}{code}", self._content, start)

    def length(self, table: int, number: int, size: int) -> int:
        """How many elements of this size a field that is a vector has; 0 if it is missing."""
        return self.vector(table, number, size)[1]

    def piece(self, start: int, size: int) -> bytes:
        """Bytes at a position of the file."""
        if start + size > len(self._content):
            raise IndexError(size)
        return self._content[start : start + size]

    def bytes(self, table: int, number: int) -> bytes:
        """A field that is a string or a vector of bytes."""
        start, count = self.vector(table, number, 1)
        return self._content[start : start + count]

    def vector(self, table: int, number: int, size: int) -> tuple[int, int]:
        """Position of the first element, and how many there are; (0, 0) if the field is missing."""
        at = self.field(table, number)
        if not at:
            return 0, 0
        at += self._u32(at)
        count = self._u32(at)
        if at + 4 + count * size > len(self._content):
            raise IndexError(count)
        return at + 4, count

    def _u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self._content, at)[0])
