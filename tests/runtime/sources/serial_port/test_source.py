"""A sensor on a serial port: found, set up, read, unplugged within a frame and plugged in again."""

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from serial import SerialException
from serial.tools.list_ports_common import ListPortInfo
from tests.conftest import simulated_recording

from har_runtime.contract import MAX_GAP_NS
from har_runtime.errors import SourceError
from har_runtime.samples import ImuChunk
from har_runtime.signal.resample import Resampler
from har_runtime.sources import Source, open_source
from har_runtime.sources.serial_port import probe, source, witmotion, witmotion_setup
from har_runtime.sources.serial_port.source import SerialOptions, SerialSource
from har_runtime.sources.serial_port.virtual_sensor import (
    Pty,
    SampledWearer,
    VirtualWitmotion,
    make_virtual_sensor,
    serve,
)

STEP_S = 0.02


class Plug:
    """A virtual sensor on a pseudo-terminal, always at the same link, that can be unplugged and plugged in again.

    It runs at 10x real time.
    """

    def __init__(self, link: Path):
        self.link = link
        self._unplugged = threading.Event()
        self._thread: threading.Thread | None = None

    def plug_in(self, send: Callable[[Pty, Iterator[float]], object]) -> None:
        self._unplugged.clear()
        pty = Pty(self.link)

        def run() -> None:
            send(pty, self._ticks())
            pty.close()

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def plug_in_sensor(
        self, name: str, rate_hz: float = 50, tamper: Callable[[bytes], bytes] = bytes, gyroscope: bool = True
    ) -> VirtualWitmotion:
        """A virtual sensor; `tamper` changes its bytes on the way."""
        device = make_virtual_sensor(name, rate_hz, seed=0, gyroscope=gyroscope)
        send = device.send_until
        device.send_until = lambda now_s: tamper(send(now_s))  # pyright: ignore[reportAttributeAccessIssue]
        self.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
        return device  # pyright: ignore[reportReturnType]

    def plug_in_noise(self, make: Callable[[int], bytes]) -> None:
        def send(pty: Pty, ticks: Iterator[float]) -> None:
            for index, _ in enumerate(ticks):
                if pty.connected():
                    pty.write(make(index))

        self.plug_in(send)

    def unplug(self) -> None:
        self._unplugged.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _ticks(self) -> Iterator[float]:
        for index in itertools.count():
            yield index * STEP_S
            if self._unplugged.wait(STEP_S / 10):
                return


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """A source that waits for ever fails its test and does not hold up the others."""

    def give_up(*_: object) -> None:
        raise TimeoutError("the test took more than a minute")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    plug = Plug(tmp_path / "imu")
    yield plug
    plug.unplug()


def read(source: Source, samples: int) -> ImuChunk:
    """At least this many samples."""
    chunks: list[ImuChunk] = []
    for chunk in source:
        assert isinstance(chunk, ImuChunk)
        chunks.append(chunk)
        if sum(len(each.times_ns) for each in chunks) >= samples:
            break
    return ImuChunk(*(np.concatenate([getattr(each, name) for each in chunks]) for name in ("times_ns", "acc", "gyro")))


def as_worn(samples: ImuChunk, step: float) -> np.ndarray:
    """Which samples are those of the simulated wearer at their times, within a step in m/s^2 and rad/s."""
    truth = simulated_recording(0, 6000)
    index = np.rint(samples.times_ns / 20e6).astype(int)
    acc, gyro = np.abs(samples.acc - truth.acc[index]), np.abs(samples.gyro - truth.gyro[index])
    return (samples.times_ns == index * 20_000_000) & (np.maximum(acc, gyro).max(axis=1) <= step)


