"""Virtual sensors on a pseudo-terminal, with synthetic samples, for people without the hardware and for the tests.

A program that opens the port sees a sensor: the bytes follow the datasheet, and the WitMotion one obeys the setup
commands.
"""

import os
import select
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.errors import SourceError
from har_runtime.sources.serial_port.witmotion import (
    BAUD,
    BAUD_CODES,
    CONTENT,
    FRAME_BYTES,
    KEY,
    RATE_CODES,
    READADDR,
    RRATE,
    RSW,
    UNLOCK,
    encode_ble_registers,
    encode_ble_samples,
    encode_registers,
    encode_samples,
    write_command,
)
from har_runtime.sources.simulated.wearer import Wearer

CSV_COLUMNS = ("time_ms", "ax_g", "ay_g", "az_g", "gx_dps", "gy_dps", "gz_dps")
CSV_HEADER = f"{','.join(CSV_COLUMNS)}\r\n"
COMMAND_BYTES = 5
MAX_READ_BYTES = 4096


class Pty:
    """A pseudo-terminal that any program can open like a serial port."""

    def __init__(self, link: Path | None = None):
        """Open a pseudo-terminal, and make a symbolic link to it if asked to.

        Raises:
            SourceError: the link's path is taken, or the link cannot be written.
        """
        self._leader, follower = os.openpty()
        tty.setraw(follower)
        self.device = os.ttyname(follower)
        os.close(follower)
        os.set_blocking(self._leader, False)
        self._poll = select.poll()
        self._poll.register(self._leader, 0)
        self._link = link
        if link is not None:
            try:
                if link.is_symlink() and link.readlink().parent == Path(self.device).parent:
                    link.unlink()  # Left by a program that was killed.
                link.symlink_to(self.device)
            except OSError as error:
                os.close(self._leader)
                raise SourceError(f"{link}: cannot make the link ({error.strerror}); give another path") from error

    @property
    def path(self) -> str:
        """The link, or else the device."""
        return str(self._link or self.device)

    def connected(self) -> bool:
        """Whether a program has the port open."""
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def read(self) -> bytes:
        """The bytes that a program has written to the port."""
        try:
            return os.read(self._leader, MAX_READ_BYTES)
        except OSError:  # No bytes, or no program.
            return b""

    def write(self, data: bytes) -> None:
        """Send; bytes that a program does not read in time are lost, as on a real port."""
        try:
            os.write(self._leader, data)
        except OSError:
            return

    def close(self) -> None:
        """Unplug it."""
        os.close(self._leader)
        if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == self.device:
            self._link.unlink()


