"""Sentences in the style of NMEA 0183, whose first word says what their numbers are."""

import re
from collections.abc import Sequence
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


RAZOR_ANGLES: Final = "#YPR="
"""The Razor AHRS firmware sends nothing else until it is told to."""
_RAZOR: Final = re.compile(r"#([AMG])-[CR]=([-+.\d]+),([-+.\d]+),([-+.\d]+)")
"""The Razor AHRS firmware's sensors, each in a line of its own
(https://github.com/Razor-AHRS/razor-9dof-ahrs, Output.ino)."""
_RAZOR_SENSORS: Final = {"A": ("acc", -256.0, "g"), "G": ("gyro", 14.375, "deg/s")}
"""Names, counts of a unit, and units: one g is 256, and a gyroscope has 0.06957 deg/s a count (Razor_AHRS.ino).
z points down and reads +256 at rest, as Apple's would: acceleration is reversed, as ROS's razor_imu_9dof does."""
_UM: Final = re.compile(r"\s*\$PCHRS,([012]),([-+.\d]+),([-+.\d]+),([-+.\d]+),([-+.\d]+),?.*")
_UM_SENSORS: Final = {"0": ("gyro", "deg/s"), "1": ("acc", "g"), "2": ("mag", "")}
"""CH Robotics' UM7, NMEA sensor packet: which sensor, time in s, x, y, z (UM7 Datasheet, "NMEA packets")."""
_ZEPHYR: Final = re.compile(
    r"channel type=\d+\((accel|gyro)_xyz\).*\bvalue=(\d+)ns \(\s*([-+.\d]+), *([-+.\d]+), *([-+.\d]+)\)"
)
"""Zephyr's shell, `sensor get` and `sensor stream` (subsys/.../sensor_shell_stream.c); units as its API has them."""
_ZEPHYR_SENSORS: Final = {"accel": ("acc", "m/s2"), "gyro": ("gyro", "rad/s")}
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


def with_labels(text: str) -> str:
    """A line of one sensor whose first word says which, with labels that everyone knows; empty for the Razor's magnetic
    field alone; any other line as it is.

    >>> with_labels("#A-C=-12.8,0,256"), with_labels("$PCHRS,0,4.0,0.9,-0.1,0")
    ('acc x: 0.05 g y: -0.0 g z: -1.0 g', 'gyro x: 0.9 deg/s y: -0.1 deg/s z: 0.0 deg/s')
    """
    try:
        if "-" in text and "#" in text and (found := list(_RAZOR.finditer(text))):
            return " ".join(
                _labelled(*_RAZOR_SENSORS[one[1]], one.groups()[1:]) for one in found if one[1] in _RAZOR_SENSORS
            )
        if "$PCHRS" in text and (match := _UM.fullmatch(text)):
            name, unit = _UM_SENSORS[match[1]]
            time = f"time: {match[2]} " if name == "acc" else ""
            return time + _labelled(name, 1.0, unit, match.groups()[2:])
        if "channel type=" in text and (match := _ZEPHYR.search(text)):
            name, unit = _ZEPHYR_SENSORS[match[1]]
            time = f"time: {int(match[2]) / 1e9!r} s " if name == "acc" else ""
            return time + _labelled(name, 1.0, unit, match.groups()[2:])
    except ValueError:  # A number that is damaged.
        pass
    return text


def _labelled(name: str, size: float, unit: str, numbers: Sequence[str]) -> str:
    values = (f"{axis}: {float(number) / size!r} {unit}".strip() for axis, number in zip("xyz", numbers, strict=True))
    return f"{name} {' '.join(values)}"
