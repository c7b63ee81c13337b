"""WitMotion's binary protocols: decoding and encoding of samples, and the commands for the setup.

Sources: WT901 datasheet v20-0702, section 5 (the section numbers below), and WitMotion's "WIT Standard Communication
Protocol", which adds reading registers. A frame has eleven bytes: 0x55, its kind, four little-endian 16-bit words and
the low byte of the sum of the ten bytes before. In each output period a sensor sends one frame of each kind that it is
set to, in ascending order.

The BLE series sends other frames, also over USB (WT901BLECL datasheet v20-0707, section 6): twenty bytes, 0x55, its
kind and nine words, without a checksum. 0x61 holds acceleration, angular rate and angles, in the same scales; 0x71
answers a read of registers with the number of the first one and eight of them.
"""

from collections import Counter
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from har_runtime.contract import STANDARD_GRAVITY

FRAME_BYTES: Final = 11
BLE_FRAME_BYTES: Final = 20
FRAME_START: Final = 0x55
TIME, ACCELERATION, ANGULAR_RATE, REGISTERS = 0x50, 0x51, 0x52, 0x5F
BLE_SAMPLE, BLE_REGISTERS = 0x61, 0x71
BLE_KINDS: Final = (BLE_SAMPLE, BLE_REGISTERS)
USUAL_KINDS: Final = frozenset((TIME, ACCELERATION, ANGULAR_RATE))
"""Of the frames that a sensor sends once it is set up."""
MAX_HELD_BYTES: Final = 2 * FRAME_BYTES + BLE_FRAME_BYTES + 1
"""Frames of time and acceleration, and a frame of the BLE series whose end is not known yet."""
ACC_SCALE: Final = 16 * STANDARD_GRAVITY / 32768
"""m/s^2 in one count: ax = ((AxH << 8) | AxL) / 32768 * 16 g (5.1.2)."""
GYRO_SCALE: Final = np.deg2rad(2000) / 32768
"""rad/s in one count: wx = ((wxH << 8) | wxL) / 32768 * 2000 deg/s (5.1.3)."""
FULL_SCALE: Final = "16 g, 2000 deg/s"

RSW, RRATE, BAUD, READADDR, KEY, SAVE_REGISTER = 0x02, 0x03, 0x04, 0x27, 0x69, 0x00
CONTENT: Final = 0b111
"""RSW (5.2.8) with the bits of time, acceleration and angular rate. The time costs one more frame, but without it a
lost sample would shift all later ones."""
RATE_CODES: Final = {10: 0x06, 20: 0x07, 50: 0x08, 100: 0x09, 200: 0x0B}
"""Values of RRATE (5.2.9) by output rate, Hz."""
BAUD_CODES: Final = {4800: 1, 9600: 2, 19200: 3, 38400: 4, 57600: 5, 115200: 6, 230400: 7, 460800: 8, 921600: 9}
"""Values of BAUD (5.2.10) by baud rate."""

_BLE_SEEN: Final = BLE_FRAME_BYTES + 2
"""Bytes that show whether a frame of the BLE series is one: its own, and the first two of the next."""
_MILLISECONDS = np.array([3_600_000, 60_000, 1_000])
MS_OF_DAY: Final = 86_400_000
_FOURTH_WORD = np.array([25_00], "<i2")
"""Fourth word of acceleration and angular rate: temperature or voltage, in hundredths."""


def write_command(register: int, value: int) -> bytes:
    """Write a register: 0xFF 0xAA, its address, the value's low and high byte (5.2)."""
    return bytes((0xFF, 0xAA, register, value & 0xFF, value >> 8))


UNLOCK: Final = write_command(KEY, 0xB588)
"""Needed before each change; valid for ten seconds."""
SAVE: Final = write_command(SAVE_REGISTER, 0)
"""Keep the settings over power-off (5.2.2)."""


def read_command(register: int) -> bytes:
    """Request four registers, this one first; a frame of kind 0x5F answers."""
    return write_command(READADDR, register)


def needed_baud(rate_hz: int) -> int:
    """The slowest baud rate that carries the three frames of `CONTENT`, ten bits a byte, with a quarter to spare.

    >>> needed_baud(50), needed_baud(100)
    (38400, 57600)
    """
    return min(baud for baud in BAUD_CODES if baud >= 1.25 * 10 * 3 * FRAME_BYTES * rate_hz)