class SampledWearer:
    """The simulated wearer's motion, sampled at any rate."""

    def __init__(self, seed: int, rate_hz: float):
        self.rate_hz = rate_hz
        self._bouts = iter(Wearer(seed))
        self._t = np.empty(0)
        self._x = np.empty((0, 6))
        self._next_s = 0.0

    def samples_until(self, now_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The samples due since the last call: times in seconds, shape (n,), and channels, shape (n, 6)."""
        count = max(0, int(np.floor((now_s - self._next_s) * self.rate_hz + 1e-6)) + 1)
        times = self._next_s + np.arange(count) / self.rate_hz
        self._next_s += count / self.rate_hz
        while not len(self._t) or self._t[-1] < self._next_s:
            bout = next(self._bouts)
            self._t = np.concatenate([self._t, bout.times_ns / 1e9])
            self._x = np.concatenate([self._x, np.concatenate([bout.acc, bout.gyro], axis=1)])
        channels = np.stack([np.interp(times, self._t, channel) for channel in self._x.T], axis=1)
        keep = max(0, int(np.searchsorted(self._t, self._next_s)) - 1)
        self._t, self._x = self._t[keep:], self._x[keep:]
        return times, channels


class VirtualWitmotion:
    """A WitMotion sensor: frames of time, acceleration and angular rate, and registers to read and write."""

    def __init__(self, wearer: SampledWearer):
        self._wearer = wearer
        rate = RATE_CODES[round(wearer.rate_hz)]
        self.registers = {RSW: CONTENT, RRATE: rate, BAUD: BAUD_CODES[115200]}
        self._unlocked = False
        self._command = b""

    def greeting(self) -> bytes:
        """Sent when a program opens the port: nothing."""
        return b""

    def receive(self, data: bytes) -> bytes:
        """Carry out a program's commands; returns the answers."""
        answers = b""
        self._command = (self._command + data)[-MAX_READ_BYTES:]
        while (start := self._command.find(b"\xff\xaa")) >= 0 and len(self._command) >= start + COMMAND_BYTES:
            register, low, high = self._command[start + 2 : start + COMMAND_BYTES]
            self._command = self._command[start + COMMAND_BYTES :]
            value = low + 256 * high
            if register == KEY:
                self._unlocked = write_command(KEY, value) == UNLOCK
            elif register == READADDR:
                answers += self._answer(value)
            elif self._unlocked and register in self.registers:
                self.registers[register] = value
        rates = {code: rate for rate, code in RATE_CODES.items()}
        self._wearer.rate_hz = rates.get(self.registers[RRATE], self._wearer.rate_hz)
        return answers

    def _answer(self, first: int) -> bytes:
        a, b, c, d = (self.registers.get(first + offset, 0) for offset in range(4))
        return encode_registers((a, b, c, d))

    def send_until(self, now_s: float) -> bytes:
        """The frames due since the last call, of the kinds in register RSW."""
        times, channels = self._wearer.samples_until(now_s)
        data = encode_samples(channels[:, :3], channels[:, 3:], np.rint(times * 1000).astype(np.int64))
        frames = np.frombuffer(data, np.uint8).reshape(-1, 3, FRAME_BYTES)
        wanted = [bool(self.registers[RSW] & 1 << kind) for kind in range(3)]
        return frames[:, wanted].tobytes()


class VirtualWitmotionBle(VirtualWitmotion):
    """A WitMotion sensor of the BLE series on its USB cable: one frame for each sample, without a time."""

    def __init__(self, wearer: SampledWearer):
        super().__init__(wearer)
        del self.registers[RSW]

    def _answer(self, first: int) -> bytes:
        return encode_ble_registers(first, tuple(self.registers.get(first + offset, 0) for offset in range(8)))

    def send_until(self, now_s: float) -> bytes:
        """The frames due since the last call."""
        _, channels = self._wearer.samples_until(now_s)
        return encode_ble_samples(channels[:, :3], channels[:, 3:])


class VirtualLines:
    """A board that prints a line for each sample, and a header when its port is opened, as an Arduino does.

    Args:
        gyroscope: whether it has one.
    """

    def __init__(self, wearer: SampledWearer, gyroscope: bool = True):
        self._wearer = wearer
        self._channels = 6 if gyroscope else 3

    def greeting(self) -> bytes:
        """The header."""
        return f"{','.join(CSV_COLUMNS[: 1 + self._channels])}\r\n".encode()

    def receive(self, data: bytes) -> bytes:
        """It ignores all input."""
        return b""

    def send_until(self, now_s: float) -> bytes:
        """The lines due since the last call."""
        times, channels = self._wearer.samples_until(now_s)
        channels[:, :3] /= STANDARD_GRAVITY
        channels[:, 3:] = np.rad2deg(channels[:, 3:])
        rows = zip(np.rint(times * 1000).astype(int).tolist(), channels[:, : self._channels].tolist(), strict=True)
        lines = [f"{time},{','.join(f'{value:.4f}' for value in row)}\r\n" for time, row in rows]
        return "".join(lines).encode()


VirtualSensor = VirtualWitmotion | VirtualLines


def make_virtual_sensor(
    name: str, rate_hz: float = SAMPLE_RATE_HZ, seed: int = 0, gyroscope: bool = True
) -> VirtualSensor:
    """A virtual sensor by the name of its format, "witmotion", "witmotion-ble" or "csv".

    Raises:
        SourceError: a WitMotion without a gyroscope, which does not exist.
    """
    wearer = SampledWearer(seed, rate_hz)
    if name == "csv":
        return VirtualLines(wearer, gyroscope)
    if not gyroscope:
        raise SourceError("a WitMotion sensor always has a gyroscope; add --format csv for one without")
    return VirtualWitmotionBle(wearer) if name == "witmotion-ble" else VirtualWitmotion(wearer)


def serve(pty: Pty, sensor: VirtualSensor, clock: Iterator[float]) -> Iterator[bool]:
    """Run a sensor on a port, one step for each time of `clock` (seconds); yields whether a program has the port open.

    Nothing is sent while no program has the port open, because the next one would read old samples. Sending starts one
    step after the port was opened, because a program may first discard its input.
    """
    open_for = 0
    for now_s in clock:
        data = sensor.send_until(now_s)
        open_for = open_for + 1 if pty.connected() else 0
        if open_for > 1:
            greeting = sensor.greeting() if open_for == 2 else b""
            pty.write(greeting + sensor.receive(pty.read()) + data)
        yield open_for > 0
