"""A synthetic day: simulated samples, answered by the shipped model, as rows of a `jsonl:` sink."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from har_runtime import load_model
from har_runtime.answers.answering import Answering
from har_runtime.answers.row import row_of
from har_runtime.classify import classify
from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.samples import ImuChunk
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Windower
from har_runtime.sources.simulated.wearer import Wearer

MORNING = datetime(2026, 3, 2, 7, 0)
BEFORE_LUNCH = [
    *[("lying", 12), ("sitting", 4), ("standing", 9), ("walking", 3), ("stairs_down", 0.5), ("walking", 14)],
    *[("stairs_up", 0.6), ("walking", 1), ("sitting", 52), ("standing", 3), ("walking", 2), ("sitting", 71)],
    *[("standing", 6), ("sitting", 38), ("standing", 2), ("walking", 4), ("stairs_down", 0.6), ("walking", 7)],
]
AFTER_LUNCH = [
    *[("walking", 8), ("stairs_up", 0.6), ("standing", 5), ("sitting", 64), ("standing", 21), ("sitting", 47)],
    *[("walking", 3), ("sitting", 55), ("standing", 4), ("stairs_down", 0.6), ("walking", 22), ("standing", 6)],
    *[("walking", 9), ("stairs_up", 0.5), ("standing", 31), ("sitting", 40), ("standing", 8), ("walking", 2)],
    *[("sitting", 66), ("standing", 7), ("lying", 25)],
]
"""Activities of the wearer, with their minutes."""
LUNCH_MINUTES = 40
"""The sensor lies on a table."""
SWAY, SWAY_S = 0.15, 41.0
"""m/s^2 and s: a body is never as still as the synthetic postures; this sways it by 0.9 degrees."""


def write_day(path: Path) -> None:
    """Write the day's answers as `jsonl:` does."""
    model = load_model("waist")
    morning_s = now_s = MORNING.timestamp()
    answering = Answering(model.card, clock=lambda: now_s)
    resampler, windower = Resampler(), Windower()
    begin_ns = 0
    with path.open("w", encoding="utf-8") as file:
        for part in (_worn(BEFORE_LUNCH), _on_the_table(), _worn(AFTER_LUNCH)):
            times_ns = np.zeros(1, np.int64)
            for chunk in part:
                times_ns = chunk.times_ns + begin_ns
                windows = windower.push(resampler.push(times_ns, chunk.acc, chunk.gyro))
                for prediction in classify(model, windows):
                    now_s = morning_s + prediction.end_s
                    answer = answering.step(prediction)
                    file.write(json.dumps(row_of(answer, model.card.labels), allow_nan=False) + "\n")
            begin_ns = int(times_ns[-1]) + PERIOD_NS


def _worn(plan: list[tuple[str, float]]) -> Iterator[ImuChunk]:
    for chunk in Wearer(0, [(activity, 60 * minutes) for activity, minutes in plan]):
        sway = SWAY * np.sin(2 * np.pi * chunk.times_ns / (SWAY_S * 1e9))
        yield ImuChunk(chunk.times_ns, chunk.acc + sway[:, None], chunk.gyro, chunk.labels)


def _on_the_table() -> Iterator[ImuChunk]:
    samples = 60 * LUNCH_MINUTES * SAMPLE_RATE_HZ
    noise = np.random.default_rng(0).standard_normal((samples, 6))
    acc = [0.0, 0.0, STANDARD_GRAVITY] + 0.02 * noise[:, :3]
    yield ImuChunk(np.arange(samples, dtype=np.int64) * PERIOD_NS, acc, 0.002 * noise[:, 3:])