class WitmotionParser:
    """An incremental parser: however the bytes are cut up, the samples are the same.

    Bytes outside a frame are skipped one at a time. A sample is a frame of acceleration with a frame of angular rate
    right after it; a frame of time right before it gives its time. Frames of other kinds (angles, magnetic field,
    pressure, quaternion) are skipped. One in 256 damaged frames passes the one-byte checksum. A frame of the BLE
    series, which has none, counts only if another one begins right after it.

    >>> parser = WitmotionParser()
    >>> data = encode_samples(np.array([[0, 0, 9.80665]]), np.zeros((1, 3)), np.array([1500]))
    >>> parser.push(b"\\x55 garbage" + data[:20]).shape, parser.push(data[20:]).tolist()
    ((0, 7), [[1500.0, 0.0, 0.0, 9.80665, 0.0, 0.0, 0.0]])
    """

    def __init__(self, lost: Counter[str] | None = None):
        """A parser that counts in `lost` the frames and bytes that gave no sample, by reason."""
        self.lost: Counter[str] = Counter() if lost is None else lost
        self.frames = 0
        """Whole frames of any kind with the right checksum."""
        self.ble_frames = 0
        """Those of the BLE series among them."""
        self.registers: tuple[int, int, int, int] | None = None
        """The last answer to a `read_command`."""
        self._held = b""

    def push(self, data: bytes) -> NDArray[np.float64]:
        """The samples completed by these bytes, shape (n, 7): ms since midnight, m/s^2 with gravity, rad/s.

        The time is NaN if the sensor sent none with the sample.
        """
        data = self._held + data
        buffer = np.frombuffer(data, np.uint8)
        if (frames := _frames_in_a_row(buffer)) is not None:
            self._held = data[frames.size :]
            return self._samples_of(frames)
        starts, sizes, wrong, end = _find_frames(buffer)
        starts, sizes, end = _complete(buffer, starts, sizes, end)
        self._held = data[end:]
        self.frames += len(starts)
        self._count("wrong checksum", np.count_nonzero(wrong < end))
        self._count("stray bytes", end - int(sizes.sum()))
        if not len(starts):
            return np.empty((0, 7))
        kinds = buffer[starts + 1]
        ble = np.flatnonzero(sizes == BLE_FRAME_BYTES)
        self.ble_frames += len(ble)
        self._note_registers(buffer, starts[(kinds == REGISTERS) | (kinds == BLE_REGISTERS)])
        behind = np.diff(starts) == FRAME_BYTES
        acc = np.flatnonzero((kinds[:-1] == ACCELERATION) & (kinds[1:] == ANGULAR_RATE) & behind)
        self._count("acceleration without angular rate", np.count_nonzero(kinds == ACCELERATION) - len(acc))
        self._count("angular rate without acceleration", np.count_nonzero(kinds == ANGULAR_RATE) - len(acc))
        timed = acc[(acc > 0) & (kinds[acc - 1] == TIME) & behind[acc - 1]]
        samples = np.full((len(starts), 7), np.nan)
        samples[timed, 0] = _ms_of_day(_at(buffer, starts[timed - 1], FRAME_BYTES))
        samples[acc, 1:4] = _words(buffer, starts[acc], 3) * ACC_SCALE
        samples[acc, 4:7] = _words(buffer, starts[acc + 1], 3) * GYRO_SCALE
        ble = ble[kinds[ble] == BLE_SAMPLE]
        samples[ble, 1:7] = _words(buffer, starts[ble], 6) * np.repeat([ACC_SCALE, GYRO_SCALE], 3)
        return samples[np.sort(np.concatenate([acc, ble]))]

    def _samples_of(self, frames: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The samples in consecutive frames of the usual three kinds, shape (n, 11)."""
        kinds = frames[:, 1]
        self.frames += len(frames)
        first = kinds[:-1]
        acc = np.flatnonzero((first == ACCELERATION) & (kinds[1:] == ANGULAR_RATE))
        self._count("acceleration without angular rate", int((kinds == ACCELERATION).sum()) - len(acc))
        self._count("angular rate without acceleration", int((kinds == ANGULAR_RATE).sum()) - len(acc))
        samples = np.empty((len(acc), 7))
        if len(acc):
            words = np.ascontiguousarray(frames[:, 2:8]).view("<i2")
            np.multiply(words[acc], ACC_SCALE, out=samples[:, 1:4])
            np.multiply(words[acc + 1], GYRO_SCALE, out=samples[:, 4:7])
            timed = (kinds[acc - 1] == TIME) & (acc > 0)
            samples[:, 0] = np.where(timed, _ms_of_day(frames[acc - 1]), np.nan)
        return samples

    def reset(self) -> None:
        """Call after a lost connection: drops the unfinished frame."""
        self._count("stray bytes", len(self._held))
        self._held = b""

    @property
    def held_bytes(self) -> int:
        """Bytes kept between two calls, at most `MAX_HELD_BYTES`."""
        return len(self._held)

    def _note_registers(self, buffer: NDArray[np.uint8], starts: NDArray[np.int64]) -> None:
        for start in starts[-1:].tolist():
            skipped = 4 if buffer[start + 1] == BLE_REGISTERS else 2  # There, the number of the first one is before.
            a, b, c, d = buffer[start + skipped : start + skipped + 8].view("<u2").tolist()
            self.registers = a, b, c, d

    def _count(self, why: str, number: int | np.integer) -> None:
        if number:
            self.lost[why] += int(number)


def _frames_in_a_row(buffer: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """What a sensor without trouble sends: whole frames of time, acceleration and angular rate, one right after the
    other, and then at most the beginning of another; shape (n, 11). None for anything else, or if there is none.

    They are those that `_find_frames` and `_complete` find, at a tenth of the cost.
    """
    count = len(buffer) // FRAME_BYTES
    frames, rest = buffer[: count * FRAME_BYTES].reshape(count, FRAME_BYTES), buffer[count * FRAME_BYTES :].tolist()
    if rest and (rest[0] != FRAME_START or (len(rest) > 1 and rest[1] not in USUAL_KINDS)):
        return None
    kinds = frames[:, 1].tolist()
    if not USUAL_KINDS.issuperset(kinds) or bytes(frames[:, 0]).count(FRAME_START) < count:
        return None
    if (frames[:, :-1].sum(axis=1, dtype=np.uint8) != frames[:, -1]).any():
        return None
    for kind in (ACCELERATION, TIME):
        if kinds and kinds[-1] == kind:
            kinds.pop()
    return frames[: len(kinds)] if kinds else None


def _find_frames(
    buffer: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Starts and sizes of whole frames, starts of others with a wrong checksum, and the position of the bytes to keep.

    Kept are the bytes that may become a frame: only what follows shows whether they do.
    """
    count = len(buffer)
    heads = np.flatnonzero(buffer == FRAME_START)
    kinds = buffer[np.minimum(heads + 1, count - 1)] if count else buffer
    short, long = kinds >> 4 == 5, np.isin(kinds, BLE_KINDS)
    begun = heads[(heads + 1 == count) | (short & (heads + FRAME_BYTES > count)) | (long & (heads + _BLE_SEEN > count))]
    short, long = heads[short & (heads + FRAME_BYTES <= count)], heads[long & (heads + _BLE_SEEN <= count)]
    frames = _at(buffer, short, FRAME_BYTES)
    right = frames[:, :-1].sum(axis=1, dtype=np.uint8) == frames[:, -1]
    next_one = long + BLE_FRAME_BYTES
    long = long[(buffer[next_one] == FRAME_START) & np.isin(buffer[next_one + 1], BLE_KINDS)]
    wrong, short = short[~right], short[right]
    starts = np.concatenate([short, long])
    sizes = np.repeat([FRAME_BYTES, BLE_FRAME_BYTES], [len(short), len(long)])
    order = np.argsort(starts)
    starts, sizes = starts[order], sizes[order]
    if np.any(np.diff(starts) < sizes[:-1]):
        kept = _without_overlaps(starts, sizes)
        starts, sizes = starts[kept], sizes[kept]
    begun = begun[~_inside(begun, starts, sizes)]
    end = int(begun[0]) if len(begun) else count
    wrong = wrong[~_inside(wrong, starts, sizes)]
    return starts[starts < end], sizes[starts < end], wrong, end


def _inside(positions: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which positions are inside a frame."""
    if not len(starts):
        return np.zeros(len(positions), bool)
    last = np.searchsorted(starts, positions, side="right") - 1
    return (last >= 0) & (positions < starts[last] + sizes[last])


def _without_overlaps(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[int]:
    """Which frames begin outside an earlier one: those that reading byte by byte would find."""
    kept: list[int] = []
    end = 0
    for index, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
        if start >= end:
            kept.append(index)
            end = start + size
    return kept


def _complete(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64], end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The frames that can be decoded now, and the position of the bytes to keep for the next call.

    Frames of time and acceleration right before the bytes to keep are kept too: only what follows shows whether these
    make a sample.
    """
    for kind in (ACCELERATION, TIME):
        if len(starts) and starts[-1] + FRAME_BYTES == end and buffer[starts[-1] + 1] == kind:
            end = int(starts[-1])
            starts, sizes = starts[:-1], sizes[:-1]
    return starts, sizes, end


def _at(buffer: NDArray[np.uint8], starts: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """The `size` bytes from each start, shape (n, size)."""
    return sliding_window_view(buffer, size)[starts] if len(starts) else np.empty((0, size), np.uint8)


def _words(buffer: NDArray[np.uint8], starts: NDArray[np.int64], count: int) -> NDArray[np.int16]:
    """The first words of frames, shape (n, count)."""
    return np.ascontiguousarray(_at(buffer, starts, 2 + 2 * count)[:, 2:]).view("<i2")


def _ms_of_day(frames: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Milliseconds since midnight from frames of time (5.1.1: YY MM DD hh mm ss msL msH)."""
    clock = frames[:, 5:10].astype(np.int64)
    return clock[:, :3] @ _MILLISECONDS + clock[:, 3] + 256 * clock[:, 4]


def encode_samples(
    acc: NDArray[np.float64], gyro: NDArray[np.float64], ms_of_day: NDArray[np.int64] | None = None
) -> bytes:
    """The bytes that a sensor sends for samples, saturated at its full scale.

    Args:
        acc: m/s^2, shape (n, 3).
        gyro: rad/s, shape (n, 3).
        ms_of_day: shape (n,); None to send no frames of time.
    """
    kinds = [ACCELERATION, ANGULAR_RATE] if ms_of_day is None else [TIME, ACCELERATION, ANGULAR_RATE]
    frames = np.zeros((len(acc), len(kinds), FRAME_BYTES), np.uint8)
    frames[..., 0] = FRAME_START
    frames[..., 1] = kinds
    for index, values in ((-2, acc / ACC_SCALE), (-1, gyro / GYRO_SCALE)):
        words = np.clip(np.rint(values), -32768, 32767).astype("<i2")
        frames[:, index, 2:8] = words.view(np.uint8).reshape(-1, 6)
        frames[:, index, 8:10] = _FOURTH_WORD.view(np.uint8)
    if ms_of_day is not None:
        seconds, ms = np.divmod(ms_of_day % MS_OF_DAY, 1000)
        frames[:, 0, 2:5] = 26, 1, 1  # Any date; it is not decoded.
        frames[:, 0, 5:10] = np.stack([seconds // 3600, seconds // 60 % 60, seconds % 60, ms % 256, ms // 256], axis=1)
    return _with_checksums(frames)


def encode_ble_samples(acc: NDArray[np.float64], gyro: NDArray[np.float64]) -> bytes:
    """The bytes that a sensor of the BLE series sends for samples, saturated at its full scale, angles zero.

    Args:
        acc: m/s^2, shape (n, 3).
        gyro: rad/s, shape (n, 3).
    """
    words = np.zeros((len(acc), 10), "<u2")
    words[:, 0] = BLE_SAMPLE << 8 | FRAME_START
    values = np.hstack([acc / ACC_SCALE, gyro / GYRO_SCALE])
    words[:, 1:7] = np.clip(np.rint(values), -32768, 32767).astype("<i2").view("<u2")
    return words.tobytes()


def encode_ble_registers(first: int, values: tuple[int, ...]) -> bytes:
    """The frame of the BLE series that answers a `read_command`: up to eight registers from `first` on."""
    words = [BLE_REGISTERS << 8 | FRAME_START, first, *values]
    return np.array(words + [0] * (10 - len(words)), "<u2").tobytes()


def encode_registers(values: tuple[int, int, int, int]) -> bytes:
    """The frame that answers a `read_command`."""
    frame = np.zeros(FRAME_BYTES, np.uint8)
    frame[:2] = FRAME_START, REGISTERS
    frame[2:10] = np.array(values, "<u2").view(np.uint8)
    return _with_checksums(frame)


def _with_checksums(frames: NDArray[np.uint8]) -> bytes:
    frames[..., -1] = frames[..., :-1].sum(axis=-1, dtype=np.uint8)
    return frames.tobytes()
