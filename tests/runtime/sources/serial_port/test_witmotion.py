"""WitMotion's bytes: frames as in the datasheet, anything between them, and the commands."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.sources.cutting import assert_cutting_changes_nothing

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.sources.serial_port.witmotion import (
    ACC_SCALE,
    BAUD,
    BAUD_CODES,
    CONTENT,
    GYRO_SCALE,
    MAX_HELD_BYTES,
    RATE_CODES,
    RRATE,
    RSW,
    SAVE,
    UNLOCK,
    WitmotionParser,
    encode_ble_registers,
    encode_ble_samples,
    encode_registers,
    encode_samples,
    needed_baud,
    read_command,
    write_command,
)


def frame(kind: int, *words: int) -> bytes:
    """A frame as in the datasheet."""
    body = bytes([0x55, kind]) + b"".join((word & 0xFFFF).to_bytes(2, "little") for word in words)
    return body + bytes([sum(body) % 256])


def sample(index: int, time: bool = True) -> bytes:
    """The frames of a sample that differs from every other."""
    stamp = bytes([0x55, 0x50, 26, 1, 1, 0, index // 6000 % 60, index // 100 % 60]) + (index % 100 * 10).to_bytes(
        2, "little"
    )
    clock = stamp + bytes([sum(stamp) % 256]) if time else b""
    return clock + frame(0x51, index, -index, 2048, 2500) + frame(0x52, index, 7, -7, 2500)


def ble_sample(index: int) -> bytes:
    """A frame of the BLE series that differs from every other."""
    return b"\x55\x61" + b"".join(
        (word & 0xFFFF).to_bytes(2, "little") for word in (index, -index, 2048, 7, -7, index, 1, 2, 3)
    )


def words(piece: bytes, count: int) -> list[int]:
    return [int.from_bytes(piece[2 + 2 * index : 4 + 2 * index], "little", signed=True) for index in range(count)]


def read_byte_by_byte(data: bytes) -> tuple[list[list[int]], int]:
    """The simple way: frames with a right checksum or with another one after them, and one byte on after a failure."""
    found: list[tuple[int, bytes]] = []
    position = 0
    while position + 11 <= len(data):
        piece = data[position : position + 11]
        if piece[0] == 0x55 and 0x50 <= piece[1] <= 0x5F and sum(piece[:10]) % 256 == piece[10]:
            found.append((position, piece))
            position += 11
        elif all(data[at : at + 2] in (b"\x55\x61", b"\x55\x71") for at in (position, position + 20)):
            found.append((position, data[position : position + 20]))
            position += 20
        else:
            position += 1
    samples = [
        words(a, 6) if a[1] == 0x61 else words(a, 3) + words(b, 3)
        for (at, a), (then, b) in pairwise([*found, (len(data), b"\0\0")])
        if a[1] == 0x61 or (a[1] == 0x51 and b[1] == 0x52 and then == at + 11)
    ]
    return samples, len(found)


def counts(rows: np.ndarray) -> list[list[int]]:
    return np.rint(rows[:, 1:] / ([ACC_SCALE] * 3 + [GYRO_SCALE] * 3)).astype(int).tolist()


def overlapping(kind: int) -> bytes:
    """A frame in whose middle another one with a right checksum begins."""
    first = frame(0x53, 7, 0x5155, kind, -1)  # 55 53 | 07 00 | 55 51 | ...
    second = first[4:] + b"\1\2\3"
    return first + b"\1\2\3" + bytes([sum(second) % 256])


PIECES = st.one_of(
    st.binary(max_size=30),
    st.integers(0, 30000).map(sample),
    st.integers(0, 30000).map(lambda index: sample(index, time=False)),
    st.tuples(st.integers(0, 30000).map(sample), st.integers(1, 32)).map(lambda cut: cut[0][: cut[1]]),
    st.tuples(st.integers(0x50, 0x5F), st.integers(-32768, 32767)).map(lambda each: frame(each[0], *[each[1]] * 4)),
    st.just(b"\x55" * 25),
    st.lists(st.integers(0, 30000), min_size=1, max_size=4).map(lambda each: b"".join(map(ble_sample, each))),
    st.tuples(st.integers(0, 30000).map(ble_sample), st.integers(1, 19)).map(lambda cut: cut[0][: cut[1]]),
    st.just(encode_ble_registers(2, (0, 6, 6))),
    st.integers(0, 255).map(overlapping),
)
STREAMS = st.lists(PIECES, max_size=12).map(b"".join)


def test_acceleration_and_angular_rate_are_what_the_datasheet_says() -> None:
    data = bytes.fromhex("55 51 00 08 00 F8 FF 7F C4 09 F1".replace(" ", ""))
    data += bytes.fromhex("55 52 00 40 00 C0 00 80 C4 09 F4".replace(" ", ""))
    (row,) = WitmotionParser().push(data)
    assert np.isnan(row[0])
    assert row[1:4] / STANDARD_GRAVITY == pytest.approx([1.0, -1.0, 16 * 32767 / 32768])
    assert np.rad2deg(row[4:]) == pytest.approx([1000.0, -1000.0, -2000.0])


def test_a_frame_of_time_right_before_gives_the_sample_its_time() -> None:
    stamp = bytes([0x55, 0x50, 26, 11, 3, 23, 59, 58, 0xE7, 0x03])
    data = stamp + bytes([sum(stamp) % 256]) + sample(1, time=False)
    assert WitmotionParser().push(data)[0, 0] == ((23 * 60 + 59) * 60 + 58) * 1000 + 999


@given(STREAMS, st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=60, deadline=None)
def test_however_the_bytes_are_cut_the_samples_and_counts_are_the_same(data: bytes, cuts: list[int]) -> None:
    whole, pieces, bytewise = assert_cutting_changes_nothing(WitmotionParser, data, cuts, MAX_HELD_BYTES)
    assert whole.frames == pieces.frames == bytewise.frames


@given(STREAMS)
@settings(max_examples=60, deadline=None)
def test_a_whole_buffer_at_once_finds_what_reading_byte_by_byte_finds(data: bytes) -> None:
    parser = WitmotionParser()
    rows = parser.push(data + b"\0" * 22)  # Zeros settle what may still become a frame.
    samples, frames = read_byte_by_byte(data + b"\0" * 22)
    assert counts(rows) == samples
    assert parser.frames == frames


@given(st.binary(max_size=3000))
@settings(max_examples=60, deadline=None)
def test_noise_is_no_error_and_is_not_kept(data: bytes) -> None:
    parser = WitmotionParser()
    parser.push(data)
    assert parser.held_bytes <= MAX_HELD_BYTES


def test_a_frame_within_a_frame_is_not_counted() -> None:
    parser = WitmotionParser()
    parser.push(overlapping(9) + b"\0" * 11)
    assert parser.frames == 1


def test_after_garbage_the_next_whole_frame_is_found() -> None:
    parser = WitmotionParser()
    rows = parser.push(b"\x55\x51garbage\x55" + sample(1) + b"\x00" + sample(2) + b"\x55\x55\x55" + sample(3))
    assert rows[:, 0].tolist() == [10, 20, 30]
    assert parser.lost["stray bytes"] == 14


def test_a_truncated_frame_costs_its_own_sample_only_and_is_counted() -> None:
    parser = WitmotionParser()
    rows = parser.push(sample(1) + sample(2)[:-5] + sample(3))
    assert rows[:, 0].tolist() == [10, 30]
    assert parser.lost["wrong checksum"] == 1
    assert parser.lost["acceleration without angular rate"] == 1
    assert parser.lost["stray bytes"] == 6


def test_frames_of_the_ble_series_give_samples_without_a_time() -> None:
    acc, gyro = np.array([[0, 0, 9.80665], [-9.80665, 4.903325, 0]]), np.deg2rad([[0, 1000, -1000], [2000, 0, 0.0]])
    rows = WitmotionParser().push(encode_ble_samples(acc, gyro) + b"\x55\x61")
    assert np.isnan(rows[:, 0]).all()
    assert np.abs(rows[:, 1:4] - acc).max() <= ACC_SCALE * 0.5001
    assert np.abs(rows[:, 4:] - gyro).max() <= GYRO_SCALE  # 2000 deg/s is the end of the range.


def test_a_frame_of_the_ble_series_counts_once_another_one_begins_after_it() -> None:
    parser = WitmotionParser()
    assert not len(parser.push(ble_sample(1)))
    assert counts(parser.push(ble_sample(2)[:2])) == [[1, -1, 2048, 7, -7, 1]]


def test_a_truncated_frame_of_the_ble_series_costs_its_own_sample_only() -> None:
    parser = WitmotionParser()
    rows = parser.push(ble_sample(1) + ble_sample(2)[:13] + ble_sample(3) + ble_sample(4) + b"\x55\x61")
    assert [row[0] for row in counts(rows)] == [1, 3, 4]
    assert parser.lost == Counter({"stray bytes": 13})


def test_an_answer_of_the_ble_series_with_registers_is_read_from_among_the_samples() -> None:
    parser = WitmotionParser()
    rows = parser.push(ble_sample(1) + encode_ble_registers(RSW, (0, 6, 5, 4)) + ble_sample(2) + b"\x55\x61")
    assert parser.registers == (0, 6, 5, 4)
    assert len(rows) == 2


def test_a_flipped_bit_costs_its_own_sample_only() -> None:
    data = bytearray(sample(1) + sample(2) + sample(3))
    data[33 + 15] ^= 0x10
    parser = WitmotionParser()
    assert parser.push(bytes(data))[:, 0].tolist() == [10, 30]
    assert parser.lost == Counter({"stray bytes": 11, "wrong checksum": 1, "angular rate without acceleration": 1})


def test_frames_of_other_kinds_are_skipped() -> None:
    parser = WitmotionParser()
    others = b"".join(frame(kind, 1, 2, 3, kind) for kind in (*range(0x53, 0x60), 0x50))
    rows = parser.push((sample(1) + others + sample(2) + others) * 2)
    assert len(rows) == 4
    assert not parser.lost


def test_acceleration_is_paired_only_with_the_next_frame() -> None:
    parser = WitmotionParser()
    rows = parser.push(
        frame(0x51, 1, 1, 1, 0) + frame(0x53, 0, 0, 0, 0) + frame(0x52, 2, 2, 2, 0) + frame(0x52, 3, 3, 3, 0)
    )
    assert not len(rows)
    assert parser.lost == Counter({"acceleration without angular rate": 1, "angular rate without acceleration": 2})


def test_with_three_in_ten_frames_lost_samples_are_lost_or_whole_with_few_exceptions() -> None:
    rng = np.random.default_rng(5)
    frames = [data[at : at + 11] for index in range(1, 3000) for data in [sample(index)] for at in (0, 11, 22)]
    parser = WitmotionParser()
    rows = parser.push(b"".join(each for each in frames if rng.random() > 0.3))
    timed = rows[np.isfinite(rows[:, 0])]
    sent = np.stack([timed[:, 0] / 10, timed[:, 1] / ACC_SCALE, timed[:, 4] / GYRO_SCALE], axis=1)
    assert len(timed) / 3000 == pytest.approx(0.7**3, abs=0.05)
    assert (np.diff(sent, axis=0) > 0.5).all()
    # Where the three frames between two are lost, nothing in the stream says so: 0.3^3 for each of both seams.
    assert np.mean(np.ptp(sent, axis=1) > 0.5) < 0.08
    assert parser.lost["acceleration without angular rate"] > 500


def test_encoding_and_parsing_keep_samples_within_half_a_count() -> None:
    rng = np.random.default_rng(0)
    acc, gyro = rng.uniform(-150, 150, (500, 3)), rng.uniform(-34, 34, (500, 3))
    times = np.arange(500) * 173_000 + 7
    rows = WitmotionParser().push(encode_samples(acc, gyro, times))
    assert np.array_equal(rows[:, 0], times % 86_400_000)
    assert np.abs(rows[:, 1:4] - acc).max() <= ACC_SCALE * 0.5001
    assert np.abs(rows[:, 4:] - gyro).max() <= GYRO_SCALE * 0.5001


def test_encoding_saturates_at_full_scale() -> None:
    rows = WitmotionParser().push(encode_samples(np.array([[1e6, -1e6, 0]]), np.array([[-99.0, 99.0, 0]])))
    assert counts(rows) == [[32767, -32768, 0, -32768, 32767, 0]]


def test_commands_are_those_of_the_protocol() -> None:
    assert UNLOCK.hex() == "ffaa6988b5"
    assert SAVE.hex() == "ffaa000000"
    assert write_command(RRATE, RATE_CODES[100]).hex() == "ffaa030900"
    assert write_command(BAUD, BAUD_CODES[115200]).hex() == "ffaa040600"
    assert write_command(RSW, CONTENT).hex() == "ffaa020700"
    assert read_command(RSW).hex() == "ffaa270200"


def test_an_answer_with_registers_is_read_from_among_the_samples() -> None:
    parser = WitmotionParser()
    rows = parser.push(sample(1) + encode_registers((7, 8, 6, 65535)) + sample(2))
    assert parser.registers == (7, 8, 6, 65535)
    assert len(rows) == 2


def test_fifty_samples_a_second_take_more_than_9600_baud() -> None:
    assert needed_baud(50) > 9600
    assert needed_baud(100) <= 115200


def test_a_lost_connection_drops_the_unfinished_frame_and_counts_it() -> None:
    parser = WitmotionParser()
    parser.push(sample(1)[:20])
    parser.reset()
    assert parser.held_bytes == 0
    assert len(parser.push(sample(2))) == 1
    assert parser.lost["stray bytes"] == 20
