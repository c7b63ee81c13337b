"""Sentences in the style of NMEA 0183, whose first word says what their numbers are."""

import re
from typing import Final

_MAGNETIC: Final = ("mag x", "mag y", "mag z")
_ACCELERATION: Final = ("acc x (m/s2)", "acc y (m/s2)", "acc z (m/s2)")
_RATES: Final = ("gyro x (rad/s)", "gyro y (rad/s)", "gyro z (rad/s)")
_ANGLES: Final = ("yaw angle", "pitch angle", "roll angle")

SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    # VectorNav VN-100 User Manual (UM001), asynchronous ASCII messages.
    "VNIMU": (*_MAGNETIC, *_ACCELERATION, *_RATES, "temperature", "pressure"),
    "VNMAR": (*_MAGNETIC, *_ACCELERATION, *_RATES),
    "VNYMR": (*_ANGLES, *_MAGNETIC, *_ACCELERATION, *_RATES),
    "VNQMR": (*(f"quaternion {axis}" for axis in "xyzw"), *_MAGNETIC, *_ACCELERATION, *_RATES),
    "VNACC": _ACCELERATION,
    "VNYBA": (*_ANGLES, *(f"linear {name}" for name in _ACCELERATION), *_RATES),
    "VNYIA": (*_ANGLES, *(f"linear {name}" for name in _ACCELERATION), *_RATES),
}
"""Names of the numbers after the word, as for a header."""


_CHECKED: Final = re.compile(r"(\s*\$[A-Z]{3,8},.*?),?\*[0-9A-Fa-f]{2}\s*")


def without_checksum(text: str) -> str:
    """A sentence without its checksum, in which numbers could be seen; any other line as it is.

    >>> without_checksum("$PCHRS,1,4.0,0.95,-0.17,0.01,*4A"), without_checksum("1,2*4A")
    ('$PCHRS,1,4.0,0.95,-0.17,0.01', '1,2*4A')
    """
    match = _CHECKED.fullmatch(text) if "$" in text else None
    return match[1] if match else text


def sentence_of(text: str) -> str | None:
    """The word of a line that is such a sentence; None for any other line.

    >>> sentence_of("$VNIMU,+01.0640,-00.2531"), sentence_of("1,2,3")
    ('VNIMU', None)
    """
    word = text.lstrip("$").split(",", maxsplit=1)[0]
    return word if word in SENTENCES else None
