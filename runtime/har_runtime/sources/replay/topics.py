"""Lines that begin with the topic of a message, as `mosquitto_sub -v` prints them: `sensors/imu 20,0.1,0.2,...`."""

import re
from collections.abc import Callable, Sequence
from typing import Final

LINES_LOOKED_AT: Final = 20
MIN_ROWS: Final = 3
_TOPIC: Final = re.compile(r"([\w$.-]+(?:/[\w$.+-]+)+)[ \t]+(?=[-+]?\.?\d)")


def without_topics(head: Sequence[str]) -> Callable[[str], str] | None:
    """What makes a cell of each line's topic; None for other lines, and for numbers between spaces.

    Args:
        head: the first lines of a file.

    >>> change = without_topics(["sensors/imu 20,0.1", "sensors/imu 40,0.2", "sensors/imu 60,0.3"])
    >>> change("sensors/imu 80,0.4")
    'sensors/imu,80,0.4'
    """
    lines = [line for line in head[:LINES_LOOKED_AT] if line.strip()]
    delimiter = next((mark for mark in "\t;," if lines and mark in lines[0]), None)
    if delimiter is None or len(lines) < MIN_ROWS or not all(map(_TOPIC.match, lines)):
        return None
    return lambda line: _TOPIC.sub(rf"\1{delimiter}", line, count=1)
