"""Samples on their way from a source to a model are checked: units, gravity, and the handedness of the axes.

Some sources settle their units before the first sample; what follows shows more: a gyroscope's unit as soon as the
device is turned, gravity as soon as it is carried. A source is refused as soon as that is clear. Once it is clear that
all is well, nothing is checked any more, so that a service that has run for long does not end because of one odd day.
"""

import itertools
import logging
from collections.abc import Iterable, Iterator
from typing import Final

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.checks import (
    Problem,
    acceleration_problem,
    angular_rate_problem,
    mirror_problem,
    turns_fit,
    weak_rate_problem,
)
from har_runtime.signal.evidence import Evidence
from har_runtime.signal.unit_search import SOME_GRAVITY, VOTES
from har_runtime.signal.units import acceleration_unit, angular_rate_unit
from har_runtime.sources.base import Source
from har_runtime.sources.stuck import StuckFilter

_LOG = logging.getLogger(__name__)
SI: Final = acceleration_unit("m/s2"), angular_rate_unit("rad/s")
FIRST_BLOCKS: Final = 2
"""Nothing is judged by less: a sensor may send anything when it starts."""
ENOUGH_BLOCKS: Final = 30
"""After a minute of carrying the device without a problem, there is none."""

LOOK_NS: Final = 16_000_000_000
SKIP: Final = 8
"""After the first minute, a device that nobody has moved yet is looked at for 16 seconds of every 128."""


class SignalCheck:
    """Watches samples in SI units.

    Args:
        takes_units: whether the source has the options `unit` and `gyro`, which messages then recommend.
        gyroscope: whether there is one.
    """

    def __init__(self, takes_units: bool = True, gyroscope: bool = True):
        self._takes_units = takes_units
        self._evidence: Evidence | None = Evidence(ENOUGH_BLOCKS, gyroscope, may_die=True)
        self._moving = 0
        self.doubt: Problem | None = None
        """Set once it is clear that the answers will be worse, though nothing here can put it right: mirrored axes, or
        a gyroscope that reads far too little."""

    @property
    def is_done(self) -> bool:
        """Whether it is clear that nothing is wrong, or what is in doubt."""
        return self._evidence is None

    def push(self, chunk: SampleChunk) -> Problem | None:
        """Add samples; returns what is wrong, as soon as it is clear."""
        evidence = self._evidence
        if evidence is None or not len(chunk.times_ns):
            return None
        if evidence.count >= ENOUGH_BLOCKS and int(chunk.times_ns[0]) // LOOK_NS % SKIP:
            return None
        if not evidence.push(chunk.times_ns, chunk.acc, chunk.gyro):
            return None
        return self._judge(evidence)

    def finish(self) -> Problem | None:
        """No more samples come: returns what is wrong, judged by what there was."""
        if self._evidence is None:
            return None
        self._evidence.finish()
        return self._judge(self._evidence)

    def _judge(self, evidence: Evidence) -> Problem | None:
        if evidence.count < FIRST_BLOCKS:
            return None
        if problem := acceleration_problem(evidence, SI[0]) or angular_rate_problem(evidence, SI[1]):
            return problem if self._takes_units else Problem(problem.seen, "its units are not those that it states")
        self.doubt = mirror_problem(evidence, SI[1]) or weak_rate_problem(evidence, SI[1])
        self._moving += evidence.blocks[-1].is_moving
        if self.doubt or self._moving >= ENOUGH_BLOCKS or self._is_clear(evidence):
            self._evidence = None
        return None

    def _is_clear(self, evidence: Evidence) -> bool:
        """Whether gravity is in the acceleration, and turns as the gyroscope says, if there is one."""
        has_gyroscope = any(block.gyro_rms is not None for block in evidence.blocks)
        has_gravity = sum(mean >= SOME_GRAVITY for mean in evidence.means) >= VOTES
        return has_gravity and (not has_gyroscope or turns_fit(evidence, SI[1]))


def checked(source: Source, chunks: Iterable[SampleChunk]) -> Iterator[SampleChunk]:
    """The same chunks of a source, until they turn out to be wrong.

    Raises:
        SourceError: they are in other units than those of the contract, or without gravity; one line with the evidence
            and the option to add.
    """
    check: SignalCheck | None = None  # Made at the first chunk: by then a source knows whether it has a gyroscope.
    stuck = StuckFilter(source.description, source.report)
    for chunk in itertools.chain.from_iterable(map(stuck.push, chunks)):
        check = check or SignalCheck(source.report.takes_units, source.report.gyroscope)
        if not check.is_done:
            if problem := check.push(chunk):
                raise SourceError(f"{source.description}: {problem}")
            if check.doubt:
                _LOG.warning("%s: %s", source.description, check.doubt)
        yield chunk
    if check and not check.is_done and source.report.can_wait:  # A sensor's end is that somebody stopped it.
        if problem := check.finish():
            raise SourceError(f"{source.description}: {problem}")
        if check.doubt:
            _LOG.warning("%s: %s", source.description, check.doubt)
