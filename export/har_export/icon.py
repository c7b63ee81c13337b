"""The icon of the page as PNG, which iPhones want: the bars of `icon.svg`."""

import struct
import zlib
from typing import Final

import numpy as np

SIZE: Final = 512
"""Of the drawing that the numbers below are for."""
GROUND: Final = 0x0072B2
BARS: Final = ((112, 132, 288, 0xFFFFFF), (112, 228, 180, 0x56B4E9), (112, 324, 92, 0xE69F00))
"""Left, top, width and colour."""
BAR_HEIGHT: Final = 56


def icon_png(size: int) -> bytes:
    """The icon, size x size pixels.

    >>> icon_png(16)[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    pixels = np.empty((size, size, 3), np.uint8)
    pixels[:] = _rgb(GROUND)
    for left, top, width, colour in BARS:
        x0, x1, y0, y1 = (round(edge * size / SIZE) for edge in (left, left + width, top, top + BAR_HEIGHT))
        pixels[y0:y1, x0:x1] = _rgb(colour)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # Each row begins with its filter: none.
    head = struct.pack(">2I5B", size, size, 8, 2, 0, 0, 0)  # 8 bits, RGB.
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _rgb(colour: int) -> tuple[int, ...]:
    return tuple(colour.to_bytes(3, "big"))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
