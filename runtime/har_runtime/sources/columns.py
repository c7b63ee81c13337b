"""Which channel each column holds, and in which unit: by the names in a header or, without one, by number and order.

The one implementation for files and for the lines of a serial sensor; `column_names` says what a single name says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.signal.units import rest_magnitude, unit_at_rest
from har_runtime.sources.column_names import (
    AXES,
    BARE,
    COUNTER_NAMES,
    GRAVITY,
    GYROSCOPE,
    LABEL_NAMES,
    LINEAR,
    PLAIN,
    TOTAL,
    TimeColumn,
    channel_of,
    numbered_channels,
    split_name,
    time_of,
    unknown_channel_of,
)
from har_runtime.sources.profiles import PROFILES, Profile
from har_runtime.sources.turn_rates import turn_rates

CHANNEL_KEYS = ("ax", "ay", "az", "gx", "gy", "gz")
GYROSCOPE_KEYS = CHANNEL_KEYS[3:]
_ACCELERATION = (TOTAL, PLAIN, LINEAR, BARE)
"""The kinds of acceleration, the one with gravity before all others."""


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
class NamedColumns:
    """What the names of a header say."""

    width: int
    sensors: Mapping[str, Triple]
    """The columns of each kind of sensor (`TOTAL` to `BARE`) that the header names wholly."""
    times: tuple[TimeColumn, ...] = ()
    """Columns of times, the most explicit first, and those of single sensors last."""
    counter: int | None = None
    """The column that numbers the samples."""
    label: int | None = None
    """The column of the true activity."""
    profile: Profile | None = None
    partial: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The axes that are missing of sensors that the header names in part, by kind."""
    several: Mapping[str, Mapping[str, Triple]] = field(default_factory=dict)
    """The sensors of a kind of which the header names several, by kind and by what tells them apart."""
    repeated: frozenset[str] = frozenset()
    """Kinds of sensor that the header names twice in the same words, of which the first is read."""
    turns: bool = False
    """Whether angular rates are those of roll, pitch and yaw."""

    @property
    def acceleration(self) -> str | None:
        """The kind of acceleration to read: the one with gravity before all others. None if there is none."""
        return next((kind for kind in _ACCELERATION if kind in self.sensors), None)


def named_columns(names: Sequence[str], unknown: bool = False) -> NamedColumns:
    """What a header says, whatever it does not name.

    Args:
        names: the cells of the header.
        unknown: whether names without a word for a sensor may be one, by their axes and units, if no other name is.

    >>> found = named_columns(["Time (s)", "Gravity x", "Gravity y", "Gravity z", "Gyroscope x (rad/s)"])
    >>> found.sensors["gravity"].cells, found.times[0].unit, found.partial
    ((1, 2, 3), 's', {'gyroscope': ('y', 'z')})
    """
    parts = [split_name(name) for name in names]
    shared = _shared_words([words for words, _ in parts])
    keys = {"".join(words).lower() for words, _ in parts}
    channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]] = {}
    times: list[TimeColumn] = []
    counter = label = None
    repeated: set[str] = set()
    # What was calibrated comes before what was not.
    order = sorted(range(len(parts)), key=lambda index: "uncalibrated" in (word.lower() for word in parts[index][0]))
    for index in order:
        whole, unit = parts[index]
        words = whole[shared:]
        key = "".join(words).lower()
        if channel := channel_of(whole, unit):
            kind, group, axis, own_unit = channel
            axes = channels.setdefault((kind, group), {})
            repeated |= {kind} if axis in axes else set()
            axes.setdefault(axis, (index, own_unit))
        elif (time := time_of(words, unit, index)) is not None:
            times.append(time)
        elif key in COUNTER_NAMES and (key or not (index or names[index].strip())):  # pandas' index has no name.
            counter = index if counter is None else counter
        elif key in LABEL_NAMES:
            label = index if label is None else label
    kinds = {kind for kind, _ in channels}
    turns = {} if GYROSCOPE in kinds else turn_rates(names, letters=not kinds.isdisjoint(_ACCELERATION))
    if turns:
        channels[GYROSCOPE, ""] = dict(turns)
    profile = next((one for one in PROFILES if all(mark in keys for mark in one.marks)), None)
    if unknown:
        _add_unknown(channels, names, parts)
    if not times and (own := _time_before_channels(parts, channels)) is not None:
        times.append(TimeColumn(own))
    # Stable: the first of those with a unit, before any of one sensor.
    times.sort(key=lambda time: (time.of_sensor, time.unit is None))
    found = NamedColumns(
        *(len(names), {}, tuple(times), counter, label, profile), repeated=frozenset(repeated), turns=bool(turns)
    )
    return _with_profile(_with_sensors(found, channels), parts)


def _time_before_channels(
    parts: list[tuple[list[str], str]], channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]]
) -> int | None:
    """The column "t" before all channels, if there is one; behind them it is a temperature."""
    first = min((index for axes in channels.values() for index, _ in axes.values()), default=0)
    return next((index for index, (words, _) in enumerate(parts[:first]) if words == ["t"]), None)


