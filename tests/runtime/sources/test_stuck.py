"""A sensor that has died and goes on sending gives no samples, or is said to be stuck."""

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from har_runtime.samples import ImuChunk, SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.stuck import REASON, STUCK_NS, StuckFilter

RATE = 50
SECONDS = 20
DIES = 10 * RATE
"""The sample from which on something stays the same."""
ACC, GYRO = slice(0, 3), slice(3, 6)
LEAST = DIES + STUCK_NS * RATE // 10**9
"""Samples until it is known."""


def worn(noise: float = 1.0, step: float = 1e-4) -> NDArray[np.float64]:
    """Both sensors of somebody who walks, or of a table without `noise`, in steps of `step`; shape (n, 6)."""
    t = np.arange(SECONDS * RATE)[:, None] / RATE
    moves = noise * np.sin(2 * np.pi * 1.9 * t + np.arange(6)) * [3, 3, 3, 1, 1, 1]
    hum = 0.01 * np.random.default_rng(1).standard_normal(moves.shape)
    return np.round((moves + hum + [0, 0, 9.81, 0, 0, 0]) / step) * step


def left_of(rows: NDArray[np.float64], size: int = 25) -> tuple[int, int, SourceReport]:
    """How many samples of each sensor are left of these rows in chunks of a size, and the source's report."""
    report = SourceReport()
    stuck = StuckFilter("a sensor", report)
    acc = gyro = 0
    times = np.arange(len(rows)) * (10**9 // RATE)
    for begin in range(0, len(rows), size):
        part = slice(begin, begin + size)
        for chunk in stuck.push(ImuChunk(times[part], rows[part, ACC], rows[part, GYRO])):
            acc += 0 if chunk.acc is None else len(chunk.acc)
            gyro += 0 if chunk.gyro is None else len(chunk.gyro)
    return acc, gyro, report


@pytest.mark.parametrize("size", [1, 7, 25, 64, 500, 1000])
def test_a_sensor_that_repeats_its_reading_gives_no_more_samples(size: int):
    rows = worn()
    rows[DIES:] = rows[DIES]
    acc, gyro, report = left_of(rows, size)
    assert LEAST - 64 <= acc == gyro <= LEAST + 64 + size % 500
    assert report.lost == {REASON: 2 * (len(rows) - acc)}
    assert report.trouble is not None
    assert "accelerometer and the gyroscope stay at one reading" in report.trouble


@pytest.mark.parametrize("reading", [[0.0, 0.0, 0.0], [19.6133] * 3, [-1.0] * 3])
def test_an_accelerometer_that_is_dead_beside_a_gyroscope_that_is_not_gives_no_more_samples(reading: list[float]):
    rows = worn(step=0.1)
    rows[DIES:, ACC] = reading
    acc, gyro, report = left_of(rows)
    assert LEAST - 64 <= acc <= LEAST + 64
    assert gyro == len(rows)
    assert report.lost == {REASON: len(rows) - acc}


def test_samples_come_again_once_the_reading_changes():
    rows = np.concatenate([worn(), worn()])
    rows[DIES : SECONDS * RATE] = rows[DIES]
    acc, gyro, report = left_of(rows)
    assert SECONDS * RATE + LEAST - 64 <= acc == gyro < SECONDS * RATE + LEAST + 64
    assert report.trouble is None


@pytest.mark.parametrize("size", [1, 25, 1000])
def test_a_coarse_accelerometer_at_rest_beside_the_noise_of_a_gyroscope_is_alive(size: int):
    rows = worn(noise=0)
    rows[:, ACC] = np.round(rows[:, ACC] / 0.15) * 0.15
    acc, gyro, report = left_of(rows, size)
    assert acc == gyro == len(rows)
    assert not report.lost


def test_a_coarse_accelerometer_that_stays_the_same_while_the_gyroscope_moves_is_dead():
    rows = worn(step=0.15)
    rows[DIES:, ACC] = rows[DIES, ACC]
    acc, gyro, _ = left_of(rows)
    assert acc <= LEAST + 64 < gyro == len(rows)


@pytest.mark.parametrize("size", [1, 25, 1000])
def test_a_stuck_gyroscope_or_axis_is_said_once(size: int, caplog: pytest.LogCaptureFixture):
    rows = worn()
    rows[DIES:, GYRO] = rows[DIES, GYRO]
    rows[DIES:, 1] = rows[DIES, 1]
    with caplog.at_level(logging.WARNING, "har_runtime"):
        acc, gyro, report = left_of(rows, size)
    assert acc == gyro == len(rows)
    assert not report.lost
    assert sorted(record.getMessage().partition(",")[0] for record in caplog.records) == [
        "a sensor: the gyroscope stays at one reading while the acceleration changes",
        "a sensor: the y axis of the accelerometer stays at one reading while the others change",
    ]


def test_nothing_is_said_or_dropped_while_somebody_walks_or_lies_still(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "har_runtime"):
        for rows in (worn(), worn(step=0.05), worn(noise=0), worn(noise=0.01)):
            assert left_of(rows)[:2] == (len(rows), len(rows))
    assert not caplog.records


def test_what_has_not_changed_is_the_chunk_itself():
    stuck = StuckFilter("a sensor", SourceReport())
    rows, times = worn(), np.arange(SECONDS * RATE) * (10**9 // RATE)
    chunks = [
        chunk
        for begin in range(0, len(rows), 100)
        for chunk in (
            SampleChunk(times[begin : begin + 100], rows[begin : begin + 100, ACC], None),
            SampleChunk(times[begin : begin + 100], None, rows[begin : begin + 100, GYRO]),
        )
    ]
    assert [one for chunk in chunks for one in stuck.push(chunk)] == chunks
