"""`simulated:?seed=N&seconds=S&speed=F` - a synthetic wearer with true labels, to try haredge without a sensor.

With `gyroscope=no` the wearer's sensor has only an accelerometer. `place=pocket&up=-y&turn=DEGREES` says where it is
carried, which axis points up, and how far it is turned about that; `move=60:waist:x:DEGREES` the same for after 60 s.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Pace, SourceReport
from har_runtime.sources.simulated.carry import AT_THE_WAIST, PLACES, Carry, parse_direction
from har_runtime.sources.simulated.plan import plan_with_move
from har_runtime.sources.simulated.wearer import Wearer
from har_runtime.uri import Uri, number, one_of, speed_option, whole_number

MAX_SEED = 2**32 - 1
MAX_SECONDS = 1e8
"""Three years."""
TURN_DEGREES = (-360, 360)


def open_simulated(uri: Uri) -> "Simulated":
    """The source of a `simulated:` URI; without `seconds` it never ends."""
    uri.only("seed", "seconds", "speed", "gyroscope", "place", "up", "turn", "move")
    uri.no_target()
    place = uri.option("place", one_of(PLACES), AT_THE_WAIST.place)
    carry = Carry(place, uri.option("up", parse_direction, None), uri.option("turn", number(*TURN_DEGREES), 0.0))
    return Simulated(
        uri.option("seed", whole_number(0, MAX_SEED), 0),
        uri.option("seconds", number(1, MAX_SECONDS), float("inf")),
        uri.option("speed", speed_option, 1.0),
        uri.option("gyroscope", one_of(("yes", "no")), "yes") == "yes",
        carry,
        uri.option("move", parse_move, None),
    )


@dataclass(frozen=True)
class Move:
    """The wearer takes the device out and puts it in elsewhere."""

    at_s: float
    to: Carry


def parse_move(text: str) -> Move:
    """Parse `SECONDS:PLACE:UP:DEGREES`, of which the last two may be missing.

    >>> parse_move("60:waist:-z")
    Move(at_s=60.0, to=Carry(place='waist', up=(0.0, 0.0, -1.0), turn=0.0))

    Raises:
        ValueError: it is something else.
    """
    at_s, colon, rest = text.partition(":")
    place, *how = rest.split(":")
    if not colon or len(how) > 2:
        raise ValueError("write SECONDS:PLACE, SECONDS:PLACE:UP or SECONDS:PLACE:UP:DEGREES, such as 60:waist:x")
    return Move(
        number(1, MAX_SECONDS)(at_s),
        Carry(
            one_of(PLACES)(place),
            parse_direction(how[0]) if how else None,
            number(*TURN_DEGREES)(how[1]) if len(how) > 1 else 0.0,
        ),
    )


class Simulated:
    """Samples of a `Wearer`, at 50 Hz, in chunks of a tenth of a second."""

    def __init__(
        self,
        seed: int,
        seconds: float,
        speed: float,
        gyroscope: bool = True,
        carry: Carry = AT_THE_WAIST,
        move: Move | None = None,
    ):
        how = f"; {carry}" if move or carry != AT_THE_WAIST else ""
        then = f"; after {move.at_s:g} s {move.to}" if move else ""
        self.description = f"simulated wearer (synthetic signals, seed {seed}{how}{then})"
        self.report = SourceReport(SAMPLE_RATE_HZ, gyroscope=gyroscope, can_wait=True, speed=speed)
        self._seed, self._seconds, self._speed = seed, seconds, speed
        self._carry, self._move = carry, move

    def __iter__(self) -> Iterator[SampleChunk]:
        pace = Pace(self._speed)
        step = max(1, round(min(self._speed, 100.0) * SAMPLE_RATE_HZ / 10))
        move = self._move
        plan = plan_with_move(self._seed, self._carry, move.at_s, move.to) if move else None
        for bout in Wearer(self._seed, plan, self._carry):
            for begin in range(0, len(bout.times_ns), step):
                times = bout.times_ns[begin : begin + step]
                chunk = bout.part(begin, begin + int(np.count_nonzero(times < self._seconds * 1e9)))
                if not len(chunk.times_ns):
                    return
                pace.wait_until(int(chunk.times_ns[-1]))
                yield chunk if self.report.gyroscope else chunk.without_gyroscope()

    def close(self) -> None:
        """Nothing to release."""
