"""How far a figure depends on which people were measured: intervals from people drawn again and again."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

Part = TypeVar("Part")

REPLICATES = 1000


def interval_over_people(
    people: Mapping[str, Sequence[Part]], statistic: Callable[[list[Part]], float], seed: int = 0
) -> tuple[float, float] | None:
    """The middle 95 % of a statistic over groups of people drawn with replacement, each as large as the real group.

    Args:
        people: what was measured of each, by name.
        statistic: of the parts of all people of a group.

    Returns:
        None with one person, or none.

    >>> interval_over_people({"anna": [1.0], "ben": [1.0, 1.0]}, lambda parts: sum(parts) / len(parts))
    (1.0, 1.0)
    """
    names = sorted(people)
    if len(names) < 2:
        return None
    drawn = np.random.default_rng(seed).integers(len(names), size=(REPLICATES, len(names)))
    values = [statistic([part for index in row for part in people[names[index]]]) for row in drawn.tolist()]
    # An observed value, as one between two of them would not be a number if one is infinite.
    low, high = np.quantile(values, [0.025, 0.975], method="inverted_cdf").tolist()
    return low, high
