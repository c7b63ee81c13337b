"""Where the values of a row are, and how the rows of a text file are cut into cells."""

from dataclasses import dataclass, field, replace

from har_runtime.errors import DataError
from har_runtime.sources.column_names import AXES, BARE, GRAVITY, GYROSCOPE, LINEAR, PLAIN, TOTAL
from har_runtime.sources.columns import NamedColumns
from har_runtime.sources.replay.cells import (
    TimeFormat,
)
from har_runtime.text import clean

TAKEN = "taken for acceleration"
"""In a note, on columns without names."""
MAX_OPTION = 60
"""Columns of an option that a message shows."""


@dataclass(frozen=True)
class TimeField:
    """A column of times."""

    cell: int
    form: TimeFormat
    unit: str | None = None
    """By the header."""
    rest: tuple[int, int] | None = None
    """The column of what is to be added to whole seconds, and the nanoseconds in one of its numbers."""


@dataclass(frozen=True)
class Fields:
    """Where a row's values are."""

    acc: tuple[int, int, int] | None = None
    gravity: tuple[int, int, int] | None = None
    """Added to the acceleration."""
    gyro: tuple[int, int, int] | None = None
    time: TimeField | None = None
    gyro_time: TimeField | None = None
    """The column of the gyroscope's times, if `time` is that of acceleration alone."""
    other_times: tuple[TimeField, ...] = ()
    """Further columns of times, which may know the date."""
    unread_time: str = ""
    """A cell of a column that is named as one of times and holds none."""
    date: int | None = None
    """The column of the date, if `time` holds times of day."""
    counter: int | None = None
    """The column of sample numbers."""
    label: int | None = None
    acc_unit: str | None = None
    """By the header or the profile."""
    gyro_unit: str | None = None
    apple_sign: bool = False
    profile: str | None = None
    own_header: bool = False
    """Whether the columns have the names of our own format, which is in m/s^2 and rad/s unless something speaks against
    it."""
    linear: bool = False
    """Whether gravity is known to be missing in the acceleration."""
    gravity_alone: bool = False
    """Whether `acc` is gravity without the motion."""
    start_ns: int | None = None
    """Time of the first sample, in nanoseconds since 1970, if the file says it elsewhere."""
    rate_hz: float | None = None
    """Samples a second, if the file says it elsewhere."""
    tag: int | None = None
    """The column that names the sensor of each row, in a table that holds one after the other."""
    acc_tag: str | None = None
    """What it says of acceleration; `acc` and `gyro` are the same columns then."""
    gyro_tag: str | None = None
    sensor_cell: int | None = None
    """The column that names the sensor of each row, if the first rows are not of both sensors."""
    note: str = ""
    """For the user, on what was chosen of several, e.g. "columns 2 to 4 are taken for acceleration"."""


@dataclass(frozen=True)
class Layout:
    """How a text file is read."""

    delimiter: str | None
    decimal_comma: bool
    first_row: int
    """Lines before the first row."""
    names: tuple[str, ...]
    """The cells of the header; empty without one."""
    line_end: str = ""
    """A mark after the last cell of each line, e.g. WISDM's ";"."""
    fields: Fields = field(default_factory=Fields)


def fields_of(named: NamedColumns, sensor: str | None = None) -> Fields:
    """The sensors that a header names.

    Raises:
        DataError: it names them in part, or those of several devices.
    """
    sensors = dict(named.sensors)
    if BARE in sensors and sensor is not None:
        bare = sensors.pop(BARE)
        if sensor == GYROSCOPE and named.profile is not None:
            bare = replace(bare, unit=bare.unit or named.profile.gyro_unit)
        sensors.setdefault(sensor, bare)
    acc = next((kind for kind in (TOTAL, PLAIN, LINEAR, BARE) if kind in sensors), None)
    kinds = (acc,) if acc else (TOTAL, PLAIN, BARE)
    for kind, words in (*((kind, "acceleration") for kind in kinds), (GYROSCOPE, "angular rate")):
        if kind in named.several and kind not in sensors:
            groups = ", ".join(repr(clean(group)) for group in list(named.several[kind])[:5])
            first, *others = (_option_of(named, group) for group in list(named.several[kind])[:2])
            raise DataError(
                f"{words} of several devices in its header ({groups}): name the columns of one, {first}"
                + "".join(f" or {other}" for other in others)
            )
    missing = [f"acc_{axis}" for kind in (TOTAL, PLAIN, BARE) if not acc for axis in named.partial.get(kind, ())]
    missing += [f"gyro_{axis}" for axis in named.partial.get(GYROSCOPE, ()) if GYROSCOPE not in sensors]
    if missing:
        raise DataError(
            f"no column {', '.join(missing)} in its header; a sensor needs all of x, y and z in one table (all three "
            "of gyro may be missing)"
        )
    fields = Fields(label=named.label, counter=named.counter, note=_note_of(named))
    if acc is not None:
        fields = replace(fields, acc=sensors[acc].cells, acc_unit=sensors[acc].unit)
        if acc == LINEAR:
            gravity = sensors.get(GRAVITY)
            fields = replace(fields, linear=gravity is None, gravity=None if gravity is None else gravity.cells)
        elif acc == PLAIN and GRAVITY in sensors:
            # Whether it is to be added only the rows can tell.
            fields = replace(fields, gravity=sensors[GRAVITY].cells)
    elif sensor == GRAVITY and GRAVITY in sensors:
        fields = replace(fields, acc=sensors[GRAVITY].cells, acc_unit=sensors[GRAVITY].unit, gravity_alone=True)
    if GYROSCOPE in sensors:
        fields = replace(fields, gyro=sensors[GYROSCOPE].cells, gyro_unit=sensors[GYROSCOPE].unit)
    if named.profile is not None:
        fields = replace(fields, apple_sign=named.profile.apple_sign, profile=named.profile.name)
    return fields


def _option_of(named: NamedColumns, group: str) -> str:
    """The option that reads one of several devices."""
    names = ["-"] * min(named.width, MAX_OPTION)
    if named.times and named.times[0].cell < len(names):
        names[named.times[0].cell] = "time"
    for kind, letter in ((PLAIN, "a"), (TOTAL, "a"), (BARE, "a"), (GYROSCOPE, "g")):
        triple = named.several.get(kind, {}).get(group)
        for axis, cell in zip(AXES, triple.cells if triple else (), strict=False):
            if cell < len(names):
                names[cell] = letter + axis
    while len(names) > 1 and names[-1] == "-":
        names.pop()
    return f"columns={','.join(names)} for {clean(group)!r}"


def _note_of(named: NamedColumns) -> str:
    """What the header names twice, or in words that leave something open."""
    words = {GYROSCOPE: "angular rate"}
    twice = dict.fromkeys(words.get(kind, "acceleration") for kind in sorted(named.repeated) if kind in named.sensors)
    notes = [f"{' and '.join(twice)} twice in its header, of which the first is read (columns= for another)"] * bool(
        twice
    )
    notes += ["roll, pitch and yaw are taken for turns about x, y and z"] * named.turns
    return "; ".join(notes)
