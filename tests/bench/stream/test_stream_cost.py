"""The cost of a live sensor, measured with the real programs."""

import json
import os
from pathlib import Path

import psutil
import pytest

from har_bench.measure.process import cpu_seconds, peak_memory_bytes
from har_bench.stream import stream_cost
from har_runtime.model.load import DEFAULT_MODEL


@pytest.mark.slow
def test_two_seconds_of_a_live_sensor_give_four_answers_and_their_cost(tmp_path: Path, capsys) -> None:
    out = tmp_path / "live.json"
    assert stream_cost.main(["--out", str(out), "--seconds", "2"]) == 0
    result = json.loads(out.read_text())
    assert (result["model"], result["answers"], result["without_a_gap"]) == (DEFAULT_MODEL, 4, True)
    assert 0 < result["share_of_a_core"] < 1
    assert 20e6 < result["peak_memory_bytes"] < 200e6


def test_a_model_that_is_not_there_gives_one_line(tmp_path: Path, capsys) -> None:
    assert stream_cost.main(["--out", str(tmp_path / "live.json"), "--model", "nothing"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "nothing: no such model" in line


def test_processor_time_and_memory_of_a_process_are_read() -> None:
    before = cpu_seconds(os.getpid())
    held = bytearray(os.urandom(1000) * 20_000)
    while cpu_seconds(os.getpid()) == before:
        held[0] ^= 1
    assert psutil.Process().memory_info().rss >= len(held)
    assert peak_memory_bytes(os.getpid()) >= len(held)
