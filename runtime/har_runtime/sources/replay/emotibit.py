"""EmotiBit's recordings as its card has them: a row for each axis of a packet, with several readings in it.

    17132,41,3,AX,1,100,0.123,0.119,0.118

Time in ms, number of the packet, number of readings, what they are, version, reliability, readings
(https://github.com/EmotiBit/EmotiBit_Docs, "Working with EmotiBit data"): acceleration in g, angular rate in deg/s.
The readings of a packet have its time, since it does not say their own.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

_ACC: Final = {f"A{axis.upper()}": f"acc_{axis} (g)" for axis in "xyz"}
_GYRO: Final = {f"G{axis.upper()}": f"gyro_{axis} (deg/s)" for axis in "xyz"}
_FIRST: Final = 6
"""Cells before the readings."""
MIN_ROWS: Final = 3


def as_rows(head: Sequence[str]) -> Callable[[Iterator[str]], Iterator[str]] | None:
    """What makes the lines of a usual table of EmotiBit's; None for any other file.

    Args:
        head: the first lines of the file.

    >>> lines = [f"{40 * packet},{packet},2,A{axis},1,100,0.5,0.25" for packet in (1, 2) for axis in "XYZ"]
    >>> list(as_rows(lines)(iter(lines)))[:2]
    ['time_ms,acc_x (g),acc_y (g),acc_z (g)\\n', '40,0.5,0.5,0.5\\n']
    """
    tags = [packet[1] for line in head if (packet := _packet(line)) is not None]
    if any(tags.count(tag) < MIN_ROWS - 1 for tag in _ACC) or 2 * len(tags) < len(head):
        return None
    names = _ACC | _GYRO if set(_GYRO) <= set(tags) else _ACC
    return lambda lines: _rows(lines, names)


def _rows(lines: Iterator[str], names: dict[str, str]) -> Iterator[str]:
    yield ",".join(["time_ms", *names.values()]) + "\n"
    held: dict[str, list[str]] = {}
    for line in lines:
        packet = _packet(line)
        if packet is None or packet[1] not in names:
            continue
        time, tag, readings = packet
        if tag in held:  # A packet of another axis is lost.
            held = {}
        held[tag] = readings
        if len(held) == len(names):
            for row in zip(*(held[name] for name in names), strict=False):
                yield ",".join([time, *row]) + "\n"
            held = {}


def _packet(line: str) -> tuple[str, str, list[str]] | None:
    """Time, what it holds, and readings of a line; None for any other line."""
    cells = line.rstrip("\r\n").split(",")
    if len(cells) <= _FIRST or cells[2] != str(len(cells) - _FIRST) or not cells[3].isalnum():
        return None
    return cells[0], cells[3], cells[_FIRST:]
