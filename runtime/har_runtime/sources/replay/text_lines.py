"""The lines of a text file, whatever its encoding and compression, in bounded memory.

UTF-8 with or without a mark, UTF-16, and Windows-1252 for what is neither; gzip is unpacked on the way. Nothing is read
twice, so that a file may be a pipe.
"""

import codecs
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from typing import BinaryIO, Final, TextIO

from har_runtime.errors import DataError
from har_runtime.sources.other_scripts import WORDS

MAX_LINE_BYTES: Final = 1_000_000
"""A line of ten thousand columns has 200,000."""
HEAD_BYTES: Final = 65_536
"""What the encoding is judged by."""
HEADER_BYTES: Final = 4096
"""In which the names of columns are looked for."""
_OTHER_ENCODINGS: Final = ("gb18030", "shift_jis", "euc_kr", "cp1251")
"""Of computers in China, Japan, Korea and Russia."""
GZIP: Final = b"\x1f\x8b"
_MARKS: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))
_CONTROLS: Final = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32))
"""Bytes that no text has, tab and the ends of lines and files being none of them."""

READ_ERRORS: Final = (OSError, EOFError, UnicodeDecodeError, zlib.error, zipfile.BadZipFile, lzma.LZMAError)
"""What reading a file may raise, packed or not."""


def open_bytes(file: BinaryIO) -> io.BufferedReader:
    """The bytes of a file, unpacked if it is gzip."""
    opened = file if isinstance(file, io.BufferedReader) else buffered(file)
    if opened.peek(2)[:2] == GZIP:
        return buffered(gzip.GzipFile(fileobj=opened))
    return opened


def open_text(file: io.BufferedReader) -> TextIO:
    """The text of a file as `open_bytes` opens it; lines end as they do in the file.

    Raises:
        DataError: it is not text. While it is read: UnicodeDecodeError, or DataError for a line that is too long.
    """
    head = file.peek(HEAD_BYTES)[:HEAD_BYTES]
    encoding, mark = encoding_of(head)
    file.read(mark)
    if encoding == "utf-8":
        lines: io.RawIOBase = _BoundedLines(file)
    else:
        lines = _BoundedLines(buffered(_Recoded(file, encoding)))
    return io.TextIOWrapper(buffered(lines), encoding="utf-8", newline="")


def buffered(raw: object) -> io.BufferedReader:
    """A reader of what a raw file reads."""
    return io.BufferedReader(raw, HEAD_BYTES)  # pyright: ignore[reportArgumentType] - readinto is all it needs.


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding of a file, by its first bytes, and the length of the mark that names it.

    Raises:
        DataError: it is not text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    if b"\0" in head:
        even, odd = head[: len(head) // 2 * 2 : 2], head[1::2]
        for encoding, letters, zeros in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
            if zeros.count(0) > 0.9 * len(zeros) and not letters.count(0):
                return encoding, 0
        raise DataError("not a text file: it has bytes of value 0")
    if len(head.translate(None, _CONTROLS)) < len(head):
        raise DataError("not a text file: it has control characters")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return next((encoding for encoding in _OTHER_ENCODINGS if _has_words(head, encoding)), "cp1252"), 0
    return "utf-8", 0


def _has_words(head: bytes, encoding: str) -> bool:
    """Whether text in this encoding has words for sensors or times in another script."""
    text = head[:HEADER_BYTES].decode(encoding, "ignore").lower()
    return any(word in text for word in WORDS)


class _Recoded(io.RawIOBase):
    """Text of any encoding as UTF-8."""

    def __init__(self, source: io.BufferedReader, encoding: str):
        # Windows-1252 leaves a few bytes undefined; a name of a column with one is still that.
        self._decoder = codecs.getincrementaldecoder(encoding)("strict" if encoding.startswith("utf") else "replace")
        self._source, self._held, self._ended = source, b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        while not self._held and not self._ended:
            data = self._source.read1(HEAD_BYTES)
            self._ended = not data
            self._held = self._decoder.decode(data, final=self._ended).encode("utf-8", "replace")
        count = min(len(buffer), len(self._held))
        buffer[:count], self._held = self._held[:count], self._held[count:]
        return count


class _BoundedLines(io.RawIOBase):
    """Bytes on their way into a reader of lines, which would hold a line of any length."""

    def __init__(self, source: io.BufferedReader):
        self._source, self._length = source, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        count = self._source.readinto1(buffer)
        read = bytes(buffer[:count])
        ends = max(read.rfind(b"\n"), read.rfind(b"\r")) + 1
        self._length = count - ends if ends else self._length + count
        if self._length > MAX_LINE_BYTES:
            raise DataError(f"not a table: a line of more than {MAX_LINE_BYTES} bytes")
        return count


def reason(error: BaseException) -> str:
    """What is wrong with a file, in words."""
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "not a text file: it has bytes that are no UTF-8"
    if isinstance(error, csv.Error):
        return f"not a table ({str(error)[:80]})"
    if isinstance(error, (EOFError, zlib.error)):
        return "cut off: its compressed data end too early or are damaged"
    return f"cannot be read ({(getattr(error, 'strerror', None) or str(error))[:80]})"
