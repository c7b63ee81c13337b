"""Every incremental parser must give the same result however its input is cut."""

from itertools import pairwise
from typing import TypeVar

import numpy as np

from har_runtime.sources.serial_port.text_lines import TextLines
from har_runtime.sources.serial_port.witmotion import WitmotionParser

Parser = TypeVar("Parser", TextLines, WitmotionParser)


def assert_cutting_changes_nothing(kind: type[Parser], data: bytes, cuts: list[int], most_held: int) -> list[Parser]:
    """Push `data` whole, in the pieces between `cuts`, and byte by byte; returns the three parsers."""
    whole, pieces, bytewise = kind(), kind(), kind()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    expected = whole.push(data)
    in_pieces = [pieces.push(data[begin:end]) for begin, end in pairwise(edges)]
    in_bytes = [bytewise.push(data[index : index + 1]) for index in range(len(data))]
    assert np.array_equal(np.concatenate(in_pieces), expected, equal_nan=True)
    assert np.array_equal(np.concatenate([np.empty((0, 7)), *in_bytes]), expected, equal_nan=True)
    assert whole.lost == pieces.lost == bytewise.lost
    assert max(whole.held_bytes, pieces.held_bytes, bytewise.held_bytes) <= most_held
    return [whole, pieces, bytewise]