@pytest.mark.parametrize(
    "uri", ["serial:{}", "serial:{}?format=witmotion", "serial:{}?format=witmotion&baud=115200&rate=50"]
)
def test_a_witmotion_sensor_is_found_and_gives_what_it_measures(plug: Plug, uri: str) -> None:
    plug.plug_in_sensor("witmotion")
    source = open_source(uri.format(plug.link))
    samples = read(source, 300)
    source.close()
    assert as_worn(samples, witmotion.ACC_SCALE).all()
    assert set(np.diff(samples.times_ns)) == {20_000_000}
    assert source.description == f"{plug.link} (WitMotion frames, 115200 baud)"
    assert (source.report.rate_hz, source.report.range) == (50, "16 g, 2000 deg/s")


@pytest.mark.parametrize("options", ["", "?format=csv&baud=115200&gyro=deg/s&unit=g"])
def test_a_board_that_prints_lines_is_found_and_gives_what_it_measures(plug: Plug, options: str) -> None:
    plug.plug_in_sensor("csv")
    source = open_source(f"serial:{plug.link}{options}")
    samples = read(source, 300)
    source.close()
    assert as_worn(samples, 0.001).all()
    assert source.description == f"{plug.link} (lines of numbers, 115200 baud)"
    assert source.report.units is not None
    assert source.report.units.startswith("acceleration in g (")


def test_apples_sign_is_reversed_if_it_is_given(plug: Plug) -> None:
    plug.plug_in_sensor("csv")
    source = open_source(f"serial:{plug.link}?format=csv&baud=115200&sign=apple")
    samples = read(source, 100)
    source.close()
    assert as_worn(ImuChunk(samples.times_ns, -samples.acc, samples.gyro), 0.001).all()


