"""Gives random and damaged inputs to the parsers of everything that comes from outside.

    python -m har_bench.stream.fuzz_parsers --inputs 10000000 --seed 0 [--parser NAME]... [--out F]

An input is random bytes, or valid bytes with bits flipped and pieces removed, doubled or swapped. A parser may refuse
it with a HarError; any other exception, a buffer above its limit, or growing memory is a fault. Faults are printed and
reported with their input, and the exit code is 1.
"""

import gzip
import io
import json
import os
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from har_bench.measure.process import peak_memory_bytes
from har_bench.stream.fuzzing import Result, damaged, fuzz_script
from har_runtime.errors import HarError
from har_runtime.sources.column_names import sensor_named
from har_runtime.sources.phyphox.message import SENSORS, Buffers, Experiment, parse_config, parse_get
from har_runtime.sources.replay.labels import Labels
from har_runtime.sources.replay.options import TIMES, ReadOptions
from har_runtime.sources.replay.parts import OpenFile, Part
from har_runtime.sources.replay.raw import RawReader
from har_runtime.sources.replay.recordings import open_recording, open_rows
from har_runtime.sources.replay.streams import Stream as Samples
from har_runtime.sources.replay.streams import TableStream
from har_runtime.sources.replay.text_lines import open_bytes
from har_runtime.sources.sensorlogger.message import parse_message
from har_runtime.sources.serial_port.text_lines import MAX_LINE_BYTES, TextLines
from har_runtime.sources.serial_port.witmotion import (
    MAX_HELD_BYTES,
    WitmotionParser,
    encode_ble_samples,
    encode_samples,
)
from har_runtime.sources.web.rows import parse_rows

INPUTS_PER_PARSER = 1000
"""Inputs that a parser gets before a new one replaces it, if it keeps a state."""
MAX_GROWTH_MB = 32.0
WARM_UP = 0.01
"""Share of the inputs before memory is measured."""


class Stream(Protocol):
    """A parser that takes pieces."""

    held_bytes: int

    def push(self, data: bytes) -> object:
        """Take a piece."""
        ...


Parse = Callable[[bytes, random.Random], None]
"""Parses one input."""


@dataclass(frozen=True)
class FuzzedParser:
    """A parser and examples of its input."""

    make: Callable[[], Parse]
    examples: tuple[bytes, ...]
    """Valid inputs, to be damaged."""


def whole(parse: Callable[[bytes], object]) -> Callable[[], Parse]:
    """A parser that gets an input as a whole, and keeps no state."""
    return lambda: lambda data, _: (parse(data), None)[1]


def pieces(kind: Callable[[], object], max_held: int) -> Callable[[], Parse]:
    """A parser with `push` and `held_bytes`, given an input in pieces."""

    def make() -> Parse:
        parser: Stream = kind()  # pyright: ignore[reportAssignmentType] - held_bytes is a property there.

        def push(data: bytes, rng: random.Random) -> None:
            while data:
                cut = rng.randint(1, len(data))
                parser.push(data[:cut])
                data = data[cut:]
                if parser.held_bytes > max_held:
                    raise AssertionError(f"{parser.held_bytes} bytes kept, at most {max_held} are needed")

        return push

    return make


