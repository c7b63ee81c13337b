"""The median, without `np.median`, which imports numpy.ma: 1.2 MB that nothing else needs."""

import math

import numpy as np
from numpy.typing import ArrayLike


def median(values: ArrayLike) -> float:
    """The middle of numbers, one or more, shape (n,); of an even number the mean of the two in the middle. NaN if one
    of them is NaN.

    >>> median([3, 1, 2]), median([4.0, 1.0, 2.0, 3.0])
    (2.0, 2.5)
    """
    ordered = np.sort(np.asarray(values, np.float64))  # NaN last.
    middle = len(ordered) // 2
    if math.isnan(ordered[-1]):
        return math.nan
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
