"""Takes apart lines in which labels say what the numbers are, as sketches print them for people.

`Acceleration X: 0.1, Y: 0.2, Z: 9.8 m/s^2`, `ax=0.1 ay=0.2`, `a/g: 1 2 3 4 5 6`, `Gyr[mdps]: 70 -210 140`,
`{"acc": {"x": 0.1}}` and `accel 0.1 0.2 9.8 m/s/s` all become names such as "Acceleration x (m/s2)", with a value each.
What the names mean is for `columns` to say.
"""

import math
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from har_runtime.sources.column_names import GRAVITY, GYROSCOPE, LINEAR, PLAIN, TOTAL, split_name
from har_runtime.sources.columns import named_columns
from har_runtime.sources.serial_port.cells import has_decimal_commas
from har_runtime.sources.serial_port.clock_text import CLOCK, clock_seconds
from har_runtime.sources.turn_rates import turn_rate_of

MAX_VALUES = 64
"""Numbers of a line that are looked at; a line of 1 kB from one sensor has fewer."""
_SENSORS = (TOTAL, PLAIN, LINEAR, GRAVITY, GYROSCOPE)
MIN_SENSOR = 2
"""Letters of a word that may be something else than a sensor, such as the unit g."""
MAX_LABEL = 60
"""Characters before a number that are looked at."""
MAX_TIME_NUMBERS = 2
"""Numbers of a line with nothing but a time, such as "Time: 1234 ms"; the numbers of a longer one are readings."""
TIME = "time"
CLOCK_NAME = "time (s)"
"""Name of a time that stands before the labels."""
TIME_MS_NAME = "time (ms)"

