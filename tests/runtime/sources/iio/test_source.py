"""IIO sensors, on sysfs trees in the layout and number formats of the kernel's drivers."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from har_runtime.cli.interrupt import Interruptible
from har_runtime.contract import MAX_GAP_NS
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler, concatenate
from har_runtime.sources.iio.devices import IioDevice, choose_devices, list_iio
from har_runtime.sources.iio.polling import Clock
from har_runtime.sources.iio.source import Iio, open_iio
from har_runtime.uri import parse_uri

ACCELEROMETER = {
    "in_accel_x_raw": "-200",
    "in_accel_y_raw": "0",
    "in_accel_z_raw": "16384",
    "in_accel_scale": "0.000598",
    "scan_elements/in_accel_x_type": "be:s16/16>>0",
}
GYROSCOPE = {
    "in_anglvel_x_raw": "0",
    "in_anglvel_y_raw": "1000",
    "in_anglvel_z_raw": "-13",
    "in_anglvel_scale": "0.001064724",
    "scan_elements/in_anglvel_x_type": "be:s16/16>>0",
}
MPU6050 = {
    **ACCELEROMETER,
    **GYROSCOPE,
    "name": "mpu6050",
    "sampling_frequency": "50",
    "sampling_frequency_available": "10 20 50 100 200 500",
    "in_accel_mount_matrix": "1, 0, 0; 0, 1, 0; 0, 0, 1",
    "in_anglvel_mount_matrix": "1, 0, 0; 0, 1, 0; 0, 0, 1",
    "in_temp_raw": "-1024",
}


class SteppedClock(Clock):
    """Time that passes only while something waits for it."""

    def __init__(self, meanwhile: Callable[[int], int | None] = lambda now_ns: None):
        self.now = 10**9
        self._meanwhile = meanwhile

    def now_ns(self) -> int:
        return self.now

    def wait_until(self, due_ns: int) -> None:
        """Wait; `meanwhile` may take longer, and returns until when."""
        self.now = max(self.now, due_ns)
        self.now = max(self.now, self._meanwhile(self.now) or 0)


def device(root: Path, number: int, attributes: Mapping[str, str | None], **more: str | None) -> Path:
    """A device's folder; an attribute that is None is missing."""
    path = root / f"iio:device{number}"
    for name, text in {**attributes, **more}.items():
        if text is not None:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text + "\n")
    return path


def source(root: Path, target: str = "", rate_hz: float | None = None, clock: Clock | None = None) -> Iio:
    return Iio(*choose_devices(target, root), rate_hz=rate_hz, root=root, clock=clock or SteppedClock())


def read(iio: Iio, seconds: float) -> tuple[list[SampleChunk], list[SampleChunk]]:
    """The chunks of the accelerometer and of the gyroscope that come in this time."""
    chunks: list[SampleChunk] = []
    for chunk in iio:
        chunks.append(chunk)
        if chunk.times_ns[-1] >= 10**9 + seconds * 1e9:
            break
    return [c for c in chunks if c.acc is not None], [c for c in chunks if c.gyro is not None]


def test_raw_readings_become_si_units_by_offset_and_scale(tmp_path: Path) -> None:
    device(tmp_path, 0, MPU6050, in_accel_x_offset="100", in_accel_offset="7", in_accel_z_scale="0.000599000")
    iio = source(tmp_path)
    accelerometer, gyroscope = read(iio, 0.2)
    assert accelerometer[0].acc is not None and gyroscope[0].gyro is not None
    np.testing.assert_allclose(accelerometer[0].acc[0], [-100 * 0.000598, 7 * 0.000598, 16391 * 0.000599])
    np.testing.assert_allclose(gyroscope[0].gyro[0], [0, 1.064724, -13 * 0.001064724])
    assert (accelerometer[0].gyro, gyroscope[0].acc) == (None, None)
    assert iio.description == "IIO mpu6050, polled at 50 Hz"
    assert iio.report.rate_hz == 50
    assert iio.report.range == "accelerometer +-19.6 m/s^2, gyroscope +-34.9 rad/s"
    assert not iio.report.lost


@pytest.mark.parametrize("name", ["in_accel_mount_matrix", "in_mount_matrix", "mount_matrix"])
def test_the_mount_matrix_turns_the_chip_s_axes_into_the_board_s(tmp_path: Path, name: str) -> None:
    attributes = {**MPU6050, "in_accel_mount_matrix": None, name: "0, 1, 0; 0, 0, -1; -1, 0, 0"}
    device(tmp_path, 0, attributes, in_accel_x_raw="1000", in_accel_y_raw="2000", in_accel_z_raw="3000")
    (first, *_), _ = read(source(tmp_path), 0.2)
    assert first.acc is not None
    np.testing.assert_allclose(first.acc[0], np.array([2000, -3000, -1000]) * 0.000598)


