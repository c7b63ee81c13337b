"""Reading IIO devices by their buffers: samples have the kernel's times, and are taken in when a window is complete."""

import select
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.due_times import DueTimes
from har_runtime.sources.iio.buffer import IioBuffer
from har_runtime.sources.iio.devices import IioDevice
from har_runtime.sources.iio.sensor import IioSensor

PERIOD_S: Final = 0.1
"""From one read to the next while it is not known when the next answer is due."""
SILENCE_S: Final = 1.0
SILENT: Final = "no samples come from the IIO buffer; does its trigger run?"


class Buffered:
    """Reads the sensors of one device, or of two, by their buffers.

    Raises:
        NoBufferError: a device has no buffer, or it cannot be used.
        SourceError: a sensor is too slow.
    """

    def __init__(self, sensors: Sequence[IioSensor], nodes: Path, report: SourceReport):
        self._report = report
        self._sensors = {each.kind: each for each in sensors}
        kinds: dict[IioDevice, list[str]] = {}
        for each in sensors:
            kinds.setdefault(each.device, []).append(each.kind)
        self._buffers: list[IioBuffer] = []
        self.rates_hz: list[float | None] = []
        """Of each device, Hz; None if neither it nor its trigger tells."""
        try:
            for device, own in kinds.items():
                self._buffers.append(IioBuffer(device, own, nodes))
                rate_hz = self._sensors[own[0]].frequency_hz or self._buffers[-1].trigger_hz
                if rate_hz is not None and rate_hz < 0.95 * MIN_RATE_HZ:
                    raise SourceError(
                        f"{device.name}: its trigger fires at {rate_hz:g} Hz, but at least {MIN_RATE_HZ} Hz are "
                        "needed; write a faster rate to its sampling_frequency"
                    )
                self.rates_hz.append(rate_hz)
        except BaseException:
            self.close()
            raise
        rates = " and ".join(f"{rate:g}" for rate in dict.fromkeys(self.rates_hz) if rate)
        self.description = f"by its buffer{rates and f', {rates} Hz'}"

    def chunks(self) -> Iterator[SampleChunk]:
        """Chunks of one device each, until one is unplugged."""
        ready = select.poll()
        for buffer in self._buffers:
            ready.register(buffer.fd, select.POLLIN)
        times, wait_s = DueTimes(), 0.0
        while True:
            time.sleep(wait_s)
            self._report.say(None if ready.poll(1e3 * SILENCE_S) else SILENT)
            for buffer in self._buffers:
                try:
                    times_ns, readings = buffer.read()
                except OSError:
                    return
                if not len(times_ns):
                    continue
                times.step(time.monotonic_ns(), int(times_ns[-1]))
                si = {kind: self._sensors[kind].si(raw) for kind, raw in readings.items()}
                yield SampleChunk(times_ns, si.get("accelerometer"), si.get("gyroscope"))
            wait_s = times.wait_s(time.monotonic_ns(), self._report.due_ns)
            wait_s = PERIOD_S if wait_s is None else min(wait_s, SILENCE_S)

    def close(self) -> None:
        """Switch the buffers off."""
        for buffer in self._buffers:
            buffer.close()