@pytest.mark.parametrize("options", ["", "?format=csv&baud=115200", "?columns=t_ms,ax,ay,az"])
def test_a_board_without_a_gyroscope_is_found_and_gives_acceleration_alone(plug: Plug, options: str) -> None:
    plug.plug_in_sensor("csv", gyroscope=False)
    source = open_source(f"serial:{plug.link}{options}")
    chunks = iter(source)
    first = next(chunks)
    assert not source.report.gyroscope
    assert source.report.units is not None and source.report.units.startswith("acceleration in g (")
    assert "angular" not in source.report.units
    truth = simulated_recording(0, 6000)
    for chunk in (first, *itertools.islice(chunks, 3)):
        assert chunk.gyro is None and chunk.acc is not None
        assert np.abs(chunk.acc - truth.acc[chunk.times_ns // 20_000_000]).max() < 0.001
    source.close()


def test_a_witmotion_sensor_is_set_to_the_rate_contents_and_baud_rate_that_are_needed(plug: Plug) -> None:
    sent: list[bytes] = []
    device = make_virtual_sensor("witmotion", 10, seed=0)
    assert isinstance(device, VirtualWitmotion)
    device.registers.update({witmotion.RSW: 0b110, witmotion.BAUD: witmotion.BAUD_CODES[9600]})
    receive = device.receive
    device.receive = lambda data: (sent.append(data), receive(data))[1]
    plug.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
    source = open_source(f"serial:{plug.link}?format=witmotion&baud=9600&rate=100")
    samples = read(source, 200)
    source.close()
    assert device.registers == {
        witmotion.RSW: witmotion.CONTENT,
        witmotion.RRATE: witmotion.RATE_CODES[100],
        witmotion.BAUD: witmotion.BAUD_CODES[115200],
    }
    assert b"".join(sent).count(witmotion.SAVE) == 2
    assert np.median(np.diff(samples.times_ns)) == 10_000_000
    assert source.report.rate_hz == 100
    assert source.description.endswith("115200 baud)")


def test_a_witmotion_sensor_that_is_already_set_up_is_only_queried(plug: Plug) -> None:
    device = make_virtual_sensor("witmotion", 50, seed=0)
    sent: list[bytes] = []
    receive = device.receive
    device.receive = lambda data: (sent.append(data), receive(data))[1]  # pyright: ignore[reportAttributeAccessIssue]
    plug.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
    source = open_source(f"serial:{plug.link}?format=witmotion&baud=115200")
    read(source, 20)
    source.close()
    assert b"".join(sent) == witmotion.UNLOCK + witmotion.read_command(witmotion.RSW)


@pytest.mark.parametrize("content", [0b111, 0b110])
def test_a_witmotion_sensor_that_does_not_answer_is_read_as_it_is(plug: Plug, monkeypatch, content: int) -> None:
    monkeypatch.setattr(witmotion_setup, "ANSWER_S", 0.1)
    device = make_virtual_sensor("witmotion", 50, seed=0)
    assert isinstance(device, VirtualWitmotion)
    device.registers[witmotion.RSW] = content
    device.receive = lambda data: b""
    plug.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
    source = open_source(f"serial:{plug.link}?format=witmotion&baud=115200")
    samples = read(source, 200)
    source.close()
    assert source.report.rate_hz is None
    assert (np.diff(samples.times_ns) > 0).all()
    assert device.registers[witmotion.RSW] == content


def test_a_witmotion_sensor_of_the_ble_series_is_found_and_set_to_the_rate(plug: Plug) -> None:
    device = make_virtual_sensor("witmotion-ble", 10, seed=0)
    plug.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
    source = open_source(f"serial:{plug.link}")
    samples = read(source, 200)
    source.close()
    assert isinstance(device, VirtualWitmotion)
    assert device.registers[witmotion.RRATE] == witmotion.RATE_CODES[50]
    assert witmotion.RSW not in device.registers
    assert source.report.rate_hz == 50
    assert source.description == f"{plug.link} (WitMotion frames, 115200 baud)"
    assert np.linalg.norm(samples.acc, axis=1).mean() == pytest.approx(9.8, abs=1)
    assert not source.report.lost["wrong checksum"]


def test_a_witmotion_sensor_that_sends_only_angles_is_refused(plug: Plug) -> None:
    angle = bytes([0x55, 0x53, *[0] * 8, 0xA8])
    plug.plug_in_noise(lambda index: angle)
    options = SerialOptions(format="witmotion", baud=115200)
    source = SerialSource(str(plug.link), options, patience_s=0.2)
    with pytest.raises(SourceError, match="not acceleration and angular rate together"):
        read(source, 1)
    source.close()


@pytest.mark.parametrize("name", ["witmotion", "csv"])
def test_unplugged_within_a_frame_and_plugged_in_again_it_continues_after_a_gap(plug: Plug, name: str) -> None:
    waiting = [b""]

    def five_bytes_late(data: bytes) -> bytes:
        data = waiting[0] + data
        waiting[0] = data[-5:]
        return data[:-5]

    plug.plug_in_sensor(name, tamper=five_bytes_late)
    source = open_source(f"serial:{plug.link}?format={name}&baud=115200")
    chunks = iter(source)
    resampler = Resampler()
    times: list[int] = []

    def read_more(samples: int) -> None:
        wanted = len(times) + samples
        while len(times) < wanted:
            chunk = next(chunks)
            times.extend(chunk.times_ns.tolist())
            resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)

    read_more(150)
    plug.unplug()
    plug.plug_in_sensor(name)
    read_more(150)
    source.close()
    resampler.finish()
    steps = np.diff(times)
    assert steps.min() > 0
    assert np.count_nonzero(steps > MAX_GAP_NS) == 1
    assert source.report.reconnections == 1
    assert source.report.lost["stray bytes" if name == "witmotion" else "line cut off"] > 0
    assert resampler.report.segments == 2
    assert resampler.report.accelerometer.out_of_order == 0


def test_a_sensor_that_comes_back_at_another_path_is_recognised_by_its_usb_id(
    plug: Plug, monkeypatch, tmp_path
) -> None:
    again, stranger = Plug(tmp_path / "imu-again"), usb_port("/dev/another", 0x1A86, 0x7523)
    plug.plug_in_sensor("witmotion")
    again.plug_in_sensor("witmotion")
    ports = [stranger, usb_port(str(plug.link.readlink()), 0x1A86, 0x7523)]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    source = open_source(f"serial:{plug.link}")
    chunks = iter(source)
    next(chunks)
    ports[1] = usb_port(str(again.link.readlink()), 0x1A86, 0x7523)
    plug.unplug()
    while not source.report.reconnections:
        next(chunks)
    source.close()
    again.unplug()


def test_lost_and_damaged_frames_are_counted_and_the_samples_are_true_with_few_exceptions(plug: Plug) -> None:
    rng = np.random.default_rng(1)
    is_noisy = False

    def damage(data: bytes) -> bytes:
        if not is_noisy:
            return data
        frames = [data[at : at + 11] for at in range(0, len(data), 11)]
        return b"".join(frame[: rng.integers(1, 11)] if rng.random() < 0.3 else frame for frame in frames)

    plug.plug_in_sensor("witmotion", tamper=damage)
    source = open_source(f"serial:{plug.link}?format=witmotion&baud=115200")
    read(source, 20)  # Undamaged until the source has found that the sensor sends its time.
    is_noisy = True
    samples = read(source, 300)
    source.close()
    # One damaged frame in 256 has the right checksum; how many are read depends on where reading begins.
    assert as_worn(samples, witmotion.ACC_SCALE).mean() > 0.96
    for why in ("wrong checksum", "stray bytes", "acceleration without angular rate", "sample without its time"):
        assert source.report.lost[why] > 50, why


@pytest.mark.parametrize(("name", "content"), [("witmotion", "WitMotion frames"), ("csv", "lines of numbers")])
def test_a_wrong_baud_rate_is_named_as_the_likely_cause(plug: Plug, name: str, content: str) -> None:
    rng = np.random.default_rng(0)
    plug.plug_in_noise(lambda index: rng.bytes(30))
    source = SerialSource(str(plug.link), SerialOptions(format=name, baud=9600), patience_s=0.3)
    with pytest.raises(SourceError, match=f"no {content} among them: probably the sensor's baud rate is not 9600"):
        read(source, 1)
    source.close()


def test_if_no_baud_rate_gives_a_known_format_all_are_named(plug: Plug, monkeypatch) -> None:
    monkeypatch.setattr(probe, "LISTEN_S", 0.1)
    rng = np.random.default_rng(0)
    plug.plug_in_noise(lambda index: rng.bytes(30))
    with pytest.raises(SourceError, match=r"no WitMotion frames or lines of numbers at any of 115200, 9600,"):
        open_source(f"serial:{plug.link}")


@pytest.mark.parametrize("options", ["", "?format=csv", "?format=csv&baud=115200"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"Heart rate: 72\r\n", 'Heart rate" does not name acceleration.*one line is "Heart rate: 72"'),
        (b"Waiting for a command\r\n", 'text without readings, such as "Waiting for a command"'),
        (b"ax: 0.1 ay: 0.2\r\n", 'such as "ax: 0.1 ay: 0.2": acceleration x, y without z; no angular rate'),
    ],
)
def test_text_without_readings_is_quoted_and_not_called_a_wrong_baud_rate(
    plug: Plug, monkeypatch, options: str, text: bytes, reason: str
) -> None:
    monkeypatch.setattr(probe, "TEXT_S", 0.3)
    monkeypatch.setattr(SerialSource.__init__, "__defaults__", (0.5,))
    plug.plug_in_noise(lambda index: text)
    with pytest.raises(SourceError, match=reason) as caught:
        read(open_source(f"serial:{plug.link}{options}"), 1)
    assert "baud" not in str(caught.value)


