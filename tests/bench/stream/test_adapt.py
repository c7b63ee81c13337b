"""The benchmark of --adapt: the same recordings with and without it, person by person."""

from dataclasses import replace
from typing import Any

import pytest
from tests.runtime.personal.people import features_model, window

from har_bench.stream import tables
from har_bench.stream.adapt import person_row, summary
from har_bench.stream.turns import Stream
from har_runtime.personal import drift

AT = {"walking": (4.0, 1.0), "stairs_up": (9.0, 0.0), "sitting": (0.0, 8.0)}
"""Where one person's features lie: they walk as others climb stairs."""


def test_each_person_is_scored_with_and_without_adapt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "CONFIDENCE", 0.9)  # This model is never surer than 0.95.
    model = features_model()
    pairs = [(label, window(label, at, number)) for number, (label, at) in enumerate(AT.items()) for _ in range(40)]
    windows = [replace(one, start_ns=number * 500_000_000) for number, (_, one) in enumerate(pairs)]
    stream = Stream("anna", 1, tuple(windows), tuple(label for label, _ in pairs))
    row = person_row(model, "made up", "anna", [stream])
    assert row is not None and row["windows"] == 120
    assert row["shipped"] > 0.8
    assert abs(row["adapt"] - row["shipped"]) < 0.05
    assert row["counted_s"] > 0 and row["moved"] > 0
    other: dict[str, Any] = {**row, "shipped": 0.9, "adapt": 0.8}
    text = tables.adapt({"model": "anyplace", "summary": summary([other, {**other, "adapt": 0.95}])})
    assert "with `--adapt` and 90.0 % without" in text
    assert "largest gain of a person is 5.0 points, the largest loss 10.0." in " ".join(text.split())
    assert person_row(model, "made up", "ben", [replace(stream, labels=(None,) * 120)]) is None
