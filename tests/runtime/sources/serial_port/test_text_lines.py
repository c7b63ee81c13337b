"""Lines of numbers: the styles of the usual boards, their units and times, and invalid lines."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.sources.cutting import assert_cutting_changes_nothing

from har_runtime.contract import MAX_GAP_NS, STANDARD_GRAVITY
from har_runtime.errors import SourceError
from har_runtime.samples import ImuChunk
from har_runtime.signal.resample import Resampler
from har_runtime.sources.base import SourceReport
from har_runtime.sources.columns import CHANNEL_KEYS, columns_by_name
from har_runtime.sources.serial_port.decode import TextDecoder
from har_runtime.sources.serial_port.text_lines import MAX_LINE_BYTES, TextLines

ROWS = [[0.01 * index, -0.02, 0.98, 1.5, -2.5 - index, 0.25] for index in range(400)]
HEADER = "time_ms,ax,ay,az,gx,gy,gz\n"


def printed(cells: Sequence[float], separator: str = ",") -> str:
    return separator.join(f"{cell:g}" for cell in cells)


def timed(count: int, period_ms: float = 20.0, start_ms: float = 1000.0) -> list[str]:
    """Lines with a time and a sensor at rest, 1 g."""
    return [f"{start_ms + index * period_ms:g},0,0,1,0.5,0,{index}\n" for index in range(count)]


STYLES = {
    "arduino, comma and header": ("ax,ay,az,gx,gy,gz\r\n", lambda i, row: printed(row) + "\r\n"),
    "arduino, tabs, no header": ("Acceleration in G's\r\n", lambda i, row: printed(row, "\t") + "\r\n"),
    "arduino, spaces": ("", lambda i, row: printed(row, "  ") + " \n"),
    "arduino, words before the numbers": ("MPU6050 ready\n", lambda i, row: "IMU: " + printed(row, ", ") + "\n"),
    "arduino plotter": (
        "",
        lambda i, row: ",".join(f"{name}:{cell:g}" for name, cell in zip(CHANNEL_KEYS, row, strict=True)) + "\n",
    ),
    "other order, by header": ("gz;gy;gx;AccZ;AccY;AccX\n", lambda i, row: printed(row[::-1], ";") + "\n"),
    "razor": ("", lambda i, row: printed([5000 + 10 * i, *row, 21.5, -3.1, 40.0], ", ") + "\r\n"),
    "razor, no time": ("", lambda i, row: printed([*row, 21.5, -3.1, 40.0], ", ") + "\r\n"),
    "openlog": (
        "rtcDate,rtcTime,aX,aY,aZ,gX,gY,gZ,mX,mY,mZ,imu_degC,output_Hz,\r\n",
        lambda i, row: f"11/20/2026,09:14:{37 + i // 100}.{i % 100:02d},{printed(row)},1.5,2.5,3.5,28.1,100.0,\r\n",
    ),
    "openlog, opened after its header": (
        "",
        lambda i, row: f"11/20/2026,09:14:{37 + i // 100}.{i % 100:02d},{printed(row)},1.5,2.5,3.5,28.1,100.0,\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_the_usual_styles_give_the_six_channels(style: str) -> None:
    header, line = STYLES[style]
    lines = TextLines()
    text = header + "".join(line(index, row) for index, row in enumerate(ROWS))
    rows = lines.push(text.encode())
    assert len(rows) >= len(ROWS) - 1  # The first line may be incomplete.
    assert rows[:, 1:] == pytest.approx(np.array(ROWS[-len(rows) :]))
    assert all("line that is not" in why for why in lines.lost)
    has_time = style == "razor" or "openlog" in style
    assert np.isfinite(rows[:, 0]).all() == has_time
    assert not has_time or set(np.round(np.diff(rows[:, 0]), 6)) == {10.0 if "razor" in style else 0.01}


@pytest.mark.parametrize(
    ("header", "channels", "time", "units"),
    [
        ("aX,aY,aZ,gX,gY,gZ", (0, 1, 2, 3, 4, 5), None, (None, None, None)),
        ("t,ax,ay,az,gx,gy,gz,t", (1, 2, 3, 4, 5, 6), 0, (None, None, None)),
        ("ax,ay,az,t,gx,gy,gz", (0, 1, 2, 4, 5, 6), None, (None, None, None)),
        ("millis,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z", (1, 2, 3, 4, 5, 6), 0, ("ms", None, None)),
        ("Time (s),Acc X (g),Acc Y,Acc Z,Gyro X (°/s),Gyro Y,Gyro Z", (1, 2, 3, 4, 5, 6), 0, ("s", "g", "deg/s")),
        ("timestamp[us],accX[m/s²],accY,accZ,gyrX[rad/s],gyrY,gyrZ", (1, 2, 3, 4, 5, 6), 0, ("us", "m/s2", "rad/s")),
        ("wx_dps,wy_dps,wz_dps,ax_mg,ay_mg,az_mg", (3, 4, 5, 0, 1, 2), None, (None, "mg", "deg/s")),
        ("rtcDate,rtcTime,aX,aY,aZ,gX,gY,gZ,imu_degC", (2, 3, 4, 5, 6, 7), 1, ("s", "mg", "deg/s")),
        ("rtcTime,micros,aX,aY,aZ,gX,gY,gZ", (2, 3, 4, 5, 6, 7), 0, ("s", None, None)),
    ],
)  # fmt: skip
def test_headers_in_the_usual_spellings_name_columns_and_units(header, channels, time, units) -> None:
    columns = columns_by_name(header.split(","))
    assert columns is not None
    assert (columns.channels, columns.time) == (channels, time)
    assert (columns.time_unit, columns.acc_unit, columns.gyro_unit) == units


@pytest.mark.parametrize(
    ("header", "channels", "time"),
    [("ax,ay,az", (0, 1, 2), None), ("t_ms,accX,accY,accZ,temp", (1, 2, 3), 0), ("mx,my,mz,az,ay,ax", (5, 4, 3), None)],
)
def test_a_header_may_name_acceleration_alone(header: str, channels: tuple[int, ...], time: int | None) -> None:
    columns = columns_by_name(header.split(","))
    assert columns is not None
    assert (columns.channels, columns.time, columns.gyroscope) == (channels, time, False)


@pytest.mark.parametrize("header", ["ax,ay", "gx,gy,gz,time", "a,b,c,d,e,f", "ax,ay,az,gx,gy", "ax,az,gx,gy,gz", ""])
def test_a_header_that_does_not_name_all_channels_of_a_sensor_is_not_used(header: str) -> None:
    assert columns_by_name(header.split(",")) is None


ALONE = {
    "three numbers": ("", lambda i, row: printed(row[:3]) + "\n"),
    "a time and three numbers": ("", lambda i, row: printed([5000 + 10 * i, *row[:3]]) + "\n"),
    "a header": ("t,ax,ay,az\n", lambda i, row: printed([5000 + 10 * i, *row[:3]]) + "\n"),
    "labels": ("", lambda i, row: f"ax:{row[0]:g},ay:{row[1]:g},az:{row[2]:g}\n"),
}  # fmt: skip


@pytest.mark.parametrize("style", ALONE)
def test_lines_of_an_accelerometer_alone_give_no_angular_rates(style: str) -> None:
    header, line = ALONE[style]
    lines = TextLines()
    rows = lines.push((header + "".join(line(index, row) for index, row in enumerate(ROWS))).encode())
    assert len(rows) >= len(ROWS) - 1
    assert rows[:, 1:4] == pytest.approx(np.array(ROWS)[-len(rows) :, :3])
    assert np.isnan(rows[:, 4:]).all()
    assert np.isfinite(rows[:, 0]).all() == ("time" in style or "header" in style)
    assert not lines.lost


@pytest.mark.parametrize("cells", [[0.5, 0.5, 0.5, 0.5], [1, 0.1, 0.2, 0.97, 20], [0.1, 0.97]])
def test_columns_that_could_be_anything_are_not_guessed(cells: list[float]) -> None:
    lines = TextLines()
    assert not len(lines.push(f"{printed(cells)}\n".encode() * 100))
    assert lines.problem is not None and f"its lines have {len(cells)} columns" in lines.problem


def test_a_damaged_header_does_not_take_the_gyroscope_away() -> None:
    lines = TextLines()
    rows = lines.push((HEADER + "".join(timed(5)) + "time_ms,ax,ay,az\n" + "".join(timed(5))).encode())
    assert len(rows) == 10
    assert np.isfinite(rows).all()
    assert lines.lost == {"line that is not numbers": 1}


LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([line(index, ROWS[index]).encode() for _, line in STYLES.values() for index in range(3)]),
        st.sampled_from([header.encode() for header, _ in STYLES.values()]),
        st.lists(st.floats(width=32), max_size=9).map(lambda cells: (printed(cells) + "\n").encode()),
        st.text("0123456789.,-+eE:/ \t;naif_axyzg\r\n", max_size=60).map(str.encode),
        st.just(b"7" * (MAX_LINE_BYTES + 1)),
    ),
    max_size=30,
).map(b"".join)


@given(LINES, st.lists(st.integers(0, 3000), max_size=6))
@settings(max_examples=60, deadline=None)
def test_however_the_bytes_are_cut_the_rows_and_counts_are_the_same(data: bytes, cuts: list[int]) -> None:
    assert_cutting_changes_nothing(TextLines, data, cuts, MAX_LINE_BYTES)


def test_invalid_lines_are_counted_and_cost_nothing_else() -> None:
    lines = TextLines()
    good = timed(20)
    text = HEADER + "".join(good[:10]) + "1200,0,0\n" + "#!garbage\n" + "1,2,3,4,5,6,7,8\n" + "".join(good[10:])
    rows = lines.push(text.encode() + b"\xff\xfe\x80,1,2\n" + b"9" * 3000 + b"\n" + good[0].encode())
    assert rows[:20, 6].tolist() == list(range(20))
    assert len(rows) == 21
    assert lines.lost == Counter(
        {"line with other columns": 2, "line that is not numbers": 1, "line that is not text": 1, "line too long": 1}
    )


def test_a_line_without_an_end_is_not_kept() -> None:
    lines = TextLines()
    for _ in range(1000):
        lines.push(b"1,2,3,4" * 100)
        assert lines.held_bytes <= MAX_LINE_BYTES
    assert lines.lost == Counter({"line too long": 1})


def test_a_port_opened_in_the_middle_of_a_line_gives_no_sample_of_its_rest() -> None:
    lines = TextLines()
    assert not len(lines.push(b"81,0.0,0.0,0.98,0,0,0\n"))
    lines.push((HEADER + "".join(timed(5))).encode())
    lines.reset()
    assert not len(lines.push(b"0,0,0,1,0,0,0\n"))
    assert len(lines.push(timed(1)[0].encode())) == 1


def test_a_header_repeated_by_a_restart_changes_nothing() -> None:
    lines = TextLines()
    rows = lines.push((HEADER + "".join(timed(5)) + HEADER + "".join(timed(5))).encode())
    assert len(rows) == 10
    assert not lines.lost


def decoded(text: str, report: SourceReport | None = None, rate_hz: float = 50, **options: Any) -> ImuChunk:
    """The samples of lines that arrive one by one, at a rate."""
    decoder = TextDecoder(report or SourceReport(), **options)
    lines = text.splitlines(keepends=True)
    chunks = [decoder.push(line.encode(), round(index * 1e9 / rate_hz)) for index, line in enumerate(lines)]
    found = [chunk for chunk in chunks if chunk is not None]
    return ImuChunk(*(np.concatenate([getattr(each, name) for each in found]) for name in ("times_ns", "acc", "gyro")))


@pytest.mark.parametrize(("one_g", "unit"), [(1.02, "g"), (9.75, "m/s2"), (985.0, "mg")])
@pytest.mark.parametrize(("gyro", "factor"), [("deg/s", np.pi / 180), ("rad/s", 1.0)])
def test_all_units_are_converted_to_si(one_g: float, unit: str, gyro: str, factor: float) -> None:
    report = SourceReport()
    text = HEADER + "".join(f"{20 * index},0,{one_g},0,3,0,0\n" for index in range(200))
    samples = decoded(text, report, gyro=gyro)
    assert len(samples.times_ns) == 200
    assert np.linalg.norm(samples.acc, axis=1) == pytest.approx(STANDARD_GRAVITY, rel=0.03)
    assert samples.gyro[0, 0] == pytest.approx(3 * factor)
    assert (
        report.units
        == f"acceleration in {unit} (by its magnitude at rest, {one_g:.3g}), angular rate in {gyro} (as given)"
    )


@pytest.mark.parametrize(
    ("header", "values", "options", "question"),
    [
        (
            HEADER,
            "0,0,1,0.5,0,0",
            {},
            "unit of angular rate.* is not named.*add gyro=deg/s, gyro=rad/s.*one line is",
        ),
        (HEADER, "0,0,1,5,0,0", {}, "unit of angular rate.* is not named.*add gyro=N.*131"),
        (HEADER, "0,0,256,0,0,0", {"gyro": "deg/s"}, "about 256 at rest.*gravity in no usual unit.*unit=N"),
        (HEADER, "0,0,0.03,0,0,0", {"gyro": "deg/s"}, "about 0.03 at rest.*record acceleration with gravity"),
        (HEADER, "0,0,16384,0,0,0", {"gyro": "deg/s", "unit": "g"}, "gravity would be .* g in g.*unit=16384"),
        (
            HEADER.replace("ax", "ax_g"),
            "0,0,9.8,0,0,0",
            {"gyro": "deg/s"},
            "header says.*in g, but.*it fits m/s2",
        ),
    ],
)
def test_unknown_units_are_asked_for(header: str, values: str, options: dict[str, Any], question: str) -> None:
    with pytest.raises(SourceError, match=question):
        decoded(header + "".join(f"{20 * index},{values}\n" for index in range(1200)), **options)


def test_a_sensor_that_moves_at_first_is_waited_for() -> None:
    moving = "".join(f"{20 * index},0,0,{3 + index % 2},0,0,0\n" for index in range(150))
    text = HEADER + moving + "".join(f"{20 * index},0,0,{1 + index % 2 / 100},0,0,0\n" for index in range(150, 500))
    assert len(decoded(text, gyro="deg/s").times_ns) == 500


def test_lines_without_any_number_are_not_kept_for_ever() -> None:
    report = SourceReport()
    decoder = TextDecoder(report, gyro="deg/s")
    for _ in range(100):
        decoder.push((HEADER + "1,nan,nan,nan,0,0,0\n" * 100).encode(), 0)
    assert report.lost["sample before its unit was known"] > 8000


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
@pytest.mark.parametrize("rate_hz", [20, 50, 500])
def test_the_unit_of_the_time_column_is_found_from_its_step(unit: str, factor: float, rate_hz: float) -> None:
    text = "time,ax,ay,az,gx,gy,gz\n"
    text += "".join(f"{index * factor / rate_hz:.9g},0,0,1,0,0,0\n" for index in range(150 + rate_hz))
    samples = decoded(text, gyro="deg/s", rate_hz=rate_hz)
    assert np.diff(samples.times_ns) == pytest.approx(1e9 / rate_hz, rel=1e-4)


def test_names_of_the_columns_can_be_given() -> None:
    text = "".join(f"7,{index},0.5,0,0,0,0,1\n" for index in range(200))
    names = ["x", "t_us", "gx", "gy", "gz", "ax", "ay", "az"]
    samples = decoded(text, gyro="rad/s", columns=names)
    assert np.diff(samples.times_ns).tolist() == [1000] * (len(samples.times_ns) - 1)
    assert samples.gyro[0].tolist() == [0.5, 0, 0]


def test_a_header_does_not_change_columns_that_were_given() -> None:
    text = HEADER + "".join(f"{index * 20},1,2,3,0,0,9.8\n" for index in range(200))
    samples = decoded(text, gyro="rad/s", columns=["t_ms", "gx", "gy", "gz", "ax", "ay", "az"])
    assert samples.acc[0].tolist() == [0, 0, 9.8]


def test_samples_that_wait_for_their_unit_when_the_connection_is_lost_are_counted_as_lost() -> None:
    report = SourceReport()
    decoder = TextDecoder(report, gyro="deg/s")
    lines = "ax,ay,az,gx,gy,gz\n" + "0,0,1,0,0,0\n" * 60
    assert decoder.push(lines.encode(), 10**9) is None
    decoder.restart()
    assert decoder.push(lines.encode(), 5 * 10**9) is None
    assert report.lost["sample before its unit was known"] == 60


def test_after_a_cut_connection_there_is_a_gap_even_if_the_sensors_clock_seems_to_continue() -> None:
    decoder = TextDecoder(SourceReport(), unit="g", gyro="deg/s")
    before = decoder.push((HEADER + "".join(timed(20))).encode(), 10**9)
    decoder.restart()
    after = decoder.push((HEADER + "".join(timed(20, start_ms=1400))).encode(), 3 * 10**9)
    assert before is not None and after is not None
    assert after.times_ns[0] - before.times_ns[-1] == 2 * 10**9


def test_lines_of_both_sensors_under_a_heading_for_each_are_read() -> None:
    headings = "Acceleration in g's\nX\tY\tZ\nGyroscope in degrees/second\nX\tY\tZ\n"
    rows = TextLines().push((headings + "".join(printed(row, "\t") + "\n" for row in ROWS)).encode())
    assert rows[:, 1:] == pytest.approx(np.array(ROWS)[-len(rows) :])
    assert len(rows) >= len(ROWS) - 1


@pytest.mark.parametrize(
    "line", ["{t},3,{acc},4,{gyro}\n", "1,{acc},{gyro}\n", "{t},7,2,{acc},{gyro},24\n"], ids=["phone", "first", "time"]
)
def test_numbers_of_devices_and_sensors_are_no_readings(line: str) -> None:
    shaken = [[0.1 * i, -0.02 - 0.01 * i, 9.8 + 0.01 * i, 1.5 + i, -2.5 - i, 0.25 * i] for i in range(60)]
    text = "".join(
        line.format(t=20 * index, acc=printed(row[:3]), gyro=printed(row[3:])) for index, row in enumerate(shaken)
    )
    rows = TextLines().push(text.encode())
    assert rows[:, 1:] == pytest.approx(np.array(shaken)[-len(rows) :])
    assert len(rows) >= len(shaken) - 1


def test_the_checksum_of_a_sentence_is_no_reading() -> None:
    lines = TextLines()
    lines.push(b"$PABCD,0,4.000,-1.7246,4.0737,24.2705,*4A\n" * 60)
    assert lines.problem is not None
    assert "its lines have 5 columns" in lines.problem


def test_a_gyroscope_that_appears_after_the_first_samples_is_ignored() -> None:
    report = SourceReport()
    decoder = TextDecoder(report, unit="g")
    alone = decoder.push(("t_ms,ax,ay,az\n" + "".join(f"{20 * i},0,0,1\n" for i in range(200))).encode(), 4 * 10**9)
    decoder.restart()
    after = decoder.push((HEADER + "".join(timed(20, start_ms=9000))).encode(), 9 * 10**9)
    assert not report.gyroscope
    assert report.units == "acceleration in g (as given)"
    assert alone is not None and after is not None
    assert (alone.gyro, after.gyro) == (None, None)
    assert (len(alone.times_ns), len(after.times_ns)) == (200, 20)


def test_without_a_gyroscope_its_unit_is_not_asked_for() -> None:
    report = SourceReport()
    decoder = TextDecoder(report)
    chunk = decoder.push(("ax,ay,az\n" + "0,0,1\n" * 200).encode(), 10**9)
    assert chunk is not None and chunk.gyro is None
    assert not report.gyroscope


def segments_of(samples: ImuChunk) -> int:
    resampler = Resampler()
    resampler.push(samples.times_ns, samples.acc, samples.gyro)
    resampler.finish()
    return resampler.report.segments


@pytest.mark.parametrize("start_again_ms", [0.0, 500.0, 60_000.0])
def test_a_sensors_clock_that_jumps_ends_the_segment_and_loses_no_sample(start_again_ms: float) -> None:
    lines = [*timed(200), *timed(200, start_ms=start_again_ms)]
    samples = decoded(HEADER + "".join(lines), gyro="deg/s")
    steps = np.diff(samples.times_ns)
    assert len(samples.times_ns) == 400
    assert np.count_nonzero(steps > MAX_GAP_NS) == 1
    assert steps.min() > 0
    assert segments_of(samples) == 2


def test_lost_lines_are_not_replaced_by_invented_samples() -> None:
    rng = np.random.default_rng(3)
    lines = timed(1500, period_ms=10)
    kept = [line for index, line in enumerate(lines) if index < 120 or rng.random() > 0.3]
    samples = decoded(HEADER + "".join(kept), gyro="deg/s")
    number = np.rint(np.rad2deg(samples.gyro[:, 2])).astype(int)
    assert len(number) == len(kept)
    assert np.array_equal(samples.times_ns, (1000 + 10 * number) * 1_000_000)


def test_a_clock_of_whole_seconds_is_replaced_by_the_arrivals() -> None:
    text = "time_s,ax,ay,az,gx,gy,gz\n" + "".join(f"{index // 50},0,0,1,0,0,0\n" for index in range(1000))
    samples = decoded(text, gyro="deg/s")
    steps = np.diff(samples.times_ns[150:])
    assert len(steps) > 700
    assert steps == pytest.approx(20e6, rel=0.1)


def test_without_a_time_column_samples_are_even_at_the_measured_rate() -> None:
    text = "ax,ay,az,gx,gy,gz\n" + "0,0,1,0,0,0\n" * 600
    steps = np.diff(decoded(text, gyro="deg/s", rate_hz=80).times_ns)
    assert steps == pytest.approx(12.5e6, rel=0.02)


@given(LINES, st.sampled_from([None, "g"]), st.sampled_from([None, "deg/s"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_samples_in_order_or_a_question(data: bytes, unit: str | None, gyro: str | None) -> None:
    decoder = TextDecoder(SourceReport(), unit, gyro)
    newest = None
    try:
        for turn in range(20):
            chunk = decoder.push(data, turn * 10**8)
            if chunk is not None:
                times = chunk.times_ns.tolist()
                assert times == sorted(times)
                assert newest is None or times[0] >= newest
                newest = times[-1]
    except SourceError as error:
        assert "?" in str(error)


TWO_DEVICES = {
    "lines that begin with their names": "IMU1 ax=0.5 ay=0.25 az=9.5 gx=1 gy=2 gz=3\n"
    "IMU2 ax=9.5 ay=0.5 az=0.5 gx=4 gy=5 gz=6\n",
    "numbered labels": "ax1:0.5 ay1:0.25 az1:9.5 gx1:1 gy1:2 gz1:3 ax2:9.5 ay2:0.5 az2:0.5 gx2:4 gy2:5 gz2:6\n",
    "numbered lines of each sensor": "acc1 x: 0.5, y: 0.25, z: 9.5\nacc2 x: 9.5, y: 0.5, z: 0.5\n"
    "gyro1 x: 1, y: 2, z: 3\ngyro2 x: 4, y: 5, z: 6\n",
}


@pytest.mark.parametrize("kind", TWO_DEVICES)
def test_the_first_of_two_devices_is_read_and_that_is_said(kind: str) -> None:
    lines = TextLines()
    rows = lines.push(TWO_DEVICES[kind].encode() * 30)
    assert len(rows) > 20
    assert (rows[:, 1:] == [0.5, 0.25, 9.5, 1, 2, 3]).all()
    assert lines.choice == "the first of the devices '1', '2' is read (device= or columns= for another)"


def test_the_first_columns_of_twice_as_many_are_read_and_that_is_said() -> None:
    lines = TextLines()
    rows = lines.push(b"0.5,0.25,9.5,1,2,3,9.5,0.5,0.5,4,5,6\n" * 30)
    assert (rows[:, 1:] == [0.5, 0.25, 9.5, 1, 2, 3]).all()
    assert lines.choice == "columns 1 to 6 of 12 are read (columns= for others)"
    other = TextLines(names=["-"] * 6 + ["ax", "ay", "az", "gx", "gy", "gz"])
    rows = other.push(b"0.5,0.25,9.5,1,2,3,9.5,0.5,0.5,4,5,6\n" * 30)
    assert (rows[:, 1:] == [9.5, 0.5, 0.5, 4, 5, 6]).all()
    assert other.choice == ""


def test_one_device_is_no_choice() -> None:
    lines = TextLines()
    assert len(lines.push(b"IMU1 ax=0.5 ay=0.25 az=9.5 gx=1 gy=2 gz=3\n" * 30)) > 20
    assert lines.choice == ""


@pytest.mark.parametrize(
    ("word", "before", "after"),
    [("VNIMU", 3, 2), ("VNMAR", 3, 0), ("VNYMR", 6, 0), ("VNQMR", 7, 0)],
)
def test_the_sentences_of_vectornav_are_read_by_their_word(word: str, before: int, after: int) -> None:
    lines = TextLines()
    row = [9.5, -2.25, 0.75, 0.125, -0.25, 0.5]
    sentence = f"${word},{printed([*range(before), *row, *range(after)])}*6A\r\n"
    found = lines.push(sentence.encode() * 5)
    np.testing.assert_array_equal(found[:, 1:], [row] * 4)
    assert lines.columns is not None
    assert (lines.columns.acc_unit, lines.columns.gyro_unit) == ("m/s2", "rad/s")


def test_a_sentence_without_gravity_says_so() -> None:
    lines = TextLines()
    assert len(lines.push(b"$VNYBA,1,2,3,0.1,0.2,0.3,0.01,0.02,0.03*44\r\n" * 30)) == 0
    assert lines.problem is not None
    assert lines.problem.startswith('"VNYBA" has no acceleration with gravity, which is needed; one line is "$VNYBA,')


@pytest.mark.parametrize("end", ["", "|np", "§m/s²", "§m/s²|g"])
@pytest.mark.parametrize("step_ms", [0, 1])
def test_teleplots_times_are_those_of_the_readings(step_ms: int, end: str) -> None:
    lines = TextLines()
    values = dict(zip(CHANNEL_KEYS, (9.5, -2.25, 0.75, 0.125, -0.25, 0.5), strict=True))
    printed_lines = [
        f">{name}:{1_790_000_000_000 + 20 * reading + step_ms * at}:{value}{end}\n"
        for reading in range(20)
        for at, (name, value) in enumerate(values.items())
    ]
    found = lines.push("".join(printed_lines).encode())
    assert len(found) > 10
    np.testing.assert_array_equal(found[:, 1:], [list(values.values())] * len(found))
    np.testing.assert_array_equal(np.diff(found[:, 0]), 20)
    assert lines.columns is not None and lines.columns.time_unit == "ms"


@pytest.mark.parametrize(
    "line",
    [
        "/*0.5,0.25,9.5,1,2,3*/",
        "2026-10-02 07:48:51.{number} 0.5,0.25,9.5,1,2,3",
        "[07:48:51.{number}] 0.5,0.25,9.5,1,2,3",
        "LSM6DSL: [acc/m/s2]: 0.5, 0.25, 9.5\nLSM6DSL: [gyro/dps]: 1, 2, 3",
    ],
)
def test_what_programs_put_around_the_numbers_is_passed_over(line: str) -> None:
    printed = "".join(f"{line.format(number=100 + 20 * index)}\n" for index in range(30))
    rows = TextLines().push(printed.encode())
    assert len(rows) > 20
    assert (rows[:, 1:] == [0.5, 0.25, 9.5, 1, 2, 3]).all()
