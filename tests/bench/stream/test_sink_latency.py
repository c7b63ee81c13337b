"""The latency of the sinks is measured, and its figures are consistent."""

import shutil

import pytest

from har_bench.stream.broker import BROKER_PATH
from har_bench.stream.sink_latency import RATE_HZ, look_ahead_s, measure


def test_the_resampler_needs_half_of_its_filter_and_one_more_sample() -> None:
    assert look_ahead_s() == pytest.approx(0.1 + 1 / RATE_HZ)  # Its sinc reaches 0.1 s to either side.


@pytest.mark.slow
def test_answers_are_timed_from_their_last_sample_to_the_file() -> None:
    if shutil.which("mosquitto", path=BROKER_PATH) is None:
        pytest.skip("mosquitto is not installed (apt install mosquitto)")
    result = measure(3, page=False)
    assert result["answers"] == 6
    assert result["sinks"] == ["terminal", "jsonl", "csv", "mqtt"]
    assert result["terminal_bytes"] > 1000
    assert 0 < result["from_port_ms"]["p50"] <= result["from_port_ms"]["p99"] <= result["from_port_ms"]["max"]
    assert result["from_port_ms"]["p50"] <= result["from_sensor_ms"]["p50"]
    assert 20e6 < result["memory_bytes"] <= result["peak_memory_bytes"]
