"""While a port gives no samples, it is said why, if that is known; by a clock of the test."""

import pytest

from har_runtime.sources.serial_port.lull import Lull


def nothing_known() -> str | None:
    return None


def test_a_sensor_that_stops_is_named_within_three_seconds_and_no_more_once_it_sends_again():
    lull = Lull("ttyUSB0", 0.0)
    assert lull.step(0.1, 40, True, nothing_known) is None
    assert lull.step(1.2, 0, False, nothing_known) is None
    assert lull.step(2.3, 0, False, nothing_known) == "ttyUSB0: nothing arrives any more: is the sensor on?"
    assert lull.step(2.4, 40, True, nothing_known) is None
    assert lull.step(2.5, 0, False, nothing_known) is None


def test_bytes_without_samples_are_another_trouble_than_silence():
    lull = Lull("ttyUSB0", 0.0)
    lull.step(0.1, 40, True, nothing_known)
    assert lull.step(2.3, 40, False, nothing_known) == ("ttyUSB0: bytes arrive, but no sample is among them any more")


def test_before_the_first_sample_the_decoder_says_what_is_missing_and_is_asked_once_a_second():
    asked = []

    def problem() -> str | None:
        asked.append(1)
        return "the unit of the angular rate is not known: add gyro=deg/s or gyro=rad/s"

    lull = Lull("ttyUSB0", 0.0)
    said = [lull.step(0.1 * number, 40, False, problem) for number in range(45)]
    assert said[:20] == [None] * 20
    assert set(said[21:]) == {"ttyUSB0: the unit of the angular rate is not known: add gyro=deg/s or gyro=rad/s"}
    assert len(asked) == 3


@pytest.mark.parametrize("count", [0, 40])
def test_nothing_is_said_of_which_nothing_is_known(count: int):
    lull = Lull("ttyUSB0", 0.0)
    assert [lull.step(float(now), count, False, nothing_known) for now in range(6)] == [None] * 6