LINES = (
    b"time_ms,ax,ay,az,gx,gy,gz\r\n" + b"".join(b"%d,0.01,-0.02,0.98,1.5,-2.5,0.25\r\n" % (20 * i) for i in range(25)),
    b"rtcDate,rtcTime,aX,aY,aZ,gX,gY,gZ,imu_degC,output_Hz,\r\n11/20/2026,09:14:37.41,12.7,-3.9,998,0.5,1,0,28,99.5,\r\n",
    b"t_ms,ax_g,ay_g,az_g\r\n" + b"".join(b"%d,0.01,-0.02,0.98\r\n" % (20 * i) for i in range(25)),
    b"5000, 0.01, -0.02, 0.98, 1.5, -2.5, 0.25, 21.5, -3.1, 40.0\r\n" * 3,
    b"".join(b"%d,3,0.1,%d.5,9.8,4,0.1,0.%d,-0.5\n$PCHRS,0,%d,1,2,3,*4A\n" % (i, i, i, i) for i in range(24)),
    b"ax:0.1,ay:0.2,az:9.7,gx:0.01,gy:0,gz:-0.02\nIMU: 0.1\t0.2\t9.7\t0.01\t0\t-0.02\n",
)
LABELLED = (
    b"Acceleration X: 9.84, Y: -2.49, Z: 0.93 m/s^2\r\nRotation X: -0.05, Y: 0.01, Z: 0.03 rad/s\r\n"
    b"Temperature: 30.57 degC\r\n\r\n" * 8,
    b"\nAccelerometer:\n X = 0.0123\n Y = -0.2\n Z = 0.98\n\nGyroscope:\n X = 1.5\n Y = 2\n Z = 3\n" * 7,
    b"I (1234) imu: ax=1.004 ay=-0.254 az=0.095 gx=-2.72 gy=0.41 gz=1.86\r\n" * 8,
    b'{"ts":20,"acc":{"x":0.1,"y":0.2,"z":9.8},"gyro":[1,-2,3]}\n' * 8,
    b"| Hum[%]: 33 | Acc[mg]: 12 -5 1003 | Gyr[mdps]: 70 -210 140 |\na/g:\t16446\t-4154\t1551\t-356\t54\t244\n" * 6,
    b"$VNIMU,1.06,-0.25,3.06,0.01,-0.25,9.78,0.1,-0.5,0.7,22.0,99.3*6A\r\n" * 8,
    b"$PCHRS,0,4.0,0.9,-0.1,0,*4A\r\n$PCHRS,1,4.0,0.1,-0.2,0.97,*2B\r\n" * 8,
    b"#A-C=-12.29,13.31,245.76\r\n#M-C=1,2,3\r\n#G-C=1.5,-2,3\r\n#YPR=1,2,3\r\n" * 7,
    b">ax:1790937470123:0.1\n>ay:1790937470123:-0.2|g\n>az:1790937470123:9.7\n" * 8,
    b"Accel in m/s^2: X=0.1, Y=0.2, Z=9.8\ngyroscope: DataXYZ X: 3 Y: -5 Z: 7\n1.2 3.4 5.6 o/s\n0.1 0.2 0.97 G\n" * 6,
    b'{"acc_mg":{"x":1,"y":2,"z":1003}}\nOrderedDict([(\'x\', 0.1), (\'y\', 0.2), (\'z\', 0.9)])\n' * 8,
    b"IMU1 ax=1 ay=2 az=9 gx=1 gy=2 gz=3\nIMU2 ax1:1 ay1:2 az1:9 ax2:2 ay2:9 az2:1\n/*1,2,3*/\n[acc/mg]: 1, 2, 3\n" * 7,
    b"2026-11-30 10:15:00.020,(9,844; -2,486; 0,928)\n[0.1 0.2 9.8] [1 2 3]\nnan,inf,1e308\n" * 6,
)
FRAMES = (
    encode_samples(np.tile([0.5, -1.0, 9.7], (4, 1)), np.tile([0.1, 0.0, -3.0], (4, 1)), np.arange(4) * 20),
    encode_samples(np.tile([0.5, -1.0, 9.7], (4, 1)), np.tile([0.1, 0.0, -3.0], (4, 1))),
    encode_ble_samples(np.tile([0.5, -1.0, 9.7], (6, 1)), np.tile([0.1, 0.0, -3.0], (6, 1))),
)
PUSH = json.dumps(
    {
        "messageId": 7,
        "sessionId": "a",
        "deviceId": "b",
        "payload": [
            {
                "name": name,
                "time": 1_698_501_144_000_000_000 + 20_000_000 * i,
                "values": {"x": 0.1, "y": -0.2, "z": 9.7},
            }
            for i in range(4)
            for name in ("accelerometer", "gravity", "gyroscope", "totalacceleration")
        ],
    },
    allow_nan=False,
).encode()
EXPERIMENT = Experiment("fuzzed", {sensor: Buffers("t", "x", "y", "z") for sensor in SENSORS})
ROWS = np.array([[1.7e12 + 16 * i, 0.5, -0.25, 9.75, 10.0, 0.0, -3.5] for i in range(8)], "<f8").tobytes()
ANSWER = json.dumps(
    {
        "buffer": {name: {"size": 0, "updateMode": "partial", "buffer": [0.1, 0.12, 0.14]} for name in "txyz"},
        "status": {"session": "abc", "measuring": True, "timedRun": False, "countDown": 0},
    },
    allow_nan=False,
).encode()
CONFIG = json.dumps(
    {
        "title": "Fuzzed",
        "inputs": [
            {"source": source, "outputs": [{"x": "x"}, {"y": "y"}, {"z": "z"}, {"t": "t"}]}
            for source in ("accelerometer", "linear_acceleration", "gyroscope")
        ],
    },
    allow_nan=False,
).encode()