_NAN = r"(?<![\w.])[-+]?(?:nan|NaN|NAN|inf|INF)(?!\w)"
_NUMBER = r"(?<![\w.^/°²@-])[-+]?(?:\d+(?:{point}\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!x)"
_VALUES = re.compile(f"({CLOCK})|{_NAN}|{_NUMBER.format(point='[.]')}")
_VALUES_WITH_COMMAS = re.compile(f"({CLOCK})|{_NAN}|{_NUMBER.format(point='[,]')}")
_UNIT = re.compile(r"\s*([(\[]?)\s*([A-Za-z°µ][^\s,;|=:()\[\]{}\"']*)\s*([)\]]?)")
_BRACKETED = re.compile(r"(.*?)[(\[]([^()\[\]]*)[)\]]\W*$")
_IN_UNIT = re.compile(r"(.*\w) in ([^\s,;:=()\[\]]+)\s*")
_SPLIT = re.compile(r"[:=,;|\t]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_AXIS = re.compile(r"([xyzXYZ])\d?")
_ALL_AXES = re.compile(r"[(\[]?(?<![^\W_])x[\s,/]*y[\s,/]*z(?![^\W_])[)\]]?", re.IGNORECASE)
_CHIP = re.compile(r"(?:imu|mpu|lsm|lis|bmi|bma|icm|bno|adxl|qmi|mma|kx|null|none)[\w-]*", re.IGNORECASE)
"""Names of chips and other words that say nothing about the numbers after them."""
_DEVICE = re.compile(r"\W*([A-Za-z]+[_#-]?\d{1,2}|left|right)[\s:>|,-]+[A-Za-z]", re.IGNORECASE)
"""A line's first word, if it tells devices apart."""
_NOT_AS_MEASURED = {"linear", "lin", "user", "free", "dynamic", "world", "earth", "real", "areal", "aworld", "aaworld"}
"""Words for acceleration without gravity, or in other axes than the sensor's."""
_TELEPLOT = re.compile(r">([^:;|§]{1,60}):(?:(\d{1,19}(?:\.\d+)?):)?([-+.\deE]+)(?:§([^|]*))?(?:\|\w*)?")
"""Teleplot's lines, with a time in ms or not, and a unit: ">ax:1627551892437:0.5§g" (https://github.com/nesnes/teleplot)."""
_ACC_UNITS = {
    **dict.fromkeys(("ms2", "mss", "mps2", "msec2", "metersperseconds2", "mpersec2"), "m/s2"),
    **dict.fromkeys(("g", "gs"), "g"),
    "mg": "mg",
}
_GYRO_UNITS = {
    **dict.fromkeys(("dps", "ds", "os", "degs", "degps", "degsec", "degsecond", "degpersec"), "deg/s"),
    **dict.fromkeys(("degreess", "degreessec", "degreessecond", "degreespersecond", "degreepersecond"), "deg/s"),
    **dict.fromkeys(("rads", "radps", "rps", "radsec", "radsecond", "radpersec"), "rad/s"),
    **dict.fromkeys(("radianss", "radianssec", "radianssecond", "radianspersecond"), "rad/s"),
    **dict.fromkeys(("mdps", "mdegs"), "mdps"),
}
_UNITS = {**_ACC_UNITS, **_GYRO_UNITS}
_FILLERS = {
    "in", "s", "g", "m", "per", "sec", "second", "degrees", "radians", "deg", "rad", "rate", "rates", "the", "of",
    "reading", "readings", "values", "value", "data", "raw", "scaled", "output", "sensor", "measured", "ms", "sample",
    "ordereddict",
}  # fmt: skip
"""Words beside the name of a sensor that say nothing else about it."""


@dataclass(eq=False)
class _Run:
    """A label, and the numbers up to the next one."""

    name: str = ""
    axis: str = ""
    unit: str = ""
    values: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class LabelledLine:
    """What a line with text and numbers holds."""

    readings: dict[str, float]
    """Acceleration, angular rate and times by their names; empty if no label names one."""
    numbers: tuple[float, ...]
    """All numbers, whatever they are."""
    label: str
    """The last label before a number; empty if there is none, or if it says nothing."""


@lru_cache(maxsize=1024)
def kind_of(name: str) -> str:
    """What a name says by itself: a kind of sensor (`columns.TOTAL` to `BARE`), `TIME`, or nothing: "".

    >>> kind_of("ax"), kind_of("Gyro y (rad/s)"), kind_of("timestamp"), kind_of("Temperature")
    ('plain', 'gyroscope', 'time', '')
    """
    found = named_columns([name])
    if turn_rate_of(*split_name(name)) and len(name) > 1:
        return GYROSCOPE
    return TIME if found.times else next(iter(found.partial), "")


@lru_cache(maxsize=1024)
def sensor_name(text: str) -> str:
    """A sensor's name without words that say nothing else about it; any other text as it is.

    >>> sensor_name("Gyroscope in degrees second"), sensor_name("gyro rate"), sensor_name("ACC ANGLE")
    ('Gyroscope', 'gyro rate', 'ACC ANGLE')
    """
    if kind_of(f"{text} x"):
        return text
    words = text.split()
    rest = [word for word in words if word.lower() not in _FILLERS]
    if not rest:
        return ""
    for length in (1, 2):
        for first in range(len(words) - length + 1):
            part = words[first : first + length]
            if not set(rest) - set(part) and kind_of(f"{' '.join(part)} x"):
                return " ".join(part)
    return text


class LabelledLines:
    """Reads lines one after the other, because a sensor's name may stand in a line of its own, above its axes.

    >>> lines = LabelledLines()
    >>> lines.parse("Acceleration X: 0.1, Y: -0.2 Z: 9.8 m/s^2").readings
    {'Acceleration x': 0.1, 'Acceleration y': -0.2, 'Acceleration z (m/s2)': 9.8}
    >>> lines.heading("Gyroscope:"), lines.parse(" X = 0.5").readings
    (True, {'Gyroscope x': 0.5})
    """

    def __init__(self) -> None:
        self.sensor = ""
        """The sensor that axes without one belong to."""
        self._timed = ""
        """Of lines that each have a time, the name whose time is that of a reading: the first."""

    def heading(self, text: str) -> bool:
        """Note a line without numbers; returns whether it names the sensor of the next lines."""
        if not text.strip() or any(mark in text.strip() for mark in ",;\t"):
            return False
        label, _ = _with_unit(text[:MAX_LABEL])
        words = [word for word in _WORD.findall(label) if word.lower() not in _FILLERS]
        name = " ".join(words)
        kind = kind_of(f"{name} x") if words else ""
        if len(words) > 1 and kind in {kind_of(f"{word} x") for word in words}:  # "Calibrating gyro": a remark.
            return False
        if kind or text.rstrip().endswith(":"):
            self.sensor = name
        return bool(kind)

    def parse(self, text: str) -> LabelledLine | None:
        """Labels and numbers of a line; None if it has no text or no number."""
        if match := _TELEPLOT.fullmatch(text.strip()):
            value = f"{match[3]} {match[4] or ''}"
            return self._with_time(match[1], match[2], value) if match[2] else self.parse(f"{match[1]}: {value}")
        pattern = _VALUES_WITH_COMMAS if has_decimal_commas(text) else _VALUES
        matches = list(pattern.finditer(text))
        if not matches or len(matches) > MAX_VALUES:
            return None
        runs: list[_Run] = []
        end, has_text = 0, False
        clock = ""
        for match in matches:
            between = text[end : match.start()]
            has_text = has_text or bool(_LETTER.search(between))
            self._between(between, runs)
            if match[1] and not runs[-1].values and (not runs[-1].name or kind_of(runs[-1].name) == TIME):
                clock = clock or match[1]
            runs[-1].values.append(_number(match))
            end = match.end()
        _note_unit(text[end:], runs[-1], last=True)
        if not has_text and not _LETTER.search(text, end):
            return None
        if any(run.axis and not run.name for run in runs) and (sensor := _only_sensor(text)):
            for run in runs:
                run.name = run.name or (sensor if run.axis else "")
        readings = {CLOCK_NAME: _seconds(clock)} if clock else {}
        device = _device_of(text[: matches[0].start()])
        for name, value in _named_values(runs):
            kind = kind_of(name)
            if kind and not (clock and kind == TIME):
                readings.setdefault(name if kind == TIME else f"{device}{name}", value)
        if len(matches) > MAX_TIME_NUMBERS and all(kind_of(name) == TIME for name in readings):
            readings = {}
        readings = self._with_one_time(readings)
        label = next((run.name for run in reversed(runs) if run.name), "")
        says_nothing = all(_CHIP.fullmatch(word) for word in label.split())
        return LabelledLine(
            readings, tuple(value for run in runs for value in run.values), "" if says_nothing else label
        )

    def _with_one_time(self, readings: dict[str, float]) -> dict[str, float]:
        """The readings without their time if it is another sensor's line that gives a reading its own."""
        values = {name: value for name, value in readings.items() if kind_of(name) != TIME}
        if not values or len(values) == len(readings):
            return readings
        first = next(iter(values))
        self._timed = self._timed or first
        return readings if first == self._timed else values

    def _with_time(self, name: str, time_ms: str, value: str) -> LabelledLine | None:
        """One value with its own time."""
        line = self.parse(f"{name}: {value}")
        if line is None or not line.readings:
            return line
        self._timed = self._timed or name
        return replace(line, readings={TIME_MS_NAME: float(time_ms)} | line.readings) if name == self._timed else line

    def _between(self, text: str, runs: list[_Run]) -> None:
        """Note the text between two numbers: the unit of the first, and the label of the second, which begins a run."""
        if runs:
            text = _note_unit(text, runs[-1])
        label = _label_of(text)
        if label is None:
            if not runs:
                runs.append(_Run())
            return
        name, axis, unit = label
        if name:
            self.sensor = name if axis else ""
        runs.append(_Run(name or (self.sensor if axis else ""), axis, unit))


def _only_sensor(text: str) -> str:
    """The one sensor that a line names anywhere, as in `{"sensor": "gyro", "x": 0.1, ...}`; empty if there is none."""
    found = {word for word in _WORD.findall(text) if len(word) > MIN_SENSOR and kind_of(f"{word} x") in _SENSORS}
    return found.pop() if len(found) == 1 else ""


@lru_cache(maxsize=1024)
def _device_of(text: str) -> str:
    """The device that a line begins with before the names of its values, such as "IMU2 " of "IMU2 ax="; or nothing."""
    match = _DEVICE.match(text[-MAX_LABEL:])
    return f"{match[1]} " if match and not kind_of(f"{match[1]} x") else ""


# The texts between the numbers are the same in every line of a board, so that what they say is remembered.
@lru_cache(maxsize=1024)
def _label_of(text: str) -> tuple[str, str, str] | None:
    """Name, axis and unit that a text before a number gives it; None if it says nothing."""
    text = _ALL_AXES.sub(" ", text[-MAX_LABEL:]).rstrip(" \t([{<\"'")
    segments = [part for part in _SPLIT.split(text) if _WORD.search(part)]
    if not segments:
        return None
    label, unit = _with_unit(segments[-1])
    words = _WORD.findall(label)
    if not words:  # "[/mg]: 1", a unit alone.
        return None
    axis = ""
    if match := _AXIS.fullmatch(words[-1]):
        axis, words = match[1].lower(), words[:-1]
    elif match := _AXIS.fullmatch(words[0]):  # "X-acceleration"
        axis, words = match[1].lower(), words[1:]
    if not axis and kind_of(words[-1]) not in ("", TIME):
        words = words[-1:]  # "INFO - accel_x"
    name = sensor_name(" ".join(words))
    if axis and len(segments) > 1 and not kind_of(f"{name} x" if name else ""):
        above, above_unit = _with_unit(segments[-2])
        named = sensor_name(" ".join(_WORD.findall(above)))
        if not name or kind_of(f"{named} x"):  # "acceleration: DataXYZ X"
            name, unit = named, unit or above_unit
    return name, axis, unit


def _named_values(runs: list[_Run]) -> list[tuple[str, float]]:
    """The values of runs with a label, under names for `columns`."""
    found: list[tuple[str, float]] = []
    bare = [run for run in runs if run.axis and not run.name]
    sensors: list[str] = []
    if [run.axis for run in bare] == [*"xyzxyz"]:
        # No names but x, y, z, twice: the same in counts and in m/s^2, or acceleration before angular rate.
        sensors = ["", "acc"] if any(run.unit in _ACC_UNITS.values() for run in bare[3:]) else ["acc", "gyro"]
    for run in runs:
        unit = f" ({run.unit})" if run.unit else ""
        if sensors and run.axis and not run.name:
            sensor = sensors[bare.index(run) // 3]
            found += [(f"{sensor} {run.axis}{unit}", run.values[0])] if sensor else []
        elif run.axis:
            found.append((f"{run.name} {run.axis}{unit}".strip(), run.values[0]))
        elif run.name and kind_of(run.name):
            found.append((f"{run.name}{unit}", run.values[0]))
        elif (run.name or run.unit) and len(run.values) == 3:
            name = _sensor_by_unit(run.name, run.unit)
            found += [(f"{name} {axis}{unit}", value) for axis, value in zip("xyz", run.values, strict=True)]
        elif len(run.values) == 4 and kind_of(f"{run.name} x") and _begins_with_time(run.values):
            found.append((TIME, run.values[0]))
            found += [(f"{run.name} {axis}{unit}", value) for axis, value in zip("xyz", run.values[1:], strict=True)]
        elif run.name and len(run.values) == 6 and (both := _both_sensors(run.name)):
            names = [f"{sensor} {axis}" for sensor in both for axis in "xyz"]
            found += zip(names, run.values, strict=True)
    return found


def _begins_with_time(values: list[float]) -> bool:
    """Whether the first of four numbers counts, and the others measure: `gyro,1020,0.1,0.2,0.3`."""
    return values[0] >= 0 and values[0].is_integer() and not all(value.is_integer() for value in values[1:])


def _sensor_by_unit(name: str, unit: str) -> str:
    """A name that says nothing, such as that of a chip, beside the unit of a sensor is that sensor."""
    words = name.lower().split()
    if not words:  # "0.1 0.2 9.8 m/s^2", a line for each sensor.
        return "gyro" if unit in _GYRO_UNITS.values() else "acc"
    if kind_of(f"{name} x") or len(words) > 2 or unit in ("", "g") or set(words) & _NOT_AS_MEASURED:
        return name
    return "gyro" if unit in _GYRO_UNITS.values() else "acc"


def _both_sensors(name: str) -> tuple[str, str] | None:
    """The sensors that "a/g" names, in their order."""
    kinds = [kind for word in name.split() if (kind := kind_of(f"{word} x"))]
    if kinds in ([PLAIN, GYROSCOPE], [TOTAL, GYROSCOPE]):
        return "acc", "gyro"
    return ("gyro", "acc") if kinds in ([GYROSCOPE, PLAIN], [GYROSCOPE, TOTAL]) else None


def _note_unit(text: str, run: _Run, last: bool = False) -> str:
    """Give the numbers of a run the unit that stands right after them; returns the text after it."""
    unit, rest = _unit_and_rest(text)
    if unit == "g" and run.name and len(run.values) == 3 and not last and not rest.strip():
        return text  # "a 1 2 3 g 4 5 6": a label.
    run.unit = run.unit or unit
    return rest


@lru_cache(maxsize=1024)
def _unit_and_rest(text: str) -> tuple[str, str]:
    """The unit that a text begins with, if it is one of ours, and the text after it, whichever unit it is."""
    match = _UNIT.match(text)
    if not match:
        return "", text
    rest = text[match.end() :]
    if rest[:1] in (":", "=") or (not match[1] and match[3]):
        return "", text
    unit = _unit(match[2])
    if unit is None:  # "24 C, Gyro X:": another unit, if no more words follow it.
        return "", rest if _SPLIT.match(rest) and rest[0] not in ":=" else text
    return unit, rest


def _unit(text: str) -> str | None:
    """The unit that a text is, in our words."""
    if text == "mG":  # Of the magnetic field.
        return None
    return _UNITS.get(re.sub(r"[^a-z0-9]", "", text.lower().replace("²", "2").replace("°", "deg")))


def _with_unit(label: str) -> tuple[str, str]:
    """A label, and the unit in brackets at its end."""
    if (match := _IN_UNIT.fullmatch(label)) and _unit(match[2]):  # "Accel in m/s^2"
        return match[1], _unit(match[2]) or ""
    match = _BRACKETED.match(label)
    if match and not _WORD.search(match[1]) and "/" in match[2]:  # "[acc/mg]"
        name, _, unit = match[2].partition("/")
        return name, _unit(unit.strip()) or ""
    if not match or not _WORD.search(match[1]):
        return label, ""
    return match[1], _unit(match[2].strip()) or ""


def _number(match: re.Match[str]) -> float:
    return _seconds(match[1]) if match[1] else float(match[0].replace(",", "."))


def _seconds(text: str) -> float:
    """The same as `clock_seconds`, but NaN for a date that does not exist."""
    try:
        return clock_seconds(text)
    except ValueError:
        return math.nan
