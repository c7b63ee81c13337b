"""`simulated:` as a user writes it: how the wearer carries the device."""

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler
from har_runtime.signal.upright import UprightTracker
from har_runtime.signal.window import Windower
from har_runtime.sources import open_source
from har_runtime.sources.simulated.plan import NEXT


def samples_of(options: str) -> SampleChunk:
    chunks = list(open_source(f"simulated:?speed=max&{options}"))
    times, acc, gyro, labels = (
        np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("times_ns", "acc", "gyro", "labels")
    )
    return SampleChunk(times, acc, gyro, labels)


def test_at_the_waist_as_measured_is_what_it_does_without_options() -> None:
    for options in ("seed=3", "seed=3&place=waist", "seed=3&turn=0"):
        samples = samples_of(f"{options}&seconds=100")
        usual = simulated_recording(3, 5000)
        assert np.array_equal(samples.acc, usual.acc)
        assert np.array_equal(samples.gyro, usual.gyro)
        assert np.array_equal(samples.labels, usual.labels)


@pytest.mark.parametrize(
    ("options", "description"),
    [
        ("", "seed 0)"),
        ("place=pocket", "seed 0; pocket)"),
        ("place=pocket&up=-y", "seed 0; pocket, up -y)"),
        ("up=+x&turn=90", "seed 0; waist, up x, turned 90 degrees)"),
        ("turn=-90", "seed 0; waist, up as measured, turned -90 degrees)"),
        ("move=60:pocket", "seed 0; waist; after 60 s pocket)"),
        ("place=pocket&up=-y&move=60:waist:+x", "seed 0; pocket, up -y; after 60 s waist, up x)"),
        ("move=1.5:pocket:0,-0.9,0.4:45", "seed 0; waist; after 1.5 s pocket, up 0,-0.9,0.4, turned 45 degrees)"),
    ],
)
def test_it_says_how_the_device_is_carried(options: str, description: str) -> None:
    source = open_source(f"simulated:?{options}" if options else "simulated:")
    assert source.description == f"simulated wearer (synthetic signals, {description}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("place=wrist", "option place=wrist is not valid (it can be waist, pocket)"),
        ("up=w", "option up=w is not valid (give the axis that points up, such as -y, or a direction"),
        ("up=1,2", "option up=1,2 is not valid (give the axis that points up"),
        ("up=0,0,0", "option up=0,0,0 is not valid (give the axis that points up"),
        ("up=nan,0,1", "option up=nan,0,1 is not valid (give the axis that points up"),
        ("turn=400", "option turn=400 is not valid (must be -360 to 360)"),
        ("move=60", "option move=60 is not valid (write SECONDS:PLACE, SECONDS:PLACE:UP or SECONDS:PLACE:UP:DEGREES"),
        ("move=60:waist:x:9:9", "option move=60:waist:x:9:9 is not valid (write SECONDS:PLACE"),
        ("move=60:hip", "option move=60:hip is not valid (it can be waist, pocket)"),
        ("move=0:waist", "option move=0:waist is not valid (must be 1 to 100000000)"),
        ("move=60:waist:up", "option move=60:waist:up is not valid (give the axis that points up"),
        ("move=60:waist:x:far", "option move=60:waist:x:far is not valid (must be -360 to 360)"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_one_line(options: str, message: str) -> None:
    with pytest.raises(SourceError) as error:
        open_source(f"simulated:?{options}")
    assert str(error.value).startswith(f"simulated: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("at_s", [1, 30, 60, 61.3])
def test_the_move_begins_at_its_time_and_walking_comes_before_and_after(seed: int, at_s: float) -> None:
    samples = samples_of(f"seed={seed}&seconds={at_s + 12}&place=pocket&up=-y&move={at_s}:waist:x")
    assert samples.labels is not None
    seconds = samples.times_ns / 1e9
    assert samples.labels[0] == "walking"
    assert (samples.labels[(seconds > at_s - 1) & (seconds < at_s - 0.1)] != "").all()
    assert (samples.labels[(seconds > at_s + 0.1) & (seconds < at_s + 4.9)] == "").all()
    assert (samples.labels[seconds > at_s + 5.1] == "walking").all()


@pytest.mark.parametrize("seed", range(6))
def test_two_minutes_with_a_move_half_way_show_every_activity_and_the_postures_twice(seed: int) -> None:
    labels = samples_of(f"seed={seed}&seconds=120&place=pocket&up=-y&move=60:waist:x").labels
    assert labels is not None
    assert set(labels[: 60 * 50].tolist()) == {*NEXT, ""} - {"lying"}
    assert set(labels[60 * 50 :].tolist()) == {*NEXT, ""} - {"stairs_up"}


@pytest.mark.parametrize("seed", range(6))
def test_its_gait_shows_which_way_is_up_and_after_a_move_again(seed: int) -> None:
    samples = samples_of(f"seed={seed}&seconds=120&place=pocket&up=-y&move=60:waist:x")
    tracker = UprightTracker()
    ups = []
    for window in Windower().push(Resampler().push(samples.times_ns, samples.acc, samples.gyro)):
        turned = tracker.step(window)
        assert turned.up is not None
        ups.append((window.end_ns / 1e9, turned.up.found, turned.up.direction))
    assert all(found == "gait" and y < -0.95 for seconds, found, (_, y, _) in ups if 9 < seconds < 60)
    assert all(found == "gait" and x > 0.9 for seconds, found, (x, _, _) in ups if seconds > 73)  # Stairs make it lean.
