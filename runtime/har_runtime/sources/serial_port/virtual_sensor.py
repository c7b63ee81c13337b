"""Virtual IMUs on a pseudo-terminal, worn by the simulated wearer, for people without the hardware and for the tests.

They are synthetic. To a program that opens the port they are a sensor: the bytes are laid out by the datasheet, and
the WitMotion one takes the commands that set it up.
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
from har_runtime.sources.serial_port import witmotion as wit
from har_runtime.sources.simulated.wearer import Wearer

CSV_HEADER = "time_ms,ax_g,ay_g,az_g,gx_dps,gy_dps,gz_dps\r\n"
COMMAND = 5
MOST_READ = 4096


class Pty:
    """A pseudo-terminal whose far end any program can open like a serial port."""

    def __init__(self, link: Path | None = None):
        """Make one, and a symbolic link to it if asked for.

        Raises:
            SourceError: something else is at the link's place, or it cannot be written.
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
                    link.unlink()  # Left by one that was killed.
                link.symlink_to(self.device)
            except OSError as error:
                os.close(self._leader)
                raise SourceError(f"{link}: cannot be made a link ({error.strerror}); give another place") from error

    @property
    def path(self) -> str:
        """Where to find it: the link, or else the device."""
        return str(self._link or self.device)

    def connected(self) -> bool:
        """Whether a program has the port open."""
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def read(self) -> bytes:
        """What a program has written to the port."""
        try:
            return os.read(self._leader, MOST_READ)
        except OSError:  # Nothing there, or nobody.
            return b""

    def write(self, data: bytes) -> None:
        """Send; what a program does not fetch in time is lost, as on a real port."""
        try:
            os.write(self._leader, data)
        except OSError:
            return

    def close(self) -> None:
        """Pull the plug."""
        os.close(self._leader)
        if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == self.device:
            self._link.unlink()


class WornSensor:
    """What a sensor on the simulated wearer measures at any time, and its sampling at a rate."""

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
    """A WitMotion sensor: frames of time, acceleration and angular rate, registers that can be read and written."""

    def __init__(self, sensor: WornSensor):
        self._sensor = sensor
        rate = wit.RATE_CODES[round(sensor.rate_hz)]
        self.registers = {wit.RSW: wit.CONTENT, wit.RRATE: rate, wit.BAUD: wit.BAUD_CODES[115200]}
        self._unlocked = False
        self._command = b""

    def connect(self) -> bytes:
        """What it says when a program opens the port: nothing."""
        return b""

    def take(self, data: bytes) -> bytes:
        """Carry out the commands a program has sent; returns the answers."""
        answers = b""
        self._command = (self._command + data)[-MOST_READ:]
        while (start := self._command.find(b"\xff\xaa")) >= 0 and len(self._command) >= start + COMMAND:
            register, low, high = self._command[start + 2 : start + COMMAND]
            self._command = self._command[start + COMMAND :]
            value = low + 256 * high
            if register == wit.KEY:
                self._unlocked = wit.write_command(wit.KEY, value) == wit.UNLOCK
            elif register == wit.READADDR:
                a, b, c, d = (self.registers.get(value + offset, 0) for offset in range(4))
                answers += wit.encode_registers((a, b, c, d))
            elif self._unlocked and register in self.registers:
                self.registers[register] = value
        rates = {code: rate for rate, code in wit.RATE_CODES.items()}
        self._sensor.rate_hz = rates.get(self.registers[wit.RRATE], self._sensor.rate_hz)
        return answers

    def send_until(self, now_s: float) -> bytes:
        """The frames due since the last call, of the kinds that register RSW asks for."""
        times, channels = self._sensor.samples_until(now_s)
        data = wit.encode_samples(channels[:, :3], channels[:, 3:], np.rint(times * 1000).astype(np.int64))
        frames = np.frombuffer(data, np.uint8).reshape(-1, 3, wit.FRAME)
        asked = [bool(self.registers[wit.RSW] & 1 << kind) for kind in range(3)]
        return frames[:, asked].tobytes()


class VirtualLines:
    """A board that prints a header when its port is opened, as an Arduino restarts then, and a line for each sample."""

    def __init__(self, sensor: WornSensor):
        self._sensor = sensor

    def connect(self) -> bytes:
        """The header."""
        return CSV_HEADER.encode()

    def take(self, data: bytes) -> bytes:
        """It listens to nothing."""
        return b""

    def send_until(self, now_s: float) -> bytes:
        """The lines due since the last call."""
        times, channels = self._sensor.samples_until(now_s)
        channels[:, :3] /= STANDARD_GRAVITY
        channels[:, 3:] = np.rad2deg(channels[:, 3:])
        rows = zip(np.rint(times * 1000).astype(int).tolist(), channels.tolist(), strict=True)
        lines = [f"{time},{','.join(f'{value:.4f}' for value in row)}\r\n" for time, row in rows]
        return "".join(lines).encode()


DEVICES = {"witmotion": VirtualWitmotion, "csv": VirtualLines}


def make_device(name: str, rate_hz: float = SAMPLE_RATE_HZ, seed: int = 0) -> VirtualWitmotion | VirtualLines:
    """A virtual device by the name of its format."""
    return DEVICES[name](WornSensor(seed, rate_hz))


def serve(pty: Pty, device: VirtualWitmotion | VirtualLines, clock: Iterator[float]) -> Iterator[bool]:
    """Run a device on a port, one step for each time of `clock` (seconds); yields whether a program has it open.

    Nothing is sent while no program has the port open: it would be read as fresh when one opens it. A program that has
    just opened it is left a step's time, in which it may yet throw away what it finds.
    """
    open_for = 0
    for now_s in clock:
        data = device.send_until(now_s)
        open_for = open_for + 1 if pty.connected() else 0
        if open_for > 1:
            greeting = device.connect() if open_for == 2 else b""
            pty.write(greeting + device.take(pty.read()) + data)
        yield open_for > 0
