"""What the name of a column says: a sensor, an axis and a unit; a time; a number of the sample; or the true activity.

A name is taken apart into words: a sensor, an axis, a unit, and what is left, which tells the sensors of several
devices apart ("wrist_acc_x" and "hip_acc_x").
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from har_runtime.sources.other_scripts import in_english

AXES = "xyz"
MAX_NAME = 80
"""Characters of a name that are looked at."""
MAX_WORDS = 12
"""Words of a name that are looked at."""

TOTAL, PLAIN, LINEAR, GRAVITY, GYROSCOPE, BARE = "total", "plain", "linear", "gravity", "gyroscope", "bare"
"""What three columns hold: acceleration that is named as the one with gravity, acceleration that is only named so,
acceleration without gravity, gravity alone, angular rate, or something that is only named x, y, z."""
_SENSORS = {
    TOTAL: "totalacc|totalaccel|totalacceleration|accelerationwithgravity|accelerationwithg|accwithg|gf|gforce|"
    "accelerationincludinggravity",
    PLAIN: "a|ac|acc|acce|accel|accels|acceleration|accelerations|accelero|accelerometer|accelerometers|"
    "accelerometeracceleration|"
    "accl|beschleunigung|akcelerometr|acelerometro|accelerometro|kiihtyvyys|ivme|beschleunigungssensor|beschleunigungmitg|aceleracion|aceleracao|accelerazione|versnelling|przyspieszenie",
    LINEAR: "linearacc|linearaccel|linearacceleration|linearaccelerometer|linacc|linaccel|linacceleration|useracc|"
    "useracceleration|freeacc|freeacceleration|bodyacc|bodyacceleration|accelerationwithoutg|accwithoutg|"
    "accelerationwithoutgravity|lineareacceleration|linearebeschleunigung|beschleunigungohneg",
    GRAVITY: "gravity|grav|gra|gravityacceleration|gravitationalacceleration",
    GYROSCOPE: "g|gy|gyr|gyro|gyros|gyroscope|gyroscopes|gyrometer|w|omega|rot|rotation|"
    "rotationrate|gyrorotation|gyrorotationrate|angularrate|"
    "angularvelocity|angularspeed|angvel|angularvel|angrate|rotrate|rotvel|gyrorate|rotationalvelocity|rotationspeed|as|bodygyro|gyroskop|"
    "winkelgeschwindigkeit|drehrate|vitesseangulaire|velocidadangular|velocidadeangular|velocitaangolare|giroscopio|"
    "gyroscoop|zyroskop|giro|giros|gyroskooppi|jiroskop|gyrosensor",
}
_LINEAR_WORDS = {"linear", "lin", "user", "free", "body", "dynamic", "lineaire", "lineal", "lineare"}
"""Beside a word for acceleration: gravity is not in it."""
_ALWAYS_LINEAR = _LINEAR_WORDS - {"user", "free", "body", "dynamic"}
"""Those that say so wherever they stand in the name of a file: "acc_exp01_user01" is a person's."""
_TOTAL_WORDS = {"total"}
_NOISE = {
    "along",
    "direction",
    "component",
    "axis",
    "value",
    "data",
    "sensor",
    "imu",
    "cal",
    "calibrated",
    "uncalibrated",
    "ln",
    "raw",
}
"""Words that tell nothing apart."""
_STOP = {
    "mean", "avg", "average", "std", "stdev", "var", "variance", "min", "max", "median", "mad", "abs", "absolute",
    "norm", "mag", "magnitude", "magnetometer", "magnetic", "jerk", "bias", "offset", "delta", "fft", "energy",
    "entropy", "angle", "quat", "quaternion", "orientation", "attitude", "error", "drift", "velocity", "position",
    "magn", "compass", "euler", "rotvec", "covariance", "world", "earth",
}  # fmt: skip
"""A column whose name has one of these does not hold readings of an accelerometer or gyroscope in the device's axes."""
_OTHER = {
    "magnet", "orient", "ori", "vector", "pos", "vel", "tilt", "heading", "field", "gps", "temp", "temperature",
    "force", "torque", "pixel", "mouse", "screen", "location", "coordinate", "landmark", "marker", "size",
    "count", "id",
}  # fmt: skip
"""Beside an axis, these are none of our sensors, whatever the unit."""
_WITH_NUMBER = (
    re.compile(r"(.*?[A-Za-z]\d?)[ _]*[\[(](\d{1,3})[\])]\s*(?:[(\[](.*)[)\]])?"),
    re.compile(r"(.*?[A-Za-z])[ _]*(\d{1,3})\s*(?:[(\[](.*)[)\]])?"),
)
_NUMBERED = {"channel", "ch", "adc", "smooth", "axis", "value", "values", "raw", "data", "sensor", "imu"}
"""Beside a sensor whose axes have numbers."""
_UNNAMED = {"double", "float", "value", "values", "v"}
"""Beside the numbers of axes, the sensor is left to the name of the file: AWARE's "double_values_0"."""
_ANGLES = {"deg", "rad", "degrees", "radians"}
_TURNS = {"alpha": "x", "beta": "y", "gamma": "z"}
"""Of a browser's rotation rate: browsers give the turns about x, y and z."""
_ANGULAR = {"angular", "rotational"}
_ACC_UNITS = {
    **dict.fromkeys(("g", "gs", "gn", "gee"), "g"),
    **dict.fromkeys(("mg", "mgs", "millig"), "mg"),
    **dict.fromkeys(("ms2", "mps2", "mss", "mpss", "msec2", "metersperseconds2", "mpersec2", "mpers2"), "m/s2"),
    **dict.fromkeys(("cms2", "gal"), "980.665"),
    "mms2": "9806.65",
}
GYRO_UNITS = {
    **dict.fromkeys(
        ("dps", "ds", "degs", "degps", "degsec", "degpersec", "degreess", "degreespersecond", "degreepersecond", "deg"),
        "deg/s",
    ),
    **dict.fromkeys(("rads", "radps", "radsec", "rps", "radpersec", "radians", "radianspersecond", "rad"), "rad/s"),
    **dict.fromkeys(("degs1", "grads", "degsecond", "degreespersec"), "deg/s"),
    **dict.fromkeys(("rads1", "radianss", "radsecond", "radianspersec"), "rad/s"),
    **dict.fromkeys(("mdps", "mdegs", "mdeg"), "1000"),
    "mrads": "17.453293",
    "rpm": "0.16666667",
}
_UNITS_OF = {PLAIN: _ACC_UNITS, GYROSCOPE: GYRO_UNITS}
_UNKNOWN = "?"
"""Before the words of a sensor that is known by its unit alone, which come after those that are named."""
_TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "sek": "s",
    "ms": "ms", "msec": "ms", "msecs": "ms", "milli": "ms", "millis": "ms", "milliseconds": "ms", "millisecond": "ms",
    "us": "us", "usec": "us", "usecs": "us", "micro": "us", "micros": "us", "microseconds": "us", "microsecond": "us",
    "ns": "ns", "nsec": "ns", "nsecs": "ns", "nano": "ns", "nanos": "ns", "nanosec": "ns", "nanosecs": "ns",
    "nanoseconds": "ns", "nanosecond": "ns",
}  # fmt: skip
_TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "t", "elapsed", "epoch", "epoc", "unix", "unixtime", "utc", "datetime",
    "date", "ts", "clock", "rtc", "rtctime", "sampletime", "zeit", "uptime", "tiempo", "tempo", "temps", "tijd", "czas",
    "uhrzeit", "datum", "zeitstempel", "fecha", "hora", "heure", "horodatage", "ora", "tijdstempel", "tijdstip",
}  # fmt: skip
_TIME_QUALIFIERS = {
    "since", "start", "in", "reboot", "1970", "boot", "sample", "fine", "logging", "local", "creation", "arrival",
    "system", "sensor", "recording", "iso", "8601", "of", "day", "event", "phone", "txt", "cal", "chip", "imu", "the",
    "host", "device", "received", "measurement", "log", "global", "relative", "rel", "abs", "and", "real", "stamp",
    "attr", "realtime", "app", "header",
}  # fmt: skip
COUNTER_NAMES = {
    "", "index", "idx", "counter", "count", "packetcounter", "packet", "sample", "samples", "samplenumber", "sampleno",
    "sampleindex", "samplenum", "loggingsample", "frame", "framenumber", "row", "rownumber", "n", "no", "nr",
    "unnamed0", "seq", "headerseq", "sequence", "sequencenumber",
}  # fmt: skip
LABEL_NAMES = {
    "label", "labels", "activity", "activities", "class", "activitylabel", "activityname", "activityclass",
    "classlabel", "gt", "groundtruth", "truth",
}  # fmt: skip
_DATES = re.compile(r"(y{2,4}|d{1,2}|m{1,3}|mo)( (y{2,4}|d{1,2}|m{1,2}|mo|hh?|ss?|sss+|mi))+")
"""A name that is the pattern of a date, e.g. AndroSensor's "YYYY-MO-DD HH-MI-SS_SSS"."""
_WORDS = re.compile(r"(?:mp|m)s2|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BRACKETS = re.compile(r"\s*[(\[{](.*)[)\]}]\s*$")
_AXIS_IN_BRACKETS = re.compile(r"\s*[(\[{]([xyz])[)\]}]\s*$", re.IGNORECASE)


def _channel_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    patterns: list[tuple[str, re.Pattern[str]]] = []
    for kind, words in _SENSORS.items():
        units = "|".join(sorted(GYRO_UNITS if kind == GYROSCOPE else _ACC_UNITS, key=len, reverse=True))
        long = "|".join(word for word in words.split("|") if len(word) > 2)
        patterns.append((kind, re.compile(f"(?:{words})(?P<axis>[xyz])(?P<unit>{units}|)")))
        patterns.append((kind, re.compile(f"(?P<axis>[xyz])(?:{long})(?P<unit>{units}|)")))
    return tuple(patterns)


_CHANNELS = _channel_patterns()
_SENSOR_NAMES = tuple(
    (kind, re.compile("|".join(word for word in words.split("|") if len(word) > 2))) for kind, words in _SENSORS.items()
)


@dataclass(frozen=True)
class TimeColumn:
    """A column of times."""

    cell: int
    unit: str | None = None
    """One of s, ms, us, ns; None if the header does not name it."""
    of_sensor: bool = False
    """Whether it is named as that of one sensor."""


def split_name(name: str) -> tuple[list[str], str]:
    """The words of a name, as written, and its unit in lower case letters and digits: "Acc X (m/s²)" is Acc, X, ms2."""
    plain = unicodedata.normalize("NFKC", in_english(name[:MAX_NAME])).replace("°", "deg").replace("μ", "u")
    if not plain.isascii():  # "Accélération" is Acceleration.
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    unit = axis = ""
    if match := _AXIS_IN_BRACKETS.search(plain):  # GoPro: "Accelerometer [m/s2] (z)".
        plain, axis = plain[: match.start()], match[1]
    if match := _BRACKETS.search(plain):
        plain, unit = plain[: match.start()], re.sub(r"[^a-z0-9]", "", match[1].lower())
    return _WORDS.findall(f"{plain} {axis}")[:MAX_WORDS], unit


def is_unit(text: str) -> bool:
    """Whether a text is a unit of acceleration, of angular rate or of time.

    >>> is_unit("m/s²"), is_unit("°/s"), is_unit("C")
    (True, True, False)
    """
    unit = split_name(f"x ({text})")[1]
    return unit in _ACC_UNITS or unit in GYRO_UNITS or unit in _TIME_UNITS


def channel_of(words: list[str], unit: str) -> tuple[str, str, str, str | None] | None:
    """Kind, group, axis and unit of a channel; None if a name is that of no channel."""
    lower = [word.lower() for word in words if word.lower() not in _NOISE]
    if unit in _TIME_UNITS and len(unit) <= 3 and not _TIME_WORDS.isdisjoint(lower):
        return None  # Delsys: "ACC.X Time Series (s)".
    stopped = _STOP & set(lower)
    if _ANGULAR & set(lower):  # "Angular velocity" is a sensor, any other velocity is none.
        stopped -= {"velocity"}
    if not lower or stopped:
        return None
    if lower[-1] in _TURNS and "".join(lower[:-1]).endswith("rotationrate"):
        lower[-1] = _TURNS[lower[-1]]
    bare = "".join(lower)
    if match := re.fullmatch("([xyz])(?:axis|value|data)?", bare):
        if unit in _TIME_UNITS or unit in _ANGLES:  # Delsys: "X[s]" is the time.
            return None
        if unit in GYRO_UNITS:
            return GYROSCOPE, "", match[1], GYRO_UNITS[unit]
        return BARE, "", match[1], _ACC_UNITS.get(unit)
    if (match := re.fullmatch("([xyz])(.+)", bare)) and not unit:
        if match[2] in GYRO_UNITS:
            return GYROSCOPE, "", match[1], GYRO_UNITS[match[2]]
        if match[2] in _ACC_UNITS and len(match[2]) > 1:
            return BARE, "", match[1], _ACC_UNITS[match[2]]
    if not unit and (found := _with_words_before_axis(lower, None)) is not None:
        return found
    plain = [word for word in lower if not word.isdigit()]
    digits = [word for word in lower if word.isdigit()]
    for length in range(len(plain), 0, -1):
        for first in range(len(plain) - length + 1):
            if match := _sensor("".join(plain[first : first + length])):
                kind, axis, own_unit = match
                rest = {*plain[:first], *plain[first + length :], *digits}
                return _named(kind, rest, axis, own_unit or unit)
    return _with_words_before_axis(lower, unit)


def _with_words_before_axis(lower: list[str], unit: str | None) -> tuple[str, str, str, str | None] | None:
    """The channel of a name with words between sensor and axis: a unit (acc_g_x is no "g_x"), or a place (acc_rf_x).

    Args:
        unit: in brackets; None to look for one between.
    """
    *before, axis = lower
    if axis not in AXES or len(axis) != 1:
        return None
    for end in range(1, len(before)):
        between = before[end:]
        key = "".join(between)
        for first in range(end):
            match = _sensor("".join(before[first:end]) + axis)
            if match is None or len(before[end - 1]) == 1 or match[2]:
                continue
            if unit is None and key in (GYRO_UNITS if match[0] == GYROSCOPE else _ACC_UNITS):
                return _named(match[0], set(before[:first]), axis, key)
            if unit is not None and len(before[end - 1]) > 2 and not (_OTHER | _ANGLES) & set(before):
                return _named(match[0], {*before[:first], *between}, axis, unit)
    return None


def unknown_channel_of(words: list[str], unit: str) -> tuple[str, str, str, str | None] | None:
    """Kind, group, axis and unit of a channel whose name has an axis, but no word for a sensor that is known.

    The unit tells the sensor: "Versnelling x (m/s^2)", "a_RS_S_x [m s^-2]". Without one, it is only named x, y or z.
    """
    lower = [word.lower() for word in words if word.lower() not in _NOISE]
    if len(lower) < 2 or (_STOP | _OTHER | _ANGLES) & set(lower):
        return None
    axis = next((word for word in (lower[-1], lower[0]) if len(word) == 1 and word in AXES), None)
    if axis is None:
        return None
    lower.remove(axis)
    group = " ".join(sorted(lower))
    if unit in _ACC_UNITS:
        return PLAIN, group, axis, _ACC_UNITS[unit]
    if unit in GYRO_UNITS and unit not in _ANGLES:
        return GYROSCOPE, group, axis, GYRO_UNITS[unit]
    return None if unit else (BARE, group, axis, None)


def numbered_channels(names: Sequence[str]) -> dict[str, list[tuple[int, str | None]]]:
    """The columns and units of sensors whose axes have numbers, by kind of sensor; of x, y and z.

    Three numbers in a row are the axes; of more or of fewer nothing is known.

    >>> numbered_channels(["time", "gyroADC[0]", "gyroADC[1]", "gyroADC[2]", "acc 1 (g)", "acc 2 (g)"])
    {'gyroscope': [(1, None), (2, None), (3, None)]}
    """
    found: dict[tuple[str, str], list[tuple[int, int, str | None]]] = {}
    for index, name in enumerate(names):
        whole = name[:MAX_NAME].strip()
        if (match := next(filter(None, (pattern.fullmatch(whole) for pattern in _WITH_NUMBER)), None)) is None:
            continue
        lower = [word.lower() for word in split_name(match[1])[0]]
        if not _STOP & set(lower) and (sensor := _numbered_sensor(lower, split_name(f"({match[3]})")[1])):
            kind, key, unit = sensor
            found.setdefault((kind, key), []).append((int(match[2]), index, unit))
    channels: dict[str, list[tuple[int, str | None]]] = {}
    for (kind, _), cells in sorted(found.items(), key=lambda item: item[0][1].startswith(_UNKNOWN)):
        cells.sort()
        if [number - cells[0][0] for number, _, _ in cells] == [0, 1, 2]:
            channels.setdefault(kind, [(index, unit) for _, index, unit in cells])
    return channels


def _numbered_sensor(words: list[str], unit: str) -> tuple[str, str, str | None] | None:
    """Kind, name and unit of a sensor whose axes have numbers; its unit may be its last words (PX4's "gyro_rad"), and
    tells what a name that is not known is ("ARS1 (deg/s)")."""
    if words and _UNNAMED.issuperset(words):
        return BARE, "", _ACC_UNITS.get(unit)
    for end in range(len(words), max(0, len(words) - 4), -1):
        key = "".join(word for word in words[:end] if word not in _NUMBERED)
        kind = next((one for one, pattern in _SENSOR_NAMES if pattern.fullmatch(key)), None)
        if kind is not None:
            units = GYRO_UNITS if kind == GYROSCOPE else _ACC_UNITS
            last = "".join(words[end:])
            return (kind, key, units.get(last or unit)) if not last or last in units else None
    key = f"{_UNKNOWN}{' '.join(words)}"
    if unit in _ANGLES or (_OTHER & set(words)):
        return None
    return next(((kind, key, known[unit]) for kind, known in _UNITS_OF.items() if unit in known), None)


def _named(kind: str, rest: set[str], axis: str, unit: str) -> tuple[str, str, str, str | None]:
    """A channel, with what the rest of its name says of it."""
    units = GYRO_UNITS if kind == GYROSCOPE else _ACC_UNITS
    named = next((word for word in rest if word in units and len(word) > 1), "") if not unit else ""
    rest = rest - {named} if named else rest
    if kind == PLAIN and rest & _LINEAR_WORDS:
        kind, rest = LINEAR, rest - _LINEAR_WORDS
    elif kind == PLAIN and rest & _TOTAL_WORDS:
        kind, rest = TOTAL, rest - _TOTAL_WORDS
    elif kind == GYROSCOPE:
        rest = rest - {"body"}
    return kind, " ".join(sorted(rest)), axis, units.get(unit or named)


def _sensor(key: str) -> tuple[str, str, str] | None:
    """Kind, axis and unit of a compact name such as "accxms2"."""
    for kind, pattern in _CHANNELS:
        if match := pattern.fullmatch(key):
            return kind, match["axis"], match["unit"]
    return None


def time_of(words: list[str], unit: str, index: int) -> TimeColumn | None:
    """The column of times that a name is; None if it is none."""
    lower = [word.lower() for word in words]
    if "".join(lower) == "rtctime":  # The OpenLog Artemis: time of day.
        return TimeColumn(index, "s")
    named = [word for word in lower if word in _TIME_UNITS]
    # "t_ms", and "t" of its own at the beginning; later, t is temperature.
    if lower == ["t"] and index:
        return None
    rest = [word for word in lower if word not in _TIME_UNITS and word not in _TIME_WORDS]
    if (not lower or (len(lower) == 1 and lower[0] in AXES)) and unit in _TIME_UNITS:
        return TimeColumn(index, _TIME_UNITS[unit])  # No letters of ours, or Delsys's "X[s]".
    own = any(word in _TIME_WORDS for word in lower) or (bool(named) and len(named[0]) > 1)
    of_sensor = any(map(_is_sensor, rest))
    rest = [word for word in rest if not _is_sensor(word) and not (unit and word in (*AXES, "series"))]
    if own and all(word in _TIME_QUALIFIERS for word in rest):
        if len(named) == 1 or not unit:
            return TimeColumn(index, _TIME_UNITS.get(unit) or (_TIME_UNITS[named[-1]] if named else None), of_sensor)
        return TimeColumn(index, _TIME_UNITS.get(unit), of_sensor)
    compact = "".join(lower)
    match = re.fullmatch("(?:timestamp|time|t|rtctime|sampletime|datetime|date)(.*)", compact)
    if match and match[1] in _TIME_UNITS:
        return TimeColumn(index, _TIME_UNITS[match[1]])
    if _DATES.fullmatch(" ".join(lower)):
        return TimeColumn(index)
    return None


def _is_sensor(word: str) -> bool:
    """Whether a word names a sensor, whose times a column may hold: "acc_time"."""
    return any(pattern.fullmatch(word) for _, pattern in _SENSOR_NAMES)


def sensor_named(name: str) -> str | None:
    """The kind of sensor that a file's name names; None if it names none, or several.

    >>> sensor_named("TotalAcceleration"), sensor_named("Linear Accelerometer"), sensor_named("acc_exp01_user01")
    ('total', 'linear', 'plain')
    """
    plain = re.sub(r"\d+", " ", name)[:MAX_NAME]  # A date or an address may stand before the sensor.
    words = [word.lower() for word in split_name(plain)[0] if word.lower() not in _NOISE]
    if not _STOP.isdisjoint(words) and "angular" not in words:
        return None
    found: set[str] = set()
    before: set[str] = set()
    end = len(words)
    while end:
        for first in range(end):
            key = "".join(words[first:end])
            kind = next((kind for kind, pattern in _SENSOR_NAMES if pattern.fullmatch(key)), None)
            if kind is not None:
                found.add(kind)
                before |= set(words[max(0, first - 1) : first])
                end = first
                break
        else:
            end -= 1
    if LINEAR in found or ((_LINEAR_WORDS & before or _ALWAYS_LINEAR & set(words)) and PLAIN in found):
        found = found - {PLAIN} | {LINEAR}
    return found.pop() if len(found) == 1 else None