def test_times_are_those_of_the_readings_at_the_sensor_s_rate(tmp_path: Path) -> None:
    device(tmp_path, 0, MPU6050)
    resampler, segments = Resampler(), []
    accelerometer, gyroscope = read(source(tmp_path), 3)
    for chunk in accelerometer + gyroscope:
        segments += resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)
    (segment,) = concatenate(segments + resampler.finish())
    assert len(segment.imu) == pytest.approx(150, abs=10)
    np.testing.assert_allclose(segment.imu[:, 2], 16384 * 0.000598, rtol=1e-6)
    assert resampler.report.accelerometer.dropped == resampler.report.gyroscope.dropped == 0


@pytest.mark.parametrize(("rate_hz", "rates"), [(None, (20, 100)), (500, (20, 500)), (50, (20, 50))])
def test_two_devices_of_20_and_500_hz_are_polled_each_at_its_own_rate(tmp_path: Path, rate_hz, rates) -> None:
    device(tmp_path, 0, ACCELEROMETER, name="lsm6dsl_accel", sampling_frequency="20.000000")
    device(tmp_path, 1, GYROSCOPE, name="lsm6dsl_gyro", sampling_frequency="500.000000")
    iio = source(tmp_path, rate_hz=rate_hz)
    accelerometer, gyroscope = read(iio, 2)
    for chunks, rate in ((accelerometer, rates[0]), (gyroscope, rates[1])):
        times = np.concatenate([chunk.times_ns for chunk in chunks])
        assert set(np.diff(times).tolist()) == {10**9 // rate}
        assert max(len(chunk.times_ns) for chunk in chunks) <= max(2, rate // 10)
    assert iio.description == f"IIO lsm6dsl_accel and lsm6dsl_gyro, polled at {rates[0]} and {rates[1]} Hz"
    assert not iio.report.lost


def test_a_device_without_a_sampling_frequency_is_polled_at_50_hz(tmp_path: Path) -> None:
    device(tmp_path, 0, MPU6050, sampling_frequency=None)
    assert source(tmp_path).report.rate_hz == 50
    assert source(tmp_path, rate_hz=200).report.rate_hz == 200


def test_samples_missed_by_a_late_poll_are_counted(tmp_path: Path) -> None:
    device(tmp_path, 0, MPU6050, sampling_frequency="100")
    rng = np.random.default_rng(0)
    late = SteppedClock(lambda now_ns: now_ns + 12_000_000 if rng.random() < 0.4 else None)
    iio = source(tmp_path, clock=late)
    accelerometer, gyroscope = read(iio, 5)
    lost = iio.report.lost["sample missed, polled too late"]
    received = sum(len(chunk.times_ns) for chunk in accelerometer + gyroscope)
    assert 250 < lost < 450  # About 30 %.
    assert lost + received == pytest.approx(2 * 500, abs=25)
    for chunks in (accelerometer, gyroscope):
        assert (np.diff(np.concatenate([chunk.times_ns for chunk in chunks])) > 0).all()


def test_an_unplugged_device_is_waited_for_and_continues_after_a_gap(tmp_path: Path) -> None:
    path = device(tmp_path, 0, MPU6050)

    def unplug_and_plug(now_ns: int) -> None:
        if now_ns == 1_500_000_000:
            shutil.rmtree(path)
        if now_ns >= 4_000_000_000 and not (tmp_path / "iio:device3").exists():
            device(tmp_path, 1, ACCELEROMETER, name="another")
            half = device(tmp_path, 3, MPU6050, in_anglvel_scale=None)  # Its driver has not made all files yet.
            assert list_iio(tmp_path)[1].path == half
        elif now_ns >= 5_000_000_000 and not (tmp_path / "iio:device3" / "in_anglvel_scale").exists():
            device(tmp_path, 3, MPU6050)

    iio = source(tmp_path, clock=SteppedClock(unplug_and_plug))
    for chunks in read(iio, 6):
        times = np.concatenate([chunk.times_ns for chunk in chunks])
        (gap,) = np.flatnonzero(np.diff(times) > MAX_GAP_NS)
        assert times[gap] <= 1_500_000_000 < 5_000_000_000 <= times[gap + 1]
    assert iio.report.reconnections == 1


def test_readings_that_fail_or_are_not_numbers_are_counted_and_skipped(tmp_path: Path) -> None:
    path = device(tmp_path, 0, MPU6050)

    def disturb(now_ns: int) -> None:
        raw = path / "in_accel_y_raw"
        if now_ns == 1_200_000_000:
            raw.write_text("")
        if now_ns == 1_400_000_000:
            raw.write_text("nan\n")
        if now_ns == 1_600_000_000 and raw.is_file():
            raw.unlink()
            raw.mkdir()  # Reading it fails, as it does when the bus has a fault.
        if now_ns == 1_800_000_000 and raw.is_dir():
            raw.rmdir()
            raw.write_text("0\n")

    iio = source(tmp_path, clock=SteppedClock(disturb))
    accelerometer, gyroscope = read(iio, 1.5)
    assert iio.report.lost == {"reading that is not a number": 20, "reading that failed": 10}
    assert sum(len(c.times_ns) for c in gyroscope) - sum(len(c.times_ns) for c in accelerometer) == pytest.approx(
        30, abs=5
    )
    assert iio.report.reconnections == 0


def test_devices_are_listed_with_their_sensors_by_their_numbers(tmp_path: Path) -> None:
    assert list_iio(tmp_path / "absent") == []
    device(tmp_path, 10, GYROSCOPE, name="cros-ec-gyro")
    device(tmp_path, 9, ACCELEROMETER)
    device(tmp_path, 0, {"name": "bme280", "in_temp_input": "21000"})
    device(tmp_path, 1, MPU6050, in_anglvel_z_raw=None)
    assert [(each.name, each.path.name, each.sensors) for each in list_iio(tmp_path)] == [
        ("mpu6050", "iio:device1", ("accelerometer",)),
        ("iio:device9", "iio:device9", ("accelerometer",)),
        ("cros-ec-gyro", "iio:device10", ("gyroscope",)),
    ]


@pytest.mark.parametrize(
    ("target", "chosen"),
    [
        ("", (0, 0)),
        ("mpu6050", (0, 0)),
        ("device0", (0, 0)),
        ("iio:device0", (0, 0)),
        ("cros-ec-accel,cros-ec-gyro", (1, 2)),
        ("device1, mpu6050", (1, 0)),
    ],
)
def test_devices_are_found_by_name_or_folder(tmp_path: Path, target: str, chosen: tuple[int, int]) -> None:
    device(tmp_path, 0, MPU6050)
    device(tmp_path, 1, ACCELEROMETER, name="cros-ec-accel")
    device(tmp_path, 2, GYROSCOPE, name="cros-ec-gyro")
    assert numbers(choose_devices(target, tmp_path)) == chosen


def numbers(devices: tuple[IioDevice, IioDevice | None]) -> tuple[int | None, ...]:
    """Of the devices for accelerometer and gyroscope."""
    return tuple(each and int(each.path.name[-1]) for each in devices)


def test_two_devices_of_one_name_are_one_sensor_each(tmp_path: Path) -> None:
    device(tmp_path, 0, GYROSCOPE, name="bmx")
    device(tmp_path, 1, ACCELEROMETER, name="bmx")
    assert numbers(choose_devices("bmx", tmp_path)) == (1, 0)


@pytest.mark.parametrize("target", ["", "bma220", "device3"])
def test_a_device_without_a_gyroscope_gives_acceleration_alone(tmp_path: Path, target: str) -> None:
    device(tmp_path, 3, ACCELEROMETER, name="bma220", sampling_frequency="50")
    if target:
        device(tmp_path, 4, MPU6050)
    assert numbers(choose_devices(target, tmp_path)) == (3, None)
    iio = source(tmp_path, target)
    accelerometer, gyroscope = read(iio, 1)
    assert sum(len(chunk.times_ns) for chunk in accelerometer) == pytest.approx(50, abs=5)
    assert not gyroscope
    assert not iio.report.gyroscope
    assert iio.report.units == "acceleration in m/s^2 (by the kernel's scale)"
    assert iio.report.range == "accelerometer +-19.6 m/s^2"
    assert iio.description == "IIO bma220, polled at 50 Hz"


def test_a_device_without_a_gyroscope_is_waited_for_too(tmp_path: Path) -> None:
    path = device(tmp_path, 0, ACCELEROMETER, name="bma220")

    def unplug_and_plug(now_ns: int) -> None:
        if now_ns == 1_500_000_000:
            shutil.rmtree(path)
        if now_ns >= 4_000_000_000 and not path.exists():
            device(tmp_path, 0, ACCELEROMETER, name="bma220")

    iio = source(tmp_path, clock=SteppedClock(unplug_and_plug))
    accelerometer, _ = read(iio, 6)
    assert accelerometer[-1].times_ns[-1] > 5_000_000_000
    assert iio.report.reconnections == 1


def test_a_gyroscope_that_was_named_must_be_there(tmp_path: Path) -> None:
    device(tmp_path, 0, ACCELEROMETER, name="bma220")
    with pytest.raises(SourceError, match="iio:bma220,bma220: it has no gyroscope; name two devices as iio:ACC,GYRO"):
        open_iio(parse_uri("iio:bma220,bma220"), tmp_path)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "",
            "more than one accelerometer; name the device, as in iio:device0: iio:device0 mpu6050 .*; iio:device1 mpu",
        ),
        ("mpu6050", "more than one accelerometer"),
        ("bmi160", r"no such device; there are: iio:device0 mpu6050 \(accelerometer, gyroscope\)"),
        ("device2", r"it has no accelerometer; name two devices as iio:ACC,GYRO; there are: iio:device2 l3gd20"),
        ("device0,device1,device2", "give one device, or two as ACCELEROMETER,GYROSCOPE"),
    ],
)
def test_an_ambiguous_or_unknown_device_is_asked_for(tmp_path: Path, target: str, message: str) -> None:
    device(tmp_path, 0, MPU6050)
    device(tmp_path, 1, MPU6050)
    device(tmp_path, 2, GYROSCOPE, name="l3gd20")
    with pytest.raises(SourceError, match=message):
        open_iio(parse_uri(f"iio:{target}"), tmp_path)


