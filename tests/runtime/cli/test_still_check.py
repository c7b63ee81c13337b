"""--still: bias, unit, scale and which way up, from five seconds; a clear word where they cannot be had."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from har_runtime.cli.still_check import Still, describe, judge_placement, measure_still
from har_runtime.errors import SourceError
from har_runtime.model.load import load_model
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import IDENTITY, parse_axes, turns

UP = (0.98, -0.17, -0.05)
"""As HAPT's phones stood on the belt: x up, a little askew."""
UP = tuple((np.array(UP) / np.linalg.norm(UP)).tolist())
BIAS = (0.02, -0.03, 0.01)


def sensor(
    gravity=(9.8, 0.0, 0.0), bias=BIAS, acc_noise=0.05, gyro_noise=0.01, rate_hz=100, seconds=20.0, gap_each_s=None
) -> Iterator[SampleChunk]:
    """A device at rest, in pieces of a tenth of a second."""
    rng = np.random.default_rng(0)
    times = np.rint(np.arange(int(seconds * rate_hz)) / rate_hz * 1e9).astype(np.int64)
    acc = np.array(gravity) + acc_noise * rng.normal(size=(len(times), 3))
    gyro = np.array(bias) + gyro_noise * rng.normal(size=(len(times), 3))
    for begin in range(0, len(times), rate_hz // 10):
        part = slice(begin, begin + rate_hz // 10)
        if gap_each_s is None or (begin // (rate_hz // 10)) % (10 * gap_each_s) > 1:
            yield SampleChunk(times[part], acc[part], gyro[part])


def still(gravity) -> Still:
    return Still(gravity, (0.0, 0.0, 0.0), 0.1, 0.01)


@pytest.mark.parametrize("rate_hz", [20, 50, 100, 200])
def test_five_seconds_give_bias_gravity_and_its_error(rate_hz: int) -> None:
    found = measure_still(sensor((9.9, 1.0, 0.5), rate_hz=rate_hz))
    assert found.gravity == pytest.approx((9.9, 1.0, 0.5), abs=0.02)
    assert found.gyro_bias == pytest.approx(BIAS, abs=0.005)
    assert found.scale_error == pytest.approx(np.linalg.norm((9.9, 1.0, 0.5)) / 9.80665 - 1, abs=0.002)


def test_no_more_than_five_seconds_are_taken_from_the_source() -> None:
    chunks = sensor()
    measure_still(chunks)
    (first, *_) = next(chunks).times_ns
    assert 5.0 < first / 1e9 < 5.6


def test_separate_streams_of_the_two_sensors_work_too() -> None:
    chunks = list(sensor())
    apart = [
        part
        for chunk in chunks
        for part in (SampleChunk(chunk.times_ns, chunk.acc, None), SampleChunk(chunk.times_ns, None, chunk.gyro))
    ]
    assert measure_still(apart) == measure_still(chunks)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"acc_noise": 0.6}, "the sensor moved .* stand still for 5 seconds and try again"),
        ({"gyro_noise": 0.3}, "the sensor moved"),
        ({"gravity": (0.02, 0.01, 1.0), "acc_noise": 0.005}, r"in g; convert it to m/s\^2 \(1 g = 9.8066 m/s\^2\)"),
        ({"gravity": (0.02, 0.01, 1.0), "acc_noise": 0.1}, "the sensor moved"),
        ({"gravity": (0, 1000, 0), "acc_noise": 5}, "in mg"),
        ({"gravity": (0, 0, 0.1), "acc_noise": 0.001}, "no unit fits that: gravity may be missing"),
        ({"gravity": (19.6, 0, 0)}, "no unit fits that: .* the range set in the sensor"),
        ({"bias": (1.5, 0, 0)}, "turns steadily, or its unit is deg/s"),
        ({"seconds": 3.0}, r"5 seconds without a gap are needed, and the source gave 2\.\d \(300 samples at 100 Hz"),
        (
            {"seconds": 100.0, "gap_each_s": 3},
            r"5 seconds without a gap are needed.* gaps over 0\.1 s\); see har-stream",
        ),
        ({"seconds": 0.0}, "no samples of the accelerometer and gyroscope"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(given, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        measure_still(sensor(**given))
    assert str(caught.value).startswith("--still: ")
    assert "\n" not in str(caught.value)


def without_gyroscope(chunks: Iterator[SampleChunk]) -> Iterator[SampleChunk]:
    return (chunk.without_gyroscope() for chunk in chunks)


def test_without_a_gyroscope_acceleration_alone_shows_whether_the_wearer_stands_still() -> None:
    found = measure_still(without_gyroscope(sensor((9.9, 1.0, 0.5))), gyroscope=False)
    both = measure_still(sensor((9.9, 1.0, 0.5)))
    assert (found.gravity, found.acc_spread) == (both.gravity, both.acc_spread)
    assert (found.gyro_bias, found.gyro_spread) == (None, None)
    assert found.to_dict()["gyro_bias"] is None
    text = describe(found, judge_placement(found, UP, IDENTITY), load_model("waist").card)
    assert text[0] == "still: no gyroscope, so there is no bias to remove"
    with pytest.raises(
        SourceError, match=r"the sensor moved \(acceleration by 0\.\d\d, at most 0\.\d\d\): stand still"
    ):
        measure_still(without_gyroscope(sensor(acc_noise=0.6)), gyroscope=False)


def test_for_a_model_of_the_upright_frame_the_direction_is_taken_as_it_is() -> None:
    found = measure_still(sensor((0.0, -6.0, 8.0)))
    card = replace(load_model("waist").card, frame="upright", rejection=None)
    text = "\n".join(describe(found, judge_placement(found, None, IDENTITY), card))
    assert "up is the sensor's +z (37 degrees off) from now on" in text
    assert "--axes" not in text
    assert found.up.found == "given"
    assert found.up.direction == pytest.approx((0.0, -0.6, 0.8), abs=1e-3)


def test_a_source_of_one_sensor_is_refused() -> None:
    with pytest.raises(SourceError, match="no samples of the gyroscope"):
        measure_still(SampleChunk(chunk.times_ns, chunk.acc, None) for chunk in sensor())


def test_a_source_without_five_seconds_free_of_gaps_is_not_read_forever() -> None:
    chunks = sensor(seconds=100.0, gap_each_s=3)
    with pytest.raises(SourceError):
        measure_still(chunks)
    assert next(chunks).times_ns[0] < 45e9


def test_a_sensor_oriented_like_the_model_s_needs_no_turn() -> None:
    placement = judge_placement(still((9.7, 0.5, -1.0)), UP, IDENTITY)
    assert (placement.up, placement.suggestions) == ("+x", ())
    assert placement.off_degrees is not None and placement.off_degrees < 15


@pytest.mark.parametrize("mounted", list(turns()), ids=str)
def test_for_any_quarter_turn_one_of_the_suggested_axes_sets_the_sensor_upright(mounted) -> None:
    gravity = mounted.turn(9.8 * np.array(UP))
    placement = judge_placement(still(tuple(gravity.tolist())), UP, IDENTITY)
    fits = placement.off_degrees is not None and placement.off_degrees < 30
    assert fits == (not placement.suggestions)
    if not fits:
        assert len(placement.suggestions) == 4
        angles = [np.degrees(np.arccos(axes.turn(gravity) @ UP / 9.8)) for axes in placement.suggestions]
        assert max(angles) < 30
        assert any(axes.after(mounted) == IDENTITY for axes in placement.suggestions)


def test_a_suggestion_replaces_the_given_axes() -> None:
    given = parse_axes("x=-y,y=x,z=z")
    upside_down = parse_axes("x=-x,y=-y,z=z")
    raw = upside_down.turn(9.8 * np.array(UP))
    seen = given.turn(raw)
    placement = judge_placement(still(tuple(seen.tolist())), UP, given)
    assert all(axes.turn(raw)[0] > 9 for axes in placement.suggestions)
    assert upside_down in placement.suggestions


def test_the_smallest_of_four_fitting_turns_comes_first() -> None:
    placement = judge_placement(still((0.0, 0.0, 9.8)), (1.0, 0.0, 0.0), IDENTITY)
    assert str(placement.suggestions[0]) in ("x=z,y=y,z=-x", "x=z,y=x,z=y")


def test_a_tilted_sensor_gets_no_suggestion() -> None:
    askew = 9.8 * np.array([-1.0, 1.0, 1.0]) / np.sqrt(3)
    placement = judge_placement(still(tuple(askew.tolist())), (1.0, 0.0, 0.0), IDENTITY)
    assert placement.suggestions == ()
    card = load_model("waist").card
    assert any("mount the sensor straight" in line for line in describe(still(tuple(askew.tolist())), placement, card))


def test_the_lines_say_what_was_found_and_what_gravity_does_not_show() -> None:
    card = load_model("waist").card
    upside_down = Still((-9.9, 0.3, 0.2), (0.01, 0.0, -0.02), 0.1, 0.01)
    text = "\n".join(describe(upside_down, judge_placement(upside_down, UP, IDENTITY), card))
    assert "gyroscope bias +0.57, +0.00, -1.15 deg/s" in text
    assert "gravity reads 9.91 m/s^2, +1.0 %" in text
    assert "up is the sensor's -x (2 degrees off)" in text
    assert "degrees from the data of waist (waist)" in text
    assert "to set it upright: --axes x=-x," in text
    assert "gravity does not show the turn about the vertical" in text
    unknown = "\n".join(describe(upside_down, judge_placement(upside_down, None, IDENTITY), card))
    assert "does not say which way was up in its data, so this cannot be checked" in unknown
    off = Still((10.6, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1, 0.01)
    assert "calibrate the accelerometer" in "\n".join(describe(off, judge_placement(off, UP, IDENTITY), card))


def test_the_shipped_card_says_which_way_was_up() -> None:
    gravity = load_model("waist").card.gravity
    assert gravity is not None
    assert np.linalg.norm(gravity) == pytest.approx(1, abs=1e-3)
    assert gravity[0] > 0.95  # The belt carried the phone upright in portrait, x up.


def test_people_standing_are_still_people_walking_are_not_and_the_belt_carries_x_up(hapt_recordings) -> None:
    outcome: dict[str, list[bool]] = {"standing": [], "walking": []}
    for recording in hapt_recordings[::3]:
        assert recording.labels is not None
        for label, results in outcome.items():
            stretch = np.flatnonzero(recording.labels == label)
            for begin in range(0, len(stretch) - 300, 300):
                part = stretch[begin : begin + 300]
                if part[-1] - part[0] != 299:
                    continue
                chunk = SampleChunk(recording.times_ns[part], recording.acc[part], recording.gyro[part])
                try:
                    found = measure_still([chunk])
                except SourceError:
                    results.append(False)
                    continue
                results.append(True)
                placement = judge_placement(found, UP, IDENTITY)
                assert (placement.up, placement.suggestions) == ("+x", ())
                assert np.linalg.norm(found.gyro_bias) < 0.1
    assert not any(outcome["walking"])
    assert len(outcome["walking"]) > 50
    assert np.mean(outcome["standing"]) > 0.85
