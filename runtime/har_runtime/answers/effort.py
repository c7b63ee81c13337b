"""How hard somebody walks or runs, by cadence: the thresholds of CADENCE-Adults (Tudor-Locke et al. 2019).

100, 110, 120 and 130 steps a minute are at least 3, 4, 5 and 6 METs (1 MET is sitting quietly), for adults of 21 to 40
years on level ground: moderate effort begins with 3 METs, vigorous effort with 6. Stairs, slopes and loads are harder
than their cadence says.
"""

from typing import Final, Literal, get_args

Intensity = Literal["light", "moderate", "vigorous"]
INTENSITIES: Final[tuple[Intensity, ...]] = get_args(Intensity)
METS_FROM: Final = ((130, 6), (120, 5), (110, 4), (100, 3))
"""Steps a minute and the METs from there on, the highest first."""


def mets_of(cadence: float) -> int | None:
    """METs that a cadence in steps/min is at least; None below the slowest that is known.

    >>> [mets_of(cadence) for cadence in (99.9, 100, 115, 172)]
    [None, 3, 4, 6]
    """
    for least, mets in METS_FROM:
        if cadence >= least:
            return mets
    return None


def intensity_of(cadence: float) -> Intensity:
    """The effort of walking or running at a cadence in steps/min.

    >>> [intensity_of(cadence) for cadence in (85, 100, 129, 130)]
    ['light', 'moderate', 'moderate', 'vigorous']
    """
    mets = mets_of(cadence)
    return "light" if mets is None else "moderate" if mets < 6 else "vigorous"