def _add_unknown(
    channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]],
    names: Sequence[str],
    parts: list[tuple[list[str], str]],
) -> None:
    """Add sensors by the axes and units of names, of kinds that no other name is of."""
    kinds = {kind for kind, _ in channels}
    has_acceleration = not kinds.isdisjoint(_ACCELERATION)
    for kind, cells in numbered_channels(names).items():
        if not (kind in kinds or (has_acceleration and kind != GYROSCOPE)):
            channels[kind, ""] = dict(zip(AXES, cells, strict=True))
            kinds.add(kind)
            has_acceleration |= kind in (TOTAL, PLAIN, LINEAR)
    for index, (words, unit) in enumerate(parts):
        if channel_of(words, unit) or (found := unknown_channel_of(words, unit)) is None:
            continue
        kind, group, axis, own_unit = found
        if not (kind in kinds if kind == GYROSCOPE else has_acceleration):
            channels.setdefault((kind, group), {}).setdefault(axis, (index, own_unit))


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
    any other number below six: nothing shows what they are. Whole numbers that never change between six or more that do
    are those of a device or a sensor.

    >>> columns_by_number([[10, 0, 0, 1, 0, 0, 0], [20, 0, 0, 1, 0, 0, 0]])
    Columns(width=7, channels=(1, 2, 3, 4, 5, 6), time=0, time_unit=None, acc_unit=None, gyro_unit=None)
    """
    table = np.array(rows, np.float64)
    if (moving := _without_numbers(table)) is not None:
        found = columns_by_number(table[:, moving].tolist())
        if found is not None and _gravity(table, [moving[cell] for cell in found.channels[:3]]):
            time = None if found.time is None else moving[found.time]
            return Columns(table.shape[1], tuple(moving[cell] for cell in found.channels), time)
    width = table.shape[1]
    start = int(np.argmin(np.append(np.isnan(table).all(axis=0), False)))
    used = width - start
    grows = used > 0 and bool((np.diff(table[:, start]) > 0).all())
    channels = 3 if used in (3, 4) else 6
    shown = used > channels and _gravity(table, range(start + 1, start + 4))
    if used > channels and grows and (used == 4 or shown or not _gravity(table, range(start, start + 3))):
        return Columns(width, tuple(range(start + 1, start + 1 + channels)), time=start)
    return Columns(width, tuple(range(start, start + channels))) if used == 3 or used >= 6 else None


def columns_after(count: int, rows: Sequence[Sequence[float]]) -> Columns | None:
    """The columns of lines without a header that begin with so many other numbers.

    >>> columns_after(1, [[7, 0, 0, 1], [7, 0, 0, 1]])
    Columns(width=4, channels=(1, 2, 3), time=None, time_unit=None, acc_unit=None, gyro_unit=None)
    """
    found = columns_by_number([row[count:] for row in rows])
    if found is None:
        return None
    time = None if found.time is None else found.time + count
    return replace(found, width=found.width + count, channels=tuple(cell + count for cell in found.channels), time=time)


def _without_numbers(table: NDArray[np.float64]) -> list[int] | None:
    """The columns that change, if at least six do and the others hold whole numbers other than 0; else None."""
    still = (table == table[0]).all(axis=0)
    whole = bool((np.isfinite(table[0, still]) & (table[0, still] != 0) & (table[0, still] % 1 == 0)).all())
    moving = np.flatnonzero(~still).tolist()
    return moving if len(table) > 2 and still.any() and whole and len(moving) >= len(CHANNEL_KEYS) else None


def _gravity(table: NDArray[np.float64], cells: Sequence[int]) -> bool:
    """Whether three columns read about 1 g in some unit."""
    magnitude = rest_magnitude(table[:, list(cells)])
    return magnitude is not None and unit_at_rest(magnitude) is not None


def _shared_words(names: list[list[str]]) -> int:
    """How many words all names begin with, such as the device's."""
    names = [words for words in names if words]  # A mark after the last cell leaves an empty one.
    shared = min((len(words) for words in names), default=0)
    while shared and (len(names) < len(AXES) or any(words[:shared] != names[0][:shared] for words in names)):
        shared -= 1
    return shared


def _with_sensors(
    found: NamedColumns, channels: dict[tuple[str, str], dict[str, tuple[int, str | None]]]
) -> NamedColumns:
    """Choose one sensor of each kind."""
    sensors: dict[str, Triple] = {}
    partial: dict[str, tuple[str, ...]] = {}
    several: dict[str, dict[str, Triple]] = {}
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
            several[kind] = {group: _triple(groups[group]) for group in whole}
            continue
        group = wanted[0] if wanted else whole[0]
        if acc_group is None and kind in (TOTAL, PLAIN, LINEAR):
            acc_group = group
        sensors[kind] = _triple(groups[group])
    return replace(found, sensors=sensors, partial=partial, several=several)


def _triple(axes: Mapping[str, tuple[int, str | None]]) -> Triple:
    """The columns of a sensor by their axes, with the unit that any of them has."""
    cells = [axes[axis] for axis in AXES]
    unit = next((unit for _, unit in cells if unit), None)
    return Triple((cells[0][0], cells[1][0], cells[2][0]), unit)


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
        if profile.timed or "".join(parts[time.cell][0]).lower() != profile.marks[0]
    ]
    return replace(found, sensors=sensors, times=tuple(times), label=found.label if profile.labelled else None)