def test_text_where_witmotion_frames_were_expected_is_quoted(plug: Plug, monkeypatch) -> None:
    monkeypatch.setattr(probe, "LISTEN_S", 0.1)
    plug.plug_in_noise(lambda index: b"0.1,0.2,9.8,0,0,0\r\n")
    with pytest.raises(SourceError, match=r'sends text.*"0.1,0.2,9.8,0,0,0", and no WitMotion frames; leave out'):
        open_source(f"serial:{plug.link}?format=witmotion")


def test_lines_that_come_too_rarely_are_refused_with_their_rate(plug: Plug, monkeypatch) -> None:
    monkeypatch.setattr(SerialSource.__init__, "__defaults__", (1.0,))
    plug.plug_in_noise(lambda index: b"0.1,0.2,9.8,0,0,0\r\n" if index % 60 == 0 else b"")
    with pytest.raises(SourceError, match="20"):
        read(open_source(f"serial:{plug.link}?format=csv&baud=115200&gyro=deg/s"), 1)


def test_a_sketch_that_prints_labelled_lines_is_read_without_options(plug: Plug) -> None:
    device = make_virtual_sensor("csv", 50, seed=0)
    send = device.send_until

    def labelled(now_s: float) -> bytes:
        lines = send(now_s).decode().splitlines()
        rows = [[float(cell) for cell in line.split(",")[1:]] for line in lines]
        return "".join(
            "Acceleration X: {:.4f}, Y: {:.4f}, Z: {:.4f} m/s^2\r\nRotation X: {:.5f}, Y: {:.5f}, Z: {:.5f} rad/s\r\n"
            "Temperature: 30.57 degC\r\n\r\n".format(*(np.array(row[:3]) * 9.80665), *np.deg2rad(row[3:]))
            for row in rows
        ).encode()

    device.send_until = labelled  # pyright: ignore[reportAttributeAccessIssue]
    device.greeting = lambda: b"Adafruit MPU6050 test!\r\n"  # pyright: ignore[reportAttributeAccessIssue]
    plug.plug_in(lambda pty, ticks: [None for _ in serve(pty, device, ticks)])
    source = open_source(f"serial:{plug.link}")
    samples = read(source, 200)
    source.close()
    assert source.report.units == "acceleration in m/s2 (by the header), angular rate in rad/s (by the header)"
    truth = simulated_recording(0, 6000)
    first = int(np.argmin(np.abs(truth.acc - samples.acc[0]).sum(axis=1)))
    assert np.abs(samples.acc - truth.acc[first : first + len(samples.acc)]).max() < 0.001
    assert np.abs(samples.gyro - truth.gyro[first : first + len(samples.gyro)]).max() < 0.001


