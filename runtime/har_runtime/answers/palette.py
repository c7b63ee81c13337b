"""One colour for each activity, the same in every picture and page.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which colour-blind readers can tell apart. Two of
Paul Tol's replace their yellow, which is hard to see on white, and black, which is invisible on a dark page.
"""

from collections.abc import Iterable

from har_runtime.answers.answer import UNKNOWN

NOT_WORN = "not worn"
"""Shown instead of an activity while nobody wears the sensor."""

COLOURS = {
    "walking": "#0072B2",
    "stairs_up": "#E69F00",
    "stairs_down": "#009E73",
    "sitting": "#CC79A7",
    "standing": "#56B4E9",
    "lying": "#D55E00",
    "running": "#999933",
    "jumping": "#AA4499",
    UNKNOWN: "#8A8A8A",
    NOT_WORN: "#BDBDBD",
}
SPARE = tuple(COLOURS.values())[:8]
"""For activities without a colour of their own, unless another activity has it."""


def activity_colours(labels: Iterable[str]) -> dict[str, str]:
    """The colour, #RRGGBB, of each of a model's activities, of `UNKNOWN` and of `NOT_WORN`.

    >>> activity_colours(["walking", "rowing"])["walking"], activity_colours(["walking", "rowing"])["rowing"]
    ('#0072B2', '#E69F00')
    """
    labels = tuple(labels)
    taken = {COLOURS[label] for label in labels if label in COLOURS}
    unused = [colour for colour in SPARE if colour not in taken] or list(SPARE)
    others = [label for label in labels if label not in COLOURS]
    chosen = {label: unused[index % len(unused)] for index, label in enumerate(others)}
    return {label: COLOURS.get(label) or chosen[label] for label in (*labels, UNKNOWN, NOT_WORN)}