def _rows(separator: str, *columns: str) -> str:
    """Forty lines of columns, in which %d is the number of the line."""
    return "".join(separator.join(columns).replace("%d", str(20 * i)) + "\n" for i in range(40))


SIX = ("0.01", "-0.25", "9.78", "0.125", "-0.5", "0.75")
TABLES = (
    ("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n" + _rows(",", "0.%d", *SIX, "walking")).encode(),
    ("Time (ms);Acc X;Acc Y;Acc Z;Gyro X (rad/s);Gyro Y;Gyro Z\n" + _rows(";", "%d", *SIX).replace(".", ",")).encode(),
    (
        "time\tDeviceName\tAccX(g)\tAccY(g)\tAccZ(g)\tAsX(°/s)\tAsY(°/s)\tAsZ(°/s)\n"
        + _rows("\t", "2026-10-02T07:48:51.%d+01:00", "WT", "0.1", "0.2", "0.97", "1", "2", "null")
    ).encode(),
    (
        "sep=,\nDeviceTag:,1\n\nPacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z\n" + _rows(",", "1", "%d000", *SIX[:3])
    ).encode(),
    _rows(",", "33", "Jogging", "49105%d000000", *SIX[:3]).replace("\n", ";\n").encode(),
    b"1700000000.0,1700000000.0,1700000000.0\n32.0,32.0,32.0\n" + b"64,-17,6\n" * 20,
    ("time acc_x acc_y acc_z\n" + _rows("  ", "1767620473350%d000", *SIX[:3])).encode("utf-16"),
    ("Date,Time,x,y,z\n" + _rows(",", "2026-10-02", "23:59:59.%d", *SIX[:3])).encode("cp1252"),
    ("timestamp,sensor,x,y,z\n" + _rows(",", "%d", "gyro", *SIX[3:]) + _rows(",", "%d", "acc", *SIX[:3])).encode(),
    (",Accel,,,Gyro,,\nTime,X,Y,Z,X,Y,Z\n" + _rows(",", "%d", *SIX)).encode(),
    ("% rate = 50 Hz\na_S_x [m s^-2],a_S_y [m s^-2],a_S_z [m s^-2]\n" + _rows(",", *SIX[:3])).encode(),
    (
        "sec,nanosec,gx,gy,gz,ax,ay,az\n" + "".join(f"{i // 9},{i % 9}00000000,1,2,3,0,1,9\n" for i in range(40))
    ).encode(),
    "".join(f"{i // 9}\t{i % 9}00000\t0.{i}\t0\t9.8\t1\t2\t3.{i}\n" for i in range(40)).encode(),
    "".join(f"{i};{n};0.{i};{z};9.8\n" for i in range(20) for n, z in ((1, 2), (2, 40), (4, 90))).encode(),
    ('"t" "ax" "ay" "az"\n' + "".join(f'"{i + 1}" 0.{i:02d} 0.1 -0.2 9.8\n' for i in range(40))).encode(),
    ("t,acc,gyro\n" + _rows(",", "%d", '"[0.1, -0.2, 9.8]"', '"[1. 2 3e-1]"')).encode(),
    "时间,加速度X(g),加速度Y(g),加速度Z(g)\n".encode("gb18030") + _rows(",", "%d", *SIX[:3]).encode(),
    ("when,ax,ay,az\n" + "".join(f"10:37:{i // 9}.{i % 9}00,0.1,-0.2,9.8\n" for i in range(10, 99))).encode(),
    ("Time,ms,a1 (g),a2 (g),a3 (g)\n" + _rows(",", "37:50.%d", "%d", '"1,005.2"', "#N/A", "1")).encode(),
    "".join(" ".join(f"{(i * k) % 7}.5" for k in range(64)) + "\n" for i in range(8)).encode(),
    ("[" + _rows("", '{"t":%d,"acc":{"x":0.1,"y":0.2,"z":9.8},"gyro":[1,-2,3]},')[:-2] + "]").encode(),
    json.dumps({name: [0.02 * i for i in range(25)] for name in ("t", "ax", "ay", "az")}, allow_nan=False).encode(),
    gzip.compress(("t,ax,ay,az\n" + _rows(",", "%d", *SIX[:3])).encode()),
    ("time;sensor;axis;value\n" + "".join(_rows(";", "%d", "acc", axis, "9.78") for axis in "xyz")).encode(),
    "".join(f"{i},{s},{a},0.{i},g\n" for i in range(20) for s in ("acc", "gyro") for a in "xyz")
    .replace("0,acc,x,0.0,g", "t,sensor,axis,value,unit", 1)
    .encode(),
    "".join(f"{40 * i},{i},2,{s}{a},1,100,0.5,0.{i}\n" for i in range(9) for s in "AG" for a in "XYZ").encode(),
    ("Zeit;AccX (mg);AccY (mg);AccZ (mg)\n" + _rows(";", "1.0%d", "1.005,2", "-12,5", "12")).encode(),
    (
        "us,ax,ay,az,p,q,r\n" + "".join(f"{(60_000 + 20_000 * i) % 65_536},0.1,0,9.8,1,2,3\n" for i in range(60))
    ).encode(),
    "".join(" ".join([str(15 * i), *["12", "-5", "1003"] * 3, "1"]) + "\n" for i in range(1, 40)).encode(),
    "".join(f"{i},0.5,0.5,-0.5,0.{5 + i % 2},0.1,{i % 3},9.8,1,{i},3\n" for i in range(40)).encode(),
    *FRAMES,
    *LINES[:1],
)
MAX_HELD_ROWS = 10_000
"""Far more than the rows of any input."""


