"""IIO buffers: the records of the kernel's documented formats, from a pipe in place of the device's node."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.iio.test_source import ACCELEROMETER, GYROSCOPE, MPU6050, device

from har_runtime.errors import SourceError
from har_runtime.sources.iio import buffered
from har_runtime.sources.iio.scan import NoBufferError, RecordLayout, read_element
from har_runtime.sources.iio.source import Iio, open_iio
from har_runtime.uri import parse_uri

SENSORS = ("in_accel", "in_anglvel")
NAMES = [f"{sensor}_{axis}" for sensor in SENSORS for axis in "xyz"]
RECORD = np.dtype({"names": ["raw", "time"], "formats": [(">i2", 6), "<i8"], "offsets": [0, 16], "itemsize": 24})
"""Six channels of 16 bits, big-endian as the MPU6050 sends them, and the time, aligned to its 8 bytes."""
RAW = [-200, 0, 16384, 0, 1000, -13]


def elements(names: list[str], kind: str = "be:s16/16>>0", **types: str) -> dict[str, str]:
    """The attributes of channels that are switched off."""
    attributes: dict[str, str] = {}
    for index, name in enumerate([*names, "in_timestamp"]):
        attributes[f"scan_elements/{name}_en"] = "0"
        attributes[f"scan_elements/{name}_index"] = str(index)
        attributes[f"scan_elements/{name}_type"] = types.get(name, "le:s64/64>>0" if name == "in_timestamp" else kind)
    return attributes


BUFFER = {
    **elements(NAMES),
    "scan_elements/in_temp_en": "1",
    "scan_elements/in_temp_index": "7",
    "scan_elements/in_temp_type": "be:s16/16>>0",
    "buffer/enable": "0",
    "buffer/length": "2",
    "buffer/watermark": "16",
    "trigger/current_trigger": "",
    "current_timestamp_clock": "realtime",
}


class Node:
    """A pipe in place of `/dev/iio:deviceN`."""

    def __init__(self, folder: Path, number: int):
        self.path = folder / f"iio:device{number}"
        os.mkfifo(self.path)
        self._end = -1

    def write(self, data: bytes) -> None:
        if self._end < 0:
            self._end = os.open(self.path, os.O_WRONLY)
        os.write(self._end, data)

    def close(self) -> None:
        if self._end >= 0:
            os.close(self._end)
        self._end = -1


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """Of device 0; devices are in `tmp_path`."""
    (tmp_path / "dev").mkdir()
    pipe = Node(tmp_path / "dev", 0)
    yield pipe
    pipe.close()


def mpu6050(root: Path, number: int = 0, **more: str | None) -> Path:
    """A device with a buffer, and its trigger."""
    trigger = root / f"trigger{number}"
    trigger.mkdir(exist_ok=True)
    (trigger / "name").write_text(f"mpu6050-dev{number}\n")
    return device(root, number, {**MPU6050, **BUFFER}, **more)


def records(times_ns: list[int], raw: list[int] = RAW) -> bytes:
    table = np.zeros(len(times_ns), RECORD)
    table["raw"], table["time"] = raw, times_ns
    return table.tobytes()


def opened(root: Path, options: str = "") -> Iio:
    return open_iio(parse_uri(f"iio:{options}"), root, root / "dev")


@pytest.mark.parametrize(
    ("kind", "stored", "number"),
    [
        ("le:s16/16>>0", "0cfe", -500),
        ("be:s16/16>>0", "fe0c", -500),
        ("le:s12/16>>4", "f0ff", -1),
        ("le:s12/16>>4", "0f80", -2048),  # What is shifted out is no part of the number.
        ("be:s12/16>>4", "7ff9", 2047),
        ("le:u12/16>>0", "ffff", 4095),
        ("le:s12/16", "0008", -2048),
        ("be:u24/32>>8", "80000001", 8388608),
        ("be:s24/32>>8", "80000001", -8388608),
        ("le:s8/8>>0", "ff", -1),
        ("le:s64/64>>0", "feffffffffffffff", -2),
        ("le:s16/16X2>>0", "01000200", 1),
    ],
)
def test_numbers_are_read_from_every_documented_format(tmp_path: Path, kind: str, stored: str, number: int) -> None:
    path = device(tmp_path, 0, elements(["in_accel_x"], kind))
    layout = RecordLayout([read_element(path / "scan_elements", "in_accel_x")])
    assert layout.size == len(bytes.fromhex(stored))
    assert layout.columns(bytes.fromhex(stored) * 2)["in_accel_x"].tolist() == [number, number]


@pytest.mark.parametrize(
    "kind", ["le:s16", "xe:s16/16>>0", "le:s17/16>>0", "le:s12/16>>5", "le:s16/24>>0", "le:f32/32"]
)
def test_a_format_that_is_not_known_is_no_guess(tmp_path: Path, kind: str) -> None:
    path = device(tmp_path, 0, elements(["in_accel_x"], kind))
    with pytest.raises(NoBufferError, match="the format of in_accel_x is not known: '"):
        read_element(path / "scan_elements", "in_accel_x")


def test_channels_stand_by_their_index_each_aligned_to_its_size(tmp_path: Path) -> None:
    types = {"in_rot_quaternion": "le:s32/32X4>>0", "in_accel_x": "le:s16/16>>0", "in_accel_y": "le:s8/8>>0"}
    names = ["in_accel_x", "in_rot_quaternion", "in_accel_y"]
    folder = device(tmp_path, 0, elements(names, **types)) / "scan_elements"
    layout = RecordLayout([read_element(folder, name) for name in reversed([*names, "in_timestamp"])])
    assert layout.size == 48  # 2 bytes, 14 of none, 16, 1, 7 of none, 8.
    record = np.zeros(48, np.uint8)
    record[[0, 16, 32, 40]] = 1, 2, 3, 4
    assert {name: int(value[0]) for name, value in layout.columns(record.tobytes()).items()} == {
        "in_accel_x": 1,
        "in_rot_quaternion": 2,
        "in_accel_y": 3,
        "in_timestamp": 4,
    }


def test_samples_come_from_the_buffer_with_the_kernel_s_times(tmp_path: Path, node: Node) -> None:
    path = mpu6050(tmp_path)
    iio = opened(tmp_path)
    assert iio.description == "IIO mpu6050, by its buffer, 50 Hz"
    assert iio.report.rate_hz == 50
    text = {name: (path / name).read_text().strip() for name in BUFFER}
    assert text["buffer/enable"] == "1"
    assert text["trigger/current_trigger"] == "mpu6050-dev0"
    assert text["current_timestamp_clock"] == "monotonic"
    assert {name.split("/")[1] for name in text if name.endswith("_en") and text[name] == "1"} == {
        f"{name}_en" for name in [*NAMES, "in_timestamp"]
    }
    chunks = iter(iio)
    node.write(records([1_000_000_000, 1_020_000_000])[:40])  # A record and a part of the next.
    first = next(chunks)
    node.write(records([1_000_000_000, 1_020_000_000])[40:])
    second = next(chunks)
    assert [chunk.times_ns.tolist() for chunk in (first, second)] == [[1_000_000_000], [1_020_000_000]]
    assert first.acc is not None and second.gyro is not None
    np.testing.assert_allclose(first.acc, [[-200 * 0.000598, 0, 16384 * 0.000598]])
    np.testing.assert_allclose(second.gyro, [[0, 1.064724, -13 * 0.001064724]])


def test_what_was_changed_is_put_back(tmp_path: Path, node: Node) -> None:
    path = mpu6050(tmp_path)
    before = {name: (path / name).read_text() for name in BUFFER}
    opened(tmp_path).close()
    assert {name: (path / name).read_text() for name in BUFFER} == before


def test_a_buffer_that_a_killed_program_left_on_is_taken_over(tmp_path: Path, node: Node) -> None:
    path = mpu6050(tmp_path, 0, **{"buffer/enable": "1"})
    iio = opened(tmp_path)
    assert "by its buffer" in iio.description
    iio.close()
    assert (path / "buffer/enable").read_text() == "0\n"


def test_what_comes_before_the_sample_that_is_due_is_taken_in_with_it(
    tmp_path: Path, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    mpu6050(tmp_path)
    iio = opened(tmp_path)
    chunks = iter(iio)
    now_ns = time.monotonic_ns()
    node.write(records([now_ns]))
    assert len(next(chunks).times_ns) == 1
    iio.report.due_ns = now_ns + 480_000_000
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        node.write(records([now_ns + 20_000_000 * index for index in range(1, 25)]))

    monkeypatch.setattr(buffered.time, "sleep", sleep)
    assert len(next(chunks).times_ns) == 24
    assert waits == [pytest.approx(0.48, abs=0.4)]


def test_two_devices_are_read_each_by_its_buffer(tmp_path: Path, node: Node) -> None:
    other = Node(tmp_path / "dev", 1)
    for number, (name, attributes) in enumerate({"acc": ACCELEROMETER, "gyr": GYROSCOPE}.items()):
        trigger = {f"{key}": value for key, value in BUFFER.items() if "scan_elements" not in key}
        own = elements(NAMES[3 * number : 3 * number + 3], "le:s16/16>>0")
        device(tmp_path, number, {**attributes, **trigger, **own, "name": name, "trigger/current_trigger": None})
    iio = opened(tmp_path, "acc,gyr")
    assert iio.description == "IIO acc and gyr, by its buffer"
    dtype = np.dtype([("raw", "<i2", 3), ("gap", "<i2"), ("time", "<i8")])
    node.write(np.array([([1, 2, 3], 0, 10**9)], dtype).tobytes())
    other.write(np.array([([4, 5, 6], 0, 10**9 + 5)], dtype).tobytes())
    chunks = iter(iio)
    first, second = next(chunks), next(chunks)
    assert first.acc is not None and first.gyro is None and second.gyro is not None and second.acc is None
    np.testing.assert_allclose(first.acc, np.array([[1, 2, 3]]) * 0.000598)
    assert second.times_ns.tolist() == [10**9 + 5]
    other.close()


def test_an_unplugged_device_is_waited_for_and_set_up_again(tmp_path: Path, node: Node) -> None:
    path = mpu6050(tmp_path)
    iio = opened(tmp_path)
    chunks = iter(iio)
    node.write(records([10**9]))
    next(chunks)
    (path / "scan_elements/in_temp_en").write_text("1\n")

    class Plugs:
        def now_ns(self) -> int:
            return 0

        def wait_until(self, due_ns: int) -> None:
            """The device is back by then."""
            end = os.open(node.path, os.O_RDWR)  # Both ends, so that opening the other does not wait.
            os.write(end, records([3 * 10**9]))
            self.end = end

    iio._clock = Plugs()  # pyright: ignore[reportAttributeAccessIssue]
    node.close()
    chunk = next(chunks)
    assert chunk.times_ns.tolist() == [3 * 10**9]
    assert iio.report.reconnections == 1
    os.close(iio._clock.end)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"scan_elements/in_timestamp_type": None}, "it has no in_timestamp"),
        ({"scan_elements/in_accel_z_type": "float"}, "the format of in_accel_z is not known: 'float'"),
        ({"name": "mpu9250"}, "it has no trigger; write the name of one to "),
    ],
)
def test_a_buffer_that_cannot_be_used_is_said_and_the_device_polled(
    tmp_path: Path, node: Node, caplog: pytest.LogCaptureFixture, changes: dict[str, str | None], why: str
) -> None:
    path = mpu6050(tmp_path)
    for name, text in changes.items():
        (path / name).unlink() if text is None else (path / name).write_text(text)
    before = {name: (path / name).read_text() for name in BUFFER if (path / name).exists()}
    with pytest.raises(SourceError, match=f"its buffer cannot be used: {why}.*; read=poll does without"):
        opened(tmp_path, "?read=buffer")
    assert opened(tmp_path).description.endswith(", polled at 50 Hz")
    assert f"polled, as its buffer cannot be used: {why}" in caplog.text
    assert {name: (path / name).read_text() for name in before} == before


def test_a_node_that_cannot_be_opened_names_the_remedy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mpu6050(tmp_path)
    assert "polled" in opened(tmp_path).description
    assert "dev/iio:device0 cannot be opened (No such file or directory); a udev rule can allow it" in caplog.text


def test_a_device_without_a_buffer_is_polled_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    device(tmp_path, 0, MPU6050)
    assert "polled" in opened(tmp_path).description
    assert not caplog.text
    with pytest.raises(SourceError, match="its buffer cannot be used: it has none; read=poll does without"):
        opened(tmp_path, "?read=buffer")


@pytest.mark.parametrize("options", ["?read=poll", "?rate=100"])
def test_polling_can_be_asked_for(tmp_path: Path, node: Node, options: str) -> None:
    path = mpu6050(tmp_path)
    assert "polled" in opened(tmp_path, options).description
    assert (path / "buffer/enable").read_text() == "0\n"


def test_a_rate_and_the_buffer_exclude_each_other(tmp_path: Path) -> None:
    mpu6050(tmp_path)
    with pytest.raises(SourceError, match="a buffer has the rate of its sensor: leave rate= or read= out"):
        opened(tmp_path, "?rate=100&read=buffer")


def test_a_trigger_that_is_too_slow_is_refused(tmp_path: Path, node: Node) -> None:
    mpu6050(tmp_path, sampling_frequency=None)
    (tmp_path / "iio:device0" / "sampling_frequency").unlink(missing_ok=True)
    (tmp_path / "trigger0" / "sampling_frequency").write_text("10\n")
    with pytest.raises(SourceError, match="mpu6050: its trigger fires at 10 Hz, but at least 20 Hz are needed"):
        opened(tmp_path)