def test_a_computer_without_devices_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"iio: finds nothing: there is no IIO device; is the driver"):
        open_iio(parse_uri("iio:"), tmp_path)


@pytest.mark.filterwarnings("error")
def test_readings_beyond_all_numbers_are_no_numbers_without_a_word_of_numpy(tmp_path: Path) -> None:
    device(tmp_path, 0, {**MPU6050, "in_accel_scale": "1e308", "in_accel_x_raw": "9" * 60})
    acc, _ = read(source(tmp_path), 0.1)
    assert acc[0].acc is not None and not np.isfinite(acc[0].acc[:, 0]).any()


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"in_accel_scale": None}, "device0: in_accel_scale is missing, so the accelerometer has no unit"),
        ({"in_anglvel_scale": "0"}, "device0: in_anglvel_scale is 0, so the gyroscope has no unit"),
        ({"in_accel_scale": "fast"}, "in_accel_scale: 'fast' is not a number"),
        ({"in_accel_offset": "inf"}, "in_accel_offset: 'inf' is not a number"),
        ({"in_accel_mount_matrix": "0, 0, 0; 0, 0, 0; 0, 0, 0"}, "is not a 3 x 3 rotation"),
        ({"in_accel_mount_matrix": "1, 0; 0, 1"}, "is not a 3 x 3 rotation"),
        ({"in_accel_mount_matrix": "1, 0, 0; 0, 1"}, "is not a 3 x 3 rotation"),
        ({"in_accel_mount_matrix": "(null)"}, "is not a 3 x 3 rotation"),
        ({"in_accel_mount_matrix": "1e308, 1e308, 1; 1, 1, 1; 1, 1, 1"}, "is not a 3 x 3 rotation"),
        ({"in_accel_mount_matrix": "nan, 0, 0; 0, inf, 0; 0, 0, 1"}, "is not a 3 x 3 rotation"),
        (
            {"sampling_frequency": "10"},
            "samples at 10 Hz, but at least 20 Hz are needed; write one of 10 20 50 100 200 500 to",
        ),
        ({"in_accel_y_raw": "?"}, "the accelerometer cannot be read"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_invalid_device_is_refused_in_one_line(tmp_path: Path, attributes, message: str) -> None:
    device(tmp_path, 0, {**MPU6050, **attributes})
    with pytest.raises(SourceError, match=message) as caught:
        open_iio(parse_uri("iio:"), tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", ["rate=10", "rate=x", "rate=2000", "rats=50"])
def test_invalid_options_are_refused(tmp_path: Path, options: str) -> None:
    device(tmp_path, 0, MPU6050)
    with pytest.raises(SourceError, match="option"):
        open_iio(parse_uri(f"iio:?{options}"), tmp_path)


def test_ctrl_c_ends_the_wait_for_the_next_reading(tmp_path: Path) -> None:
    class SlowClock(Clock):
        def wait_until(self, due_ns: int) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)

    device(tmp_path, 0, MPU6050)
    interruptible = Interruptible()
    with interruptible:
        assert list(interruptible.items(source(tmp_path, clock=SlowClock()))) == []
    assert interruptible.interrupted


def test_the_clock_is_the_computer_s(tmp_path: Path) -> None:
    device(tmp_path, 0, MPU6050, sampling_frequency="1000")
    before = time.monotonic_ns()
    iio = iter(open_iio(parse_uri("iio:?rate=1000"), tmp_path))
    times = np.concatenate([next(iio).times_ns, next(iio).times_ns])
    assert before < times.min() <= times.max() < time.monotonic_ns()