def _zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("Accelerometer", "Gravity", "Gyroscope"):
            text = "time,seconds_elapsed,z,y,x\n" + _rows(",", "1767620473350%d0000", "0.%d", *SIX[:3])
            archive.writestr(zipfile.ZipInfo(f"{name}.csv"), text)  # Without the time of day, to be the same again.
        archive.writestr(zipfile.ZipInfo("Metadata.csv"), "platform,standardisation\nios,false\n")
    return packed.getvalue()


ZIPS = (_zipped(),)


def recordings() -> Parse:
    """A parser of whole files, with options at random."""

    def parse(data: bytes, rng: random.Random) -> None:
        def open_it() -> OpenFile:
            stream = open_bytes(io.BytesIO(data))  # pyright: ignore[reportArgumentType] - it is as good as a file.
            return OpenFile(stream, lambda: 0, stream.close)

        options = ReadOptions(
            columns=rng.choice((None, None, None, ("time", "ax", "ay", "az"))),
            time=rng.choice((None, None, *TIMES)),
            rate_hz=rng.choice((None, 50.0)),
        )
        part = Part("fuzzed", rng.choice(("walk", "Gyroscope", "Accelerometer")), open_it)
        sensor = sensor_named(part.stem)
        make: Callable[[], RawReader] = lambda: open_rows(part, options, sensor, Counter())  # noqa: E731
        _read_all(TableStream(make(), part.name, options, Labels(), make))

    return parse


