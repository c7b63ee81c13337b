"""One colour for each activity and family, the same in every picture and page.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which colour-blind readers can tell apart. Two of
Paul Tol's replace their yellow, which is hard to see on white, and black, which is invisible on a dark page. A family
has a colour between those of two of its activities.
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
    "resting": "#D26B66",
    "still": "#8F8FDB",
    "on_foot": "#008892",
    UNKNOWN: "#8A8A8A",
    NOT_WORN: "#BDBDBD",
}
SPARE = tuple(COLOURS.values())[:8]
"""For activities without a colour of their own, unless another activity has it."""


def activity_colours(names: Iterable[str]) -> dict[str, str]:
    """The colour, #RRGGBB, of each of these activities and families, and then of `UNKNOWN` and of `NOT_WORN`.

    >>> activity_colours(["walking", "rowing"])["walking"], activity_colours(["walking", "rowing"])["rowing"]
    ('#0072B2', '#E69F00')
    """
    names = [name for name in names if name not in (UNKNOWN, NOT_WORN)]
    taken = {COLOURS[name] for name in names if name in COLOURS}
    unused = [colour for colour in SPARE if colour not in taken] or list(SPARE)
    others = [name for name in names if name not in COLOURS]
    chosen = {name: unused[index % len(unused)] for index, name in enumerate(others)}
    return {name: COLOURS.get(name) or chosen[name] for name in (*names, UNKNOWN, NOT_WORN)}
