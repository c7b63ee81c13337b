"""Tables whose sensors stand side by side with times of their own: they are two streams, and no rows of both."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from har_runtime.median import median
from har_runtime.sources.replay.cells import MISSING, NO_TIME, NUMBER
from har_runtime.sources.replay.fields import Fields, TimeField
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.split_times import times_of

ACC, GYRO = "acc", "gyro"
MIN_ROWS: Final = 10
APART: Final = 1.5
"""Steps of the slower sensor by which the times of a row may differ from those of the first row."""


def with_own_times(fields: Fields, rows: Sequence[Sequence[str]]) -> Fields:
    """The fields with the column of the gyroscope's times, if these drift away from those of acceleration.

    Each sensor's are the nearest before its first axis.
    """
    if fields.time is None or fields.acc is None or fields.gyro is None or fields.tag is not None:
        return fields
    times = [time for time in (fields.time, *fields.other_times) if time.rest is None]
    acc, gyro = _before(min(fields.acc), times), _before(min(fields.gyro), times)
    if acc is None or gyro is None or fields.time not in (acc, gyro):  # The time of a row stands elsewhere.
        return fields
    if acc == gyro or acc.form.kind != gyro.form.kind or not _drift(acc, gyro, rows):
        return fields
    others = tuple(time for time in times if time not in (acc, gyro))
    return replace(fields, time=acc, other_times=others, gyro_time=gyro)


def of_one_sensor(fields: Fields, sensor: str) -> Fields:
    """The fields of one of two sensors with times of their own."""
    if sensor == ACC:
        return replace(fields, gyro=None, gyro_time=None)
    return replace(fields, acc=None, gravity=None, label=None, time=fields.gyro_time, gyro_time=None)


def without_empty(rows: RawRows) -> RawRows:
    """The rows that hold anything: the shorter of two sensors leaves its cells empty at the end."""
    values = rows.acc if rows.acc is not None else rows.gyro
    if values is None or rows.times is None:
        return rows
    timed = rows.times != NO_TIME if rows.times.dtype == np.int64 else np.isfinite(rows.times)
    held = timed | np.isfinite(values).any(axis=1)
    if held.all():
        return rows
    kept = {name: None if one is None else np.asarray(one)[held] for name, one in vars(rows).items()}
    labels = (
        None if rows.labels is None else [label for label, is_held in zip(rows.labels, held, strict=True) if is_held]
    )
    return RawRows(**{**kept, "labels": labels})


def _before(cell: int, times: Sequence[TimeField]) -> TimeField | None:
    return max((time for time in times if time.cell < cell), key=lambda time: time.cell, default=None)


def _drift(acc: TimeField, gyro: TimeField, rows: Sequence[Sequence[str]]) -> bool:
    held = [
        row
        for row in rows
        if max(acc.cell, gyro.cell) < len(row)
        and not MISSING.intersection((row[acc.cell].strip().lower(), row[gyro.cell].strip().lower()))
    ]
    if len(held) < MIN_ROWS:
        return False
    try:
        first, second = times_of(held, acc), times_of(held, gyro)
    except ValueError:
        return False
    if acc.form.kind != NUMBER and ((first == NO_TIME).any() or (second == NO_TIME).any()):
        return False
    with np.errstate(all="ignore"):
        first, second = first - first[0], second - second[0]
        steps = [median(np.diff(times)) for times in (first, second)]
        return min(steps) > 0 and float(np.abs(second - first).max()) > APART * max(steps)
