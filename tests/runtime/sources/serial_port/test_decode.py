"""The rate of a serial sensor: one that is too slow is refused with the rate, and what to do."""

import numpy as np
import pytest

from har_runtime.errors import SourceError
from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.decode import Decoder, TextDecoder, WitmotionDecoder
from har_runtime.sources.serial_port.witmotion import encode_ble_samples, encode_samples

ACC, GYRO = np.array([[0, 0, 9.8]]), np.zeros((1, 3))


def arrive(decoder: Decoder, one: bytes, rate_hz: float, seconds: float) -> None:
    """Samples that arrive one by one, at a rate."""
    for index in range(round(seconds * rate_hz)):
        decoder.push(one, round(index * 1e9 / rate_hz))


@pytest.mark.parametrize("one", [encode_samples(ACC, GYRO), encode_ble_samples(ACC, GYRO)])
@pytest.mark.parametrize("rate_hz", [1, 10])
def test_a_witmotion_sensor_that_cannot_be_set_and_is_too_slow_is_refused_with_its_rate(
    one: bytes, rate_hz: float
) -> None:
    decoder = WitmotionDecoder(SourceReport())
    with pytest.raises(
        SourceError, match=f"it sends {rate_hz} Hz; 20 are needed: connect its RX wire.*WitMotion's program"
    ):
        arrive(decoder, one, rate_hz, 6)


def test_a_board_that_prints_too_few_lines_is_refused_with_its_rate() -> None:
    decoder = TextDecoder(SourceReport(), gyro="deg/s")
    with pytest.raises(SourceError, match="it sends 10 Hz; 20 are needed: let its program print"):
        arrive(decoder, b"0,0,1,0,0,0\n", 10, 6)


@pytest.mark.parametrize("rate_hz", [19, 20, 50, 200])
def test_a_sensor_that_is_fast_enough_is_taken(rate_hz: float) -> None:
    decoder = WitmotionDecoder(SourceReport())
    arrive(decoder, encode_samples(ACC, GYRO), rate_hz, 6)
    assert decoder.samples > 0


def test_the_rate_is_judged_once_and_not_after_a_lost_connection() -> None:
    decoder = WitmotionDecoder(SourceReport())
    one = encode_samples(ACC, GYRO)
    arrive(decoder, one, 50, 4)
    decoder.restart()
    arrive(decoder, one, 5, 6)
