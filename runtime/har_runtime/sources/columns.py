"""Which channel each column holds, and in which unit: by the names in a header or, without one, by number and order.

The one implementation for files and for the lines of a serial sensor. A name is taken apart into words: a sensor, an
axis, a unit, and what is left, which tells the sensors of several devices apart ("wrist_acc_x" and "hip_acc_x").
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.signal.units import rest_magnitude, unit_at_rest

CHANNEL_KEYS = ("ax", "ay", "az", "gx", "gy", "gz")
GYROSCOPE_KEYS = CHANNEL_KEYS[3:]
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
    PLAIN: "a|ac|acc|acce|accel|accels|acceleration|accelerations|accelero|accelerometer|accelerometeracceleration|"
    "accl|beschleunigung|beschleunigungmitg",
    LINEAR: "linearacc|linearaccel|linearacceleration|linearaccelerometer|linacc|linaccel|linacceleration|useracc|"
    "useracceleration|freeacc|freeacceleration|bodyacc|bodyacceleration|accelerationwithoutg|accwithoutg|"
    "accelerationwithoutgravity|lineareacceleration|linearebeschleunigung|beschleunigungohneg",
    GRAVITY: "gravity|grav|gravityacceleration|gravitationalacceleration",
    GYROSCOPE: "g|gy|gyr|gyro|gyroscope|w|omega|rot|rotation|rotationrate|gyrorotation|gyrorotationrate|angularrate|"
    "angularvelocity|angularspeed|angvel|as|bodygyro|gyroskop|winkelgeschwindigkeit|drehrate",
}
_LINEAR_WORDS = {"linear", "lin", "user", "free", "body", "dynamic"}
"""Beside a word for acceleration: gravity is not in it."""
_TOTAL_WORDS = {"total"}
_NOISE = {"axis", "value", "data", "sensor", "imu", "cal", "calibrated", "uncalibrated", "ln", "raw"}
"""Words that tell nothing apart."""
_STOP = {
    "mean", "avg", "average", "std", "stdev", "var", "variance", "min", "max", "median", "mad", "abs", "absolute",
    "norm", "mag", "magnitude", "magnetometer", "magnetic", "jerk", "bias", "offset", "delta", "fft", "energy",
    "entropy", "angle", "quat", "quaternion", "orientation", "attitude", "error", "drift", "velocity", "position",
}  # fmt: skip
"""A name with one of these is no reading of an accelerometer or gyroscope."""
_ACC_UNITS = {
    **dict.fromkeys(("g", "gs", "gn", "gee"), "g"),
    **dict.fromkeys(("mg", "mgs", "millig"), "mg"),
    **dict.fromkeys(("ms2", "mps2", "mss", "mpss", "msec2", "metersperseconds2", "mpersec2"), "m/s2"),
}
_GYRO_UNITS = {
    **dict.fromkeys(
        ("dps", "ds", "degs", "degps", "degsec", "degpersec", "degreess", "degreespersecond", "degreepersecond", "deg"),
        "deg/s",
    ),
    **dict.fromkeys(("rads", "radps", "radsec", "rps", "radpersec", "radians", "radianspersecond", "rad"), "rad/s"),
    **dict.fromkeys(("mdps", "mdegs"), "1000"),
}
_TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "sek": "s",
    "ms": "ms", "msec": "ms", "msecs": "ms", "milli": "ms", "millis": "ms", "milliseconds": "ms", "millisecond": "ms",
    "us": "us", "usec": "us", "usecs": "us", "micro": "us", "micros": "us", "microseconds": "us", "microsecond": "us",
    "ns": "ns", "nsec": "ns", "nano": "ns", "nanos": "ns", "nanoseconds": "ns", "nanosecond": "ns",
}  # fmt: skip
_TIME_WORDS = {
    "time", "times", "timestamp", "timestamps", "t", "elapsed", "epoch", "epoc", "unix", "unixtime", "utc", "datetime",
    "date", "ts", "clock", "rtc", "rtctime", "sampletime", "zeit", "uptime",
}  # fmt: skip
_TIME_QUALIFIERS = {
    "since", "start", "in", "reboot", "1970", "boot", "sample", "fine", "logging", "local", "creation", "arrival",
    "system", "sensor", "recording", "iso", "8601", "of", "day", "event", "phone", "txt", "cal", "chip", "imu", "the",
    "host", "device", "received", "measurement", "log", "global", "relative", "rel", "abs", "and", "real",
}  # fmt: skip
_COUNTER_NAMES = {
    "", "index", "idx", "counter", "count", "packetcounter", "packet", "sample", "samples", "samplenumber", "sampleno",
    "sampleindex", "samplenum", "loggingsample", "frame", "framenumber", "row", "rownumber", "n", "no", "nr",
    "unnamed0", "seq", "sequence", "sequencenumber",
}  # fmt: skip
_LABEL_NAMES = {
    "label", "labels", "activity", "activities", "class", "activitylabel", "activityname", "activityclass",
    "classlabel", "gt", "groundtruth", "truth",
}  # fmt: skip
_DATES = re.compile(r"(y{2,4}|d{1,2}|m{1,3}|mo)( (y{2,4}|d{1,2}|m{1,2}|mo|hh?|ss?|sss+|mi))+")
"""A name that is the pattern of a date, e.g. AndroSensor's "YYYY-MO-DD HH-MI-SS_SSS"."""
_WORDS = re.compile(r"(?:mp|m)s2|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BRACKETS = re.compile(r"\s*[(\[{](.*)[)\]}]\s*$")


def _channel_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    patterns: list[tuple[str, re.Pattern[str]]] = []
    for kind, words in _SENSORS.items():
        units = "|".join(sorted(_GYRO_UNITS if kind == GYROSCOPE else _ACC_UNITS, key=len, reverse=True))
        long = "|".join(word for word in words.split("|") if len(word) > 2)
        patterns.append((kind, re.compile(f"(?:{words})(?P<axis>[xyz])(?P<unit>{units}|)")))
        patterns.append((kind, re.compile(f"(?P<axis>[xyz])(?:{long})(?P<unit>{units}|)")))
    return tuple(patterns)


_CHANNELS = _channel_patterns()
_SENSOR_NAMES = tuple(
    (kind, re.compile("|".join(word for word in words.split("|") if len(word) > 2))) for kind, words in _SENSORS.items()
)


@dataclass(frozen=True)
class Profile:
    """What an app or a board writes without saying it in its header."""

    name: str
    source: str
    """Where that is documented."""
    marks: tuple[str, ...]
    """Names, in lower case letters and digits and without their units, that a header has all of."""
    acc_unit: str | None = None
    gyro_unit: str | None = None
    time_unit: str | None = None
    """Of the first of `marks`, if it is a time."""
    apple_sign: bool = False
    """Whether acceleration has Apple's sign: a phone that lies face up reads -1 g on z."""
    labelled: bool = True
    """Whether a column named as a label is the truth; False if it is the app's own guess."""


PROFILES: tuple[Profile, ...] = (
    Profile(
        "Sensor Logger",
        "https://github.com/tszheichoi/awesome-sensor-logger, UNITS.md",
        ("time", "secondselapsed"),
        gyro_unit="rad/s",
    ),
    Profile("OpenLog Artemis", "its firmware, Sensors.ino, getData", ("imudegc",), "mg", "deg/s"),
    Profile(
        "Movella DOT",
        "Xsens DOT User Manual (XD0502P), Data export; Movella DOT Data Exporter User Manual",
        ("sampletimefine", "packetcounter"),
        "m/s2",
        "deg/s",
        time_unit="us",
    ),
    Profile(
        "Physics Toolbox",
        "https://www.vieyrasoftware.net, g-Force Meter and Gyroscope",
        ("gfx", "gfy", "gfz"),
        "g",
        "rad/s",
    ),
    Profile(
        "SensorLog",
        "http://sensorlog.berndthomas.net; Apple, CMAccelerometerData and CMGyroData",
        ("accelerometeraccelerationx", "loggingtime"),
        "g",
        "rad/s",
        apple_sign=True,
        labelled=False,
    ),
    Profile(
        "SensorLog",
        "http://sensorlog.berndthomas.net; Apple, CMDeviceMotion",
        ("motionuseraccelerationx", "motiongravityx"),
        "g",
        "rad/s",
        apple_sign=True,
        labelled=False,
    ),
    Profile(
        "Apple's CMDeviceMotion",
        "Apple, CMDeviceMotion: gravity, userAcceleration, rotationRate",
        ("useraccelerationx", "gravityx", "rotationratex"),
        "g",
        "rad/s",
        apple_sign=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Positions of the channels and the sensor time in a line, and the units that the header names."""

    width: int
    """Cells in a line."""
    channels: tuple[int, ...]
    """Cells of acceleration x, y, z and, if there is a gyroscope, angular rate x, y, z."""
    time: int | None = None
    time_unit: str | None = None
    """One of s, ms, us, ns; None if unknown."""
    acc_unit: str | None = None
    """As for `units.acceleration_unit`."""
    gyro_unit: str | None = None
    """As for `units.angular_rate_unit`."""

    @property
    def gyroscope(self) -> bool:
        """Whether there are angular rates."""
        return len(self.channels) == len(CHANNEL_KEYS)

    @property
    def wanted(self) -> tuple[int, ...]:
        """The time, if there is one, and the channels."""
        return self.channels if self.time is None else (self.time, *self.channels)


@dataclass(frozen=True)
class Triple:
    """Three columns of one sensor."""

    cells: tuple[int, int, int]
    """Positions of x, y, z."""
    unit: str | None = None
    """As the header names it."""


@dataclass(frozen=True)
class TimeColumn:
    """A column of times."""

    cell: int
    unit: str | None = None
    """One of s, ms, us, ns; None if the header does not name it."""


@dataclass(frozen=True)
class NamedColumns:
    """What the names of a header say."""

    width: int
    sensors: Mapping[str, Triple]
    """The columns of each kind of sensor (`TOTAL` to `BARE`) that the header names wholly."""
    times: tuple[TimeColumn, ...] = ()
    """Columns of times, the most explicit first."""
    counter: int | None = None
    """The column that numbers the samples."""
    label: int | None = None
    """The column of the true activity."""
    profile: Profile | None = None
    partial: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The axes that are missing of sensors that the header names in part, by kind."""
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What tells apart the sensors of a kind of which the header names several, by kind."""

    @property
    def acceleration(self) -> str | None:
        """The kind of acceleration to read: the one with gravity before all others. None if there is none."""
        return next((kind for kind in (TOTAL, PLAIN, LINEAR, BARE) if kind in self.sensors), None)


def named_columns(names: Sequence[str]) -> NamedColumns:
    """What a header says, whatever it does not name.

    >>> found = named_columns(["Time (s)", "Gravity x", "Gravity y", "Gravity z", "Gyroscope x (rad/s)"])
    >>> found.sensors["gravity"].cells, found.times[0].unit, found.partial
    ((1, 2, 3), 's', {'gyroscope': ('y', 'z')})
    """
    parts = [_split(name) for name in names]
    shared = _shared_words([words for words, _ in parts])
    keys = {"".join(words).lower() for words, _ in parts}
    channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]] = {}
    times: list[TimeColumn] = []
    counter = label = None
    for index, (whole, unit) in enumerate(parts):
        words = whole[shared:]
        key = "".join(words).lower()
        if channel := _channel(whole, unit):
            kind, group, axis, own_unit = channel
            channels.setdefault((kind, group), {}).setdefault(axis, (index, own_unit))
        elif (time := _time(words, unit, index)) is not None:
            times.append(time)
        elif key in _COUNTER_NAMES and (key or not index):  # pandas leaves the name of its index empty.
            counter = index if counter is None else counter
        elif key in _LABEL_NAMES:
            label = index if label is None else label
    profile = next((one for one in PROFILES if all(mark in keys for mark in one.marks)), None)
    times.sort(key=lambda time: time.unit is None)  # Stable: the first of those with a unit.
    found = NamedColumns(len(names), {}, tuple(times), counter, label, profile)
    return _with_profile(_with_sensors(found, channels), parts)


def columns_by_name(names: Sequence[str]) -> Columns | None:
    """The columns that a header names; None unless it names all six channels, or acceleration alone.

    Acceleration that the header says is without gravity is not read.

    >>> columns_by_name(["time_ms", "Acc X (g)", "accY", "AZ", "gyro_x [deg/s]", "gyr.y", "wz"])
    Columns(width=7, channels=(1, 2, 3, 4, 5, 6), time=0, time_unit='ms', acc_unit='g', gyro_unit='deg/s')
    """
    found = named_columns(names)
    kind = found.acceleration
    if kind is None or kind == LINEAR or GYROSCOPE in found.partial or GYROSCOPE in found.several:
        return None
    acc, gyro = found.sensors[kind], found.sensors.get(GYROSCOPE)
    columns = Columns(found.width, acc.cells, acc_unit=acc.unit)
    if gyro is not None:
        columns = replace(columns, channels=acc.cells + gyro.cells, gyro_unit=gyro.unit)
    if found.times:
        columns = replace(columns, time=found.times[0].cell, time_unit=found.times[0].unit)
    return columns


def columns_by_number(rows: Sequence[Sequence[float]]) -> Columns | None:
    """The columns of lines without a header: time (optional), acceleration, angular rate, then anything.

    A first of seven or more columns is the time if it always grows (the SparkFun Razor's firmware: time in ms,
    acceleration, angular rate, magnetic field), unless gravity shows only if it is taken as acceleration. Dates before
    it, which are NaN, are skipped. Three columns are acceleration alone, and four if the first always grows. None for
    any other number below six: nothing shows what they are.

    >>> columns_by_number([[10, 0, 0, 1, 0, 0, 0], [20, 0, 0, 1, 0, 0, 0]])
    Columns(width=7, channels=(1, 2, 3, 4, 5, 6), time=0, time_unit=None, acc_unit=None, gyro_unit=None)
    """
    table = np.array(rows, np.float64)
    width = table.shape[1]
    start = int(np.argmin(np.append(np.isnan(table).all(axis=0), False)))
    used = width - start
    grows = used > 0 and bool((np.diff(table[:, start]) > 0).all())
    channels = 3 if used in (3, 4) else 6
    if used > channels and grows and (used == 4 or _gravity(table, start + 1) or not _gravity(table, start)):
        return Columns(width, tuple(range(start + 1, start + 1 + channels)), time=start)
    return Columns(width, tuple(range(start, start + channels))) if used == 3 or used >= 6 else None


def _gravity(table: NDArray[np.float64], first: int) -> bool:
    """Whether three columns read about 1 g in some unit."""
    magnitude = rest_magnitude(table[:, first : first + 3])
    return magnitude is not None and unit_at_rest(magnitude) is not None


def _split(name: str) -> tuple[list[str], str]:
    """The words of a name, as written, and its unit in lower case letters and digits: "Acc X (m/s²)" is Acc, X, ms2."""
    plain = unicodedata.normalize("NFKC", name[:MAX_NAME]).replace("°", "deg").replace("μ", "u")
    unit = ""
    if match := _BRACKETS.search(plain):
        plain, unit = plain[: match.start()], re.sub(r"[^a-z0-9]", "", match[1].lower())
    return _WORDS.findall(plain)[:MAX_WORDS], unit


def _shared_words(names: list[list[str]]) -> int:
    """How many words all names begin with, such as the device's."""
    shared = min((len(words) for words in names), default=0)
    while shared and (len(names) < len(AXES) or any(words[:shared] != names[0][:shared] for words in names)):
        shared -= 1
    return shared


def _channel(words: list[str], unit: str) -> tuple[str, str, str, str | None] | None:
    """Kind, group, axis and unit of a channel; None if a name is that of no channel."""
    lower = [word.lower() for word in words if word.lower() not in _NOISE]
    stopped = _STOP & set(lower)
    if "angular" in lower:  # "Angular velocity" is a sensor, any other velocity is none.
        stopped -= {"velocity"}
    if not lower or stopped:
        return None
    bare = "".join(lower)
    if match := re.fullmatch("([xyz])(?:axis|value|data)?", bare):
        if unit in _GYRO_UNITS:
            return GYROSCOPE, "", match[1], _GYRO_UNITS[unit]
        return BARE, "", match[1], _ACC_UNITS.get(unit)
    if (match := re.fullmatch("([xyz])(.+)", bare)) and not unit:
        if match[2] in _GYRO_UNITS:
            return GYROSCOPE, "", match[1], _GYRO_UNITS[match[2]]
        if match[2] in _ACC_UNITS and len(match[2]) > 1:
            return BARE, "", match[1], _ACC_UNITS[match[2]]
    plain = [word for word in lower if not word.isdigit()]
    digits = [word for word in lower if word.isdigit()]
    for length in range(len(plain), 0, -1):
        for first in range(len(plain) - length + 1):
            if match := _sensor("".join(plain[first : first + length])):
                kind, axis, own_unit = match
                rest = {*plain[:first], *plain[first + length :], *digits}
                return _named(kind, rest, axis, own_unit or unit)
    return None


def _named(kind: str, rest: set[str], axis: str, unit: str) -> tuple[str, str, str, str | None]:
    """A channel, with what the rest of its name says of it."""
    units = _GYRO_UNITS if kind == GYROSCOPE else _ACC_UNITS
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


def _time(words: list[str], unit: str, index: int) -> TimeColumn | None:
    """The column of times that a name is; None if it is none."""
    lower = [word.lower() for word in words]
    if "".join(lower) == "rtctime":  # The OpenLog Artemis: time of day.
        return TimeColumn(index, "s")
    named = [word for word in lower if word in _TIME_UNITS]
    # "t_ms", and "t" of its own at the beginning; later, t is temperature.
    if lower == ["t"] and index:
        return None
    rest = [word for word in lower if word not in _TIME_UNITS and word not in _TIME_WORDS]
    own = any(word in _TIME_WORDS for word in lower) or (bool(named) and len(named[0]) > 1)
    if own and all(word in _TIME_QUALIFIERS for word in rest):
        if len(named) == 1 or not unit:
            return TimeColumn(index, _TIME_UNITS.get(unit) or (_TIME_UNITS[named[-1]] if named else None))
        return TimeColumn(index, _TIME_UNITS.get(unit))
    compact = "".join(lower)
    match = re.fullmatch("(?:time|timestamp|t|rtctime|sampletime|date|datetime)(.*)", compact)
    if match and match[1] in _TIME_UNITS:
        return TimeColumn(index, _TIME_UNITS[match[1]])
    if _DATES.fullmatch(" ".join(lower)):
        return TimeColumn(index)
    return None


def _with_sensors(
    found: NamedColumns, channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]]
) -> NamedColumns:
    """Choose one sensor of each kind."""
    sensors: dict[str, Triple] = {}
    partial: dict[str, tuple[str, ...]] = {}
    several: dict[str, tuple[str, ...]] = {}
    acc_group: str | None = None
    for kind in (TOTAL, PLAIN, LINEAR, GRAVITY, BARE, GYROSCOPE):
        groups = {group: axes for (one, group), axes in channels.items() if one == kind}
        whole = [group for group, axes in groups.items() if len(axes) == len(AXES)]
        if not groups:
            continue
        if not whole:
            axes = next(iter(groups.values()))
            partial[kind] = tuple(axis for axis in AXES if axis not in axes)
            continue
        wanted = [group for group in ("", acc_group) if group in whole]
        if kind == GYROSCOPE:
            wanted.reverse()
        if not wanted and len(whole) > 1:
            several[kind] = tuple(whole)
            continue
        group = wanted[0] if wanted else whole[0]
        if acc_group is None and kind in (TOTAL, PLAIN, LINEAR):
            acc_group = group
        cells = [groups[group][axis] for axis in AXES]
        unit = next((unit for _, unit in cells if unit), None)
        sensors[kind] = Triple((cells[0][0], cells[1][0], cells[2][0]), unit)
    return replace(found, sensors=sensors, partial=partial, several=several)


def _with_profile(found: NamedColumns, parts: list[tuple[list[str], str]]) -> NamedColumns:
    """Add what the profile knows."""
    profile = found.profile
    if profile is None:
        return found
    sensors = {
        kind: replace(triple, unit=triple.unit or (profile.gyro_unit if kind == GYROSCOPE else profile.acc_unit))
        for kind, triple in found.sensors.items()
    }
    times = [
        replace(time, unit=time.unit or profile.time_unit)
        if "".join(parts[time.cell][0]).lower() == profile.marks[0]
        else time
        for time in found.times
    ]
    return replace(found, sensors=sensors, times=tuple(times), label=found.label if profile.labelled else None)


def sensor_named(name: str) -> str | None:
    """The kind of sensor that a file's name names; None if it names none, or several.

    >>> sensor_named("TotalAcceleration"), sensor_named("Linear Accelerometer"), sensor_named("walk")
    ('total', 'linear', None)
    """
    words = [word.lower() for word in _split(name)[0] if word.lower() not in _NOISE]
    if not _STOP.isdisjoint(words) and "angular" not in words:
        return None
    found: set[str] = set()
    end = len(words)
    while end:
        for first in range(end):
            key = "".join(words[first:end])
            kind = next((kind for kind, pattern in _SENSOR_NAMES if pattern.fullmatch(key)), None)
            if kind is not None:
                found.add(kind)
                end = first
                break
        else:
            end -= 1
    if LINEAR in found or (_LINEAR_WORDS & set(words) and PLAIN in found):
        found = found - {PLAIN} | {LINEAR}
    return found.pop() if len(found) == 1 else None