@pytest.mark.parametrize("options", ["", "?format=csv&baud=9600"])
def test_a_silent_port_is_refused(plug: Plug, monkeypatch, options: str) -> None:
    monkeypatch.setattr(probe, "FIRST_BYTE_S", 0.2)
    monkeypatch.setattr(source, "SILENCE_S", 0.1)
    plug.plug_in_noise(lambda index: b"")
    with pytest.raises(SourceError, match=r"nothing arrived in .* is the sensor switched on"):
        if options:
            read(SerialSource(str(plug.link), SerialOptions(format="csv", baud=9600), patience_s=0.3), 1)
        open_source(f"serial:{plug.link}{options}")


def test_lines_of_five_columns_are_refused_with_what_is_needed(plug: Plug) -> None:
    plug.plug_in_noise(lambda index: b"0.1,0.2,0.97,0.1,0.2\n")
    source = SerialSource(str(plug.link), SerialOptions(format="csv", baud=9600), patience_s=0.3)
    with pytest.raises(
        SourceError, match="its lines have 5 columns, but acceleration x, y, z and, if there is a gyroscope,"
    ):
        read(source, 1)
    source.close()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("serial:", "needs a port"),
        ("serial:/dev/absent", "/dev/absent: no such port; there are:"),
        ("serial:/dev/null", "/dev/null: cannot be opened as a serial port"),
        ("serial:/dev/absent?format=nmea", "it can be witmotion, csv"),
        ("serial:/dev/absent?unit=lb", "it can be g, mg, m/s2 or the counts of a g"),
        ("serial:/dev/absent?gyro=rpm", "it can be deg/s, rad/s"),
        ("serial:/dev/absent?columns=x,y,w", "among them must be ax, ay, az and, if there is a gyroscope, gx, gy, gz"),
        ("serial:/dev/absent?baud=-1", "must be 300 to 12000000"),
        ("serial:/dev/absent?bauds=1", "unknown option 'bauds'"),
    ],
)
def test_an_invalid_uri_is_refused_with_the_reason(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(uri)


def test_a_rate_that_is_not_offered_for_a_witmotion_is_refused(plug: Plug) -> None:
    plug.plug_in_sensor("witmotion")
    with pytest.raises(SourceError, match="rate=50 or rate=100, not 75"):
        open_source(f"serial:{plug.link}?format=witmotion&rate=75")


def test_a_port_that_another_program_reads_is_refused(plug: Plug) -> None:
    plug.plug_in_sensor("csv")
    source = open_source(f"serial:{plug.link}?format=csv&baud=115200")
    with pytest.raises(SourceError, match="in use by another program"):
        open_source(f"serial:{plug.link}?format=csv&baud=115200")
    source.close()


def test_a_port_without_permission_names_the_group_to_join(plug: Plug, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SerialException(13, "could not open port: Permission denied")

    plug.plug_in_sensor("csv")
    monkeypatch.setattr("serial.Serial", refuse)
    with pytest.raises(SourceError, match=rf"usermod -aG {plug.link.group()} \$USER"):
        open_source(f"serial:{plug.link}")


def usb_port(path: str, vendor: int, product: int) -> ListPortInfo:
    info = ListPortInfo(path)
    info.vid, info.pid = vendor, product
    return info


def test_auto_takes_the_one_port_with_a_known_usb_id(plug: Plug, monkeypatch) -> None:
    ports = [ListPortInfo("/dev/ttyS0"), usb_port("/dev/printer", 0x1234, 1), usb_port(str(plug.link), 0x10C4, 0xEA60)]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    plug.plug_in_sensor("witmotion")
    source = open_source("serial:auto")
    assert len(read(source, 20).times_ns) >= 20
    source.close()


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ([], "no port has a known USB id; name one of these: none"),
        ([usb_port("/dev/printer", 0x1234, 1)], "one of these: /dev/printer 1234:0001 unknown"),
        (
            [usb_port("/dev/ttyUSB1", 0x1A86, 0x7523), usb_port("/dev/ttyACM0", 0x2341, 5)],
            "several ports have a known USB id; name one of them: /dev/ttyACM0 2341:0005 Arduino.*; /dev/ttyUSB1 1a86",
        ),
    ],
)
def test_auto_refuses_to_guess_and_lists_the_ports(monkeypatch, ports: list[ListPortInfo], message: str) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    with pytest.raises(SourceError, match=message):
        open_source("serial:auto")


