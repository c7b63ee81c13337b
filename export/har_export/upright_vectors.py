"""Golden vectors of the frame "upright": events, which way is up for the wearer, and the windows turned by it.

They need no model. The sensors have 25 Hz, so that the file stays small: other rates are in `vectors`.
"""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from har_export.sensor_streams import Signal, Stream, by_arrival
from har_runtime.signal.resample import Resampler
from har_runtime.signal.upright import UprightTracker
from har_runtime.signal.window import Up, Window, Windower
from har_runtime.sources.simulated.wearer import Wearer

RATE_HZ = 25
JITTER_S = 1e-3
WORN = np.array([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
"""How a phone sits, seen from that of the simulated wearer."""
UPSIDE_DOWN = np.diag([-1.0, -1.0, 1.0])


def _gait(rng: np.random.Generator) -> list[Stream]:
    """Gait shows which way is up, after eight windows that agree."""
    return _sampled(_wearer("walking", 7.0), 7.0, rng)


def _remounted(rng: np.random.Generator) -> list[Stream]:
    """The phone is put back upside down, which is noticed after twelve windows of gait."""
    return _sampled(_wearer("walking", 14.0).turned(UPSIDE_DOWN, from_s=6.0), 14.0, rng)


def _gap(rng: np.random.Generator) -> list[Stream]:
    """Gait before a gap and after it do not count together, since the phone may have been moved."""
    streams = _sampled(_wearer("walking", 10.0), 10.0, rng)
    elapsed = [(stream.times_ns - stream.times_ns[0]) / 1e9 for stream in streams]
    return [stream.select((t < 3.0) | (t > 4.5)) for stream, t in zip(streams, elapsed, strict=True)]


def _no_gait(rng: np.random.Generator) -> list[Stream]:
    """Nobody walks: each window is turned by its own gravity."""
    return _sampled(_wearer("sitting", 2.5), 2.5, rng)


def _free_fall(rng: np.random.Generator) -> list[Stream]:
    """A fall of 2 s has no direction: the last one holds."""
    return _sampled(_wearer("standing", 4.5).falling(1.5, 3.5), 4.5, rng)


def _face_down(rng: np.random.Generator) -> list[Stream]:
    """A phone that lies exactly face down: half a turn about x."""
    acc, gyro = np.tile([0.0, 0.0, -9.75], (100, 1)), np.tile([0.25, 0.5, -0.125], (100, 1))
    return _sampled(Signal(np.arange(100) / 50, acc, gyro), 1.8, rng)


def _given(rng: np.random.Generator) -> list[Stream]:
    """A direction from outside, 13 degrees off, holds from the first window, and gait refines it."""
    return _sampled(_wearer("walking", 4.0), 4.0, rng)


def _accelerometer(rng: np.random.Generator) -> list[Stream]:
    """A phone without a gyroscope: the angular rates of its windows are 0."""
    return _sampled(_wearer("walking", 6.0), 6.0, rng)[:1]


GIVEN = {"given": Up((0.6, -0.8, 0.0), "given")}
"""What is known of up before the first window, by the name of the case."""
CASES: dict[str, Callable[[np.random.Generator], list[Stream]]] = {
    "gait": _gait,
    "remounted": _remounted,
    "gap": _gap,
    "no-gait": _no_gait,
    "free-fall": _free_fall,
    "face-down": _face_down,
    "given": _given,
    "accelerometer": _accelerometer,
}


def upright_vectors() -> list[dict[str, Any]]:
    """All cases as plain JSON-able values."""
    return [_case(name, make, np.random.default_rng(seed)) for seed, (name, make) in enumerate(CASES.items())]


def up_of(window: Window) -> dict[str, Any]:
    """What a window was turned by, JSON-able; nothing if its axes are those of the device."""
    return {} if window.up is None else {"up": list(window.up.direction), "found": window.up.found}


def _case(name: str, make: Callable[[np.random.Generator], list[Stream]], rng: np.random.Generator) -> dict[str, Any]:
    streams = make(rng)
    gyroscope, given = len(streams) > 1, GIVEN.get(name)
    resampler, windower, tracker = Resampler(gyroscope=gyroscope), Windower(), UprightTracker(given)
    events = by_arrival(streams)
    windows: list[Window] = []
    for sensor, time_ns, *values in events:
        chunks = resampler.push(np.array([time_ns], np.int64), **{sensor: np.array([values])})
        windows += map(tracker.step, windower.push(chunks))
    windows += map(tracker.step, windower.push(resampler.finish()))
    return {
        "name": name,
        "about": (make.__doc__ or "").strip(),
        "gyroscope": gyroscope,
        "given": given and list(given.direction),
        "events": events,
        "windows": [
            {
                "segment": window.segment,
                "start_ns": window.start_ns,
                "imu": base64.b64encode(window.imu.astype("<f4").tobytes()).decode(),
                **up_of(window),
            }
            for window in windows
        ],
    }


def _wearer(activity: str, seconds: float) -> Signal:
    return Signal.of(Wearer(plan=[(activity, seconds)])).turned(WORN)


def _sampled(signal: Signal, seconds: float, rng: np.random.Generator) -> list[Stream]:
    return [
        signal.sample("acc", RATE_HZ, JITTER_S, seconds, rng),
        signal.sample("gyro", RATE_HZ, JITTER_S, seconds, rng, start=0.013),
    ]
