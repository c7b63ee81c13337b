"""A run without any answer says why, as far as that is established."""

import pytest

from har_runtime.cli.empty_result import why_empty
from har_runtime.model.load import load_model
from har_runtime.signal.report import ResampleReport, SensorReport
from har_runtime.stream import StreamResult

WAIST = load_model("waist").card
GOOD = SensorReport(received=500, rate_hz=50.0)


def result(
    acc: SensorReport = GOOD,
    gyro: SensorReport = GOOD,
    windows: int = 0,
    unknown: dict[str, int] | None = None,
    not_worn_s: float = 0.0,
    up_found: bool | None = None,
    gravity: tuple[float, float, float] | None = None,
) -> StreamResult:
    return StreamResult(
        windows=windows,
        smoothing="none",
        seconds={},
        not_worn_s=not_worn_s,
        transitions=0,
        report=ResampleReport(acc, gyro),
        scores=None,
        answered=None,
        unknown=unknown or {},
        up_found=up_found,
        gravity=gravity,
    )


@pytest.mark.parametrize(
    ("acc", "gyro", "why"),
    [
        (SensorReport(), SensorReport(), "the source ended without a sample"),
        (GOOD, SensorReport(), "there is no sample of the gyroscope"),
        (SensorReport(), GOOD, "there is no sample of the accelerometer"),
        (SensorReport(9, invalid=9), GOOD, "no sample of the accelerometer can be used: 9 invalid"),
        (GOOD, SensorReport(500, rate_hz=10.4), "the gyroscope has 10.4 samples a second, and 20 are needed"),
        (
            SensorReport(30, rate_hz=50.0),
            GOOD,
            "30 samples of the accelerometer are shorter than the second of a window",
        ),
        (SensorReport(80, gaps=79), GOOD, "the accelerometer has 79 gaps over 0.1 s in 80 samples"),
        (
            GOOD,
            GOOD,
            "no second without a gap in 500 samples of the accelerometer and 500 samples of the gyroscope at the same "
            "time",
        ),
    ],
)
def test_no_window_says_why(acc: SensorReport, gyro: SensorReport, why: str):
    assert why_empty(result(acc, gyro), WAIST, gyroscope=True) == f"no window: {why}"


def test_without_a_gyroscope_nothing_is_said_of_it():
    why = why_empty(result(SensorReport(80, gaps=79), SensorReport()), WAIST, gyroscope=False)
    assert why == "no window: the accelerometer has 79 gaps over 0.1 s in 80 samples"


def test_only_unknown_answers_are_counted_by_their_reason():
    found = result(windows=10, unknown={"unsure": 3, "unlike": 7}, up_found=False)
    assert why_empty(found, WAIST, gyroscope=True) == (
        "no activity in any of 10 windows: 7 unlike everything that the model was trained on, 3 too unsure to say; "
        "which way is up was not found, which takes some seconds of walking, or --still"
    )


def test_one_activity_or_a_sensor_that_is_not_worn_is_a_result():
    assert why_empty(result(windows=10, unknown={"unsure": 9}), WAIST, gyroscope=True) is None
    assert (
        why_empty(result(windows=10, unknown={"unsure": 9, "not worn": 1}, not_worn_s=0.5), WAIST, gyroscope=True)
        is None
    )


@pytest.mark.parametrize(
    ("gravity", "advice"),
    [
        ((9.6, -1.5, -1.0), ""),
        ((0.0, 9.8, 0.0), "turn the axes with --axes"),
        ((-9.6, 1.5, 1.0), "turn the axes with --axes, or if acceleration has Apple's sign, add sign=apple to the "),
    ],
)
def test_a_model_that_is_used_to_one_way_up_says_how_far_gravity_is_from_it(gravity, advice: str):
    why = why_empty(result(windows=4, unknown={"unlike": 4}, gravity=gravity), WAIST, gyroscope=True)
    assert why is not None
    assert why.startswith("no activity in any of 4 windows: 4 unlike everything that the model was trained on")
    assert (advice in why) if advice else "gravity" not in why