def zips() -> Parse:
    """A parser of zips, which it reads from a file."""

    def parse(data: bytes, _: random.Random) -> None:
        with tempfile.NamedTemporaryFile(suffix=".zip") as file:
            file.write(data)
            file.flush()
            _read_all(open_recording(Path(file.name), ReadOptions(), Labels(), Counter()).stream)

    return parse


def _read_all(stream: Samples) -> None:
    rows = 0
    try:
        while (chunk := stream.read(512)) is not None:
            rows += len(chunk.times_ns)
            if rows > MAX_HELD_ROWS:
                raise AssertionError(f"{rows} rows of a small input")
    finally:
        stream.close()


PARSERS: dict[str, FuzzedParser] = {
    "text-lines": FuzzedParser(pieces(TextLines, MAX_LINE_BYTES), LINES),
    "labelled-lines": FuzzedParser(pieces(TextLines, MAX_LINE_BYTES), LABELLED),
    "witmotion": FuzzedParser(pieces(WitmotionParser, MAX_HELD_BYTES), FRAMES),
    "sensorlogger": FuzzedParser(whole(parse_message), (PUSH,)),
    "web": FuzzedParser(whole(parse_rows), (ROWS,)),
    "phyphox": FuzzedParser(whole(lambda body: parse_get(body, EXPERIMENT)), (ANSWER,)),
    "phyphox-config": FuzzedParser(whole(parse_config), (CONFIG,)),
    "recordings": FuzzedParser(recordings, TABLES),
    "recordings-zip": FuzzedParser(zips, ZIPS),
}


def fuzz(parser: FuzzedParser, inputs: int, seed: int, advance: Callable[[int], None] = lambda _: None) -> Result:
    """Give a parser random inputs; the same seed makes the same inputs.

    Args:
        parser: the parser.
        inputs: how many.
        seed: of everything that is random.
        advance: called from time to time with the number of further inputs that are done.
    """
    rng = random.Random(seed)
    result = Result()
    begin = time.perf_counter()
    parse = parser.make()
    peak_mb = _peak_mb()
    for number in range(inputs):
        if number % INPUTS_PER_PARSER == 0:
            parse = parser.make()
            advance(min(INPUTS_PER_PARSER, inputs - number))
        if number <= WARM_UP * inputs:
            peak_mb = _peak_mb()
        data = damaged(parser.examples, rng)
        started = time.perf_counter()
        try:
            parse(data, rng)
        except HarError:
            result.refused += 1
        except Exception as error:  # Any other exception is a fault.
            result.fault(number, data, f"{type(error).__name__}: {error}")
            parse = parser.make()
        result.slowest_ms = max(result.slowest_ms, 1000 * (time.perf_counter() - started))
        result.inputs += 1
        result.input_bytes += len(data)
    result.growth_mb = round(_peak_mb() - peak_mb, 2)
    if result.growth_mb > MAX_GROWTH_MB:
        result.fault(inputs, b"", f"memory grew by {result.growth_mb} MB")
    result.slowest_ms = round(result.slowest_ms, 2)
    result.seconds = round(time.perf_counter() - begin, 1)
    return result


def _peak_mb() -> float:
    return peak_memory_bytes(os.getpid()) / 2**20


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    about = "Give random and damaged inputs to the parsers."
    return fuzz_script("stream.fuzz_parsers", about, "parser", PARSERS, fuzz, arguments)


if __name__ == "__main__":
    sys.exit(main())