@pytest.mark.parametrize("state", ["silent", "unplugged"])
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_while_it_waits_for_the_sensor_ends_it_in_order(
    plug: Plug, tmp_path: Path, state: str, stop, code: int
) -> None:
    plug.plug_in_sensor("witmotion")
    source = f"serial:{plug.link}?format=witmotion&baud=115200"
    command = [sys.executable, "-m", "har_runtime", "--source", source, "--sink", "jsonl:-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        plug.unplug()
        if state == "silent":
            plug.plug_in_noise(lambda index: b"")
        process.send_signal(stop)
        process.stdout.read()
        assert process.stderr.read().endswith("har-stream: stopped\n")
        assert process.wait() == code


def test_a_sensor_on_the_wearer_measures_the_same_at_any_rate_and_in_any_steps() -> None:
    whole = SampledWearer(0, 100).samples_until(30.0)
    sensor = SampledWearer(0, 100)
    steps = [sensor.samples_until(now) for now in np.arange(0, 30.001, 0.037)]
    steps.append(sensor.samples_until(30.0))
    assert np.allclose(np.concatenate([times for times, _ in steps]), whole[0])
    assert np.allclose(np.concatenate([channels for _, channels in steps]), whole[1])
    assert np.array_equal(whole[1][::2, :3], simulated_recording(0, 1501).acc)


def test_a_pseudo_terminal_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(SourceError, match="cannot make the link"):
        Pty(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"
    killed = Pty(tmp_path / "imu")
    again = Pty(tmp_path / "imu")
    assert str((tmp_path / "imu").readlink()) == again.device
    killed.close()
    assert (tmp_path / "imu").is_symlink()
    again.close()
    assert not (tmp_path / "imu").is_symlink()
