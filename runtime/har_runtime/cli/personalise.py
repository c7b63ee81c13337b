"""The command `har-stream personalise`: learns how one person does the activities, from a few labelled seconds."""

import argparse
import itertools
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from har_runtime.cli.buttons.board import Board, Button, label_buttons
from har_runtime.cli.buttons.page import add_page, open_page
from har_runtime.cli.interrupt import Interruptible
from har_runtime.cli.keys import open_keys
from har_runtime.cli.run import AUTO, PLACES
from har_runtime.cli.status_line import StatusLine
from har_runtime.cli.still_check import STILL_S, measure_still
from har_runtime.errors import ConfigError, DataError, HarError, SourceError
from har_runtime.files import check_target
from har_runtime.model.card import ModelCard
from har_runtime.model.load import DEFAULT_MODEL, Model, check_gyroscope, load_model
from har_runtime.personal.collect import Collector, learn_all
from har_runtime.personal.profile import (
    Profile,
    StillReference,
    empty_profile,
    read_profile,
    why_kept,
    why_no_label,
    why_unusable,
    write_profile,
)
from har_runtime.personal.session import Keys, Prompts, Session
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import IDENTITY, Axes, parse_axes, turned
from har_runtime.sources import Source, checked, open_source
from har_runtime.text import clean, print_lines

FIRST = ("standing", "walking")
"""Asked for first: they show which way is up, which the postures need."""
SECONDS = 10.0
PAUSE_S = 5.0
SHORT_NS = 250_000_000
_COUNTED = re.compile(r" \d+ s$")
"""Lines that count seconds."""
_ABOUT_KEYS = re.compile(r"get ready .*$")
"""Lines that name keys, which the page shows in its own way."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream personalise`."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="the profile to write")
    parser.add_argument("--source", metavar="URI", help="a sensor: prompts say what to do (see har-stream run)")
    parser.add_argument(
        "--from", dest="recording", metavar="FILE", help="a recording with labels, instead of a sensor (see replay:)"
    )
    parser.add_argument(
        "--activities",
        metavar="A,B,...",
        help="what to learn, in this order; names that the model does not know are new activities (default: all that "
        "it knows)",
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        metavar="N",
        help="of each activity (default: 10; from a recording: all that are labelled)",
    )
    parser.add_argument("--pause", type=_seconds, metavar="N", help="seconds before each activity (default: 5)")
    parser.add_argument(
        "--keys", action="store_true", help="no prompts: the keys 1 to 9 say which activity begins, others end it"
    )
    add_page(parser)
    parser.add_argument("--add", action="store_true", help="keep what the profile has of other activities")
    parser.add_argument("--remove", metavar="ACTIVITY", help="remove an activity from the profile, and nothing else")
    parser.add_argument(
        "--place",
        choices=(*PLACES, AUTO),
        default=AUTO,
        help="where the sensor is worn; auto (default): the model finds out",
    )
    parser.add_argument(
        "--axes", metavar="x=-y,y=x,z=z", default=str(IDENTITY), help="which sensor axis is each axis of the model"
    )
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="NAME|PATH", help=f"the model to adapt (default: {DEFAULT_MODEL})"
    )


def run(options: argparse.Namespace) -> int:
    """Learn and write the profile; returns the exit code: 1 if nothing was learnt.

    Raises:
        HarError: an option is invalid, or a model, source or profile cannot be used.
        KeyboardInterrupt: after Ctrl-C; nothing is written then.
    """
    if options.remove is not None:
        if options.source or options.recording or options.add:
            raise ConfigError("--remove: removes one activity and learns nothing; leave --source, --from and --add out")
        write_profile(options.out, read_profile(options.out).without(options.remove))
        print_lines(f"{options.out}: {clean(options.remove)} is removed")
        return 0
    if options.source and options.recording:
        raise SourceError("--source and --from: give one of them, a sensor or a recording")
    if not (options.source or options.recording):
        raise SourceError("nothing to learn from: give either --source URI or --from FILE")
    if options.recording:
        for name, given in (("--page", options.page), ("--keys", options.keys), ("--pause", options.pause)):
            if given:
                raise SourceError(f"{name}: a recording has its labels already; leave it out")
    check_target(options.out)
    if why := why_kept(options.out):
        raise DataError(f"--out {options.out}: {why}; give another name")
    model = load_model(options.model)
    before = _profile_before(options, model)
    activities = _activities(options.activities, model)
    place = None if options.place == AUTO else options.place
    axes = parse_axes(options.axes)
    source = open_source(options.source or _replay(options.recording))
    only = options.activities is not None
    collector = Collector(model, activities, only=only, place=place, seconds=options.seconds)
    buttons = [*label_buttons(activities), Button(" ", "stop")] if options.keys else [Button("s", "skip")]
    page = open_page(
        options.page,
        f"learning how you do it: {options.out.name}",
        [*buttons, Button("q", "end", "end")],
        lambda: source.report.trouble,
    )
    with Interruptible() as interruptible, page as board:
        try:
            chunks: Iterable[SampleChunk] = checked(source, interruptible.items(source))
            chunks = turned(chunks, axes) if axes != IDENTITY else chunks
            if options.recording:
                collector.push_recording(_known_gyroscope(chunks, collector, source))
                _say(*collector.remarks())
            else:
                session = (
                    Keys(activities)
                    if options.keys
                    else Prompts(activities, options.seconds or SECONDS, options.pause or PAUSE_S)
                )
                names = activities if options.keys else []
                _listen(session, _known_gyroscope(chunks, collector, source), collector, names, board)
        finally:
            source.close()
        interruptible.raise_if_interrupted()
        return _learn(options, model, before, collector, axes, source.description, board)


def _learn(
    options: argparse.Namespace,
    model: Model,
    before: Profile,
    collector: Collector,
    axes: Axes,
    description: str,
    board: Board | None,
) -> int:
    """Write the profile of what was gathered; returns the exit code."""
    place = None if options.place == AUTO else options.place
    begin = time.perf_counter()
    learnt = learn_all(collector, place, description, time.time())
    for line in collector.skipped():
        print_lines(line, file=sys.stderr)
    if not learnt:
        print_lines(f"{options.label}: nothing was learnt; {options.out} is not written", file=sys.stderr)
        if board:
            board.say(f"nothing was learnt; {options.out.name} is not written")
        return 1
    still = None if collector.up is None else StillReference(collector.up, str(axes))
    profile = before.with_learnt(learnt, still)
    write_profile(options.out, profile)
    took = time.perf_counter() - begin
    what = ", ".join(f"{one.label} {one.windows} windows" for one in learnt)
    at = f" at the {learnt[0].place}" if learnt[0].place else ""
    if board:
        board.say(f"{options.out.name}: {what}{at}")
    new = [one.label for one in learnt if one.label not in model.card.labels]
    print_lines(
        f"{options.out}: {what}{at}; learnt in {took:.2f} s",
        *([f"  new activities: {', '.join(new)}"] if new else []),
        f"  use it: har-stream --profile {options.out} --source ...",
    )
    return 0


def _replay(recording: str) -> str:
    """The URI of a recording, which may have options of its own, and may be written as one."""
    recording = recording.removeprefix("replay:")
    return f"replay:{recording}{'&' if '?' in recording else '?'}speed=max"


def _profile_before(options: argparse.Namespace, model: Model) -> Profile:
    """What the new profile starts from.

    Raises:
        DataError: the model cannot be made personal, or the profile that is to be kept cannot be used.
    """
    empty = empty_profile(model.card)
    if not options.add:
        return empty
    if not options.out.exists():
        raise DataError(f"{options.out}: there is no such profile to add to; leave --add out")
    profile = read_profile(options.out)
    if problem := why_unusable(profile, model.card):
        raise DataError(f"{options.out}: {problem}")
    return profile


def _activities(option: str | None, model: Model) -> list[str]:
    """What is to be learnt, standing and walking first if nothing else is wished.

    Raises:
        ConfigError: an impossible name, or one twice.
    """
    card = model.card
    if option is None:
        known = [label for label in card.labels if why_no_label(label, card) is None]
        return [*(label for label in FIRST if label in known), *(label for label in known if label not in FIRST)]
    names = [_known_name(name.strip(), card) for name in option.split(",")]
    for name in names:
        if problem := why_no_label(name, card):
            raise ConfigError(f"--activities: {problem}")
        if names.count(name) > 1:
            raise ConfigError(f"--activities: '{clean(name)}' is there twice")
    return names


def _known_name(name: str, card: ModelCard) -> str:
    """The model's own word, if only capitals and spaces differ: `Stairs up` is no new activity beside `stairs_up`."""
    plain = "_".join(name.lower().split())
    return plain if plain in card.labels else name


def _known_gyroscope(chunks: Iterable[SampleChunk], collector: Collector, source: Source) -> Iterator[SampleChunk]:
    """The same chunks; a source without a gyroscope is refused if the model needs one."""
    for number, chunk in enumerate(chunks):
        if not number:
            collector.gyroscope = source.report.gyroscope
            check_gyroscope(collector.card, collector.gyroscope, source.description)
        yield chunk


def _listen(
    session: Session, chunks: Iterator[SampleChunk], collector: Collector, activities: list[str], board: Board | None
) -> None:
    """Follow a session until it ends, or the samples do.

    Args:
        activities: of the keys; empty if there are prompts.
        board: of the page with buttons; None without one.
    """
    with open_keys() as keys, StatusLine() as status:

        def say(*lines: str) -> None:
            for line in lines:
                if _COUNTED.search(line) and sys.stderr.isatty():
                    status.draw(line)
                else:
                    status.say(line)
            if board:
                board.say(*(line for line in lines if not (_COUNTED.search(line) or _ABOUT_KEYS.search(line))))

        if activities:
            if keys is None and board is None:
                raise SourceError("--keys: there are no keys, as stdin is no terminal")
            status.say(", ".join(f"{number}: {name}" for number, name in enumerate(activities[:9], 1)))
            status.say("any other key ends an activity, q ends it all")
        newest = 0
        for chunk in itertools.chain.from_iterable(map(_short, chunks)):
            collector.push(chunk)
            newest = max(newest, int(chunk.times_ns[-1]))  # Two sensors need not be in step.
            say(*session.step(newest, "".join(one.pressed() for one in (keys, board) if one)))
            if board:
                board.show(session.now.label, "now" if session.now.is_doing else "ready", session.now.left_s)
            while span := session.ended():
                if problem := _learnt(collector, span.label, span.begin_ns, span.end_ns):
                    say(problem, *session.again(span.label))
                else:
                    session.accepted()
                    for label, why in collector.retracted():
                        say(why, *session.again(label))
                say(*collector.remarks())
            if session.is_over:
                return


def _short(chunk: SampleChunk) -> Iterator[SampleChunk]:
    """Parts of a chunk that are short enough to count seconds: a phone may send many at once."""
    edges = [0, *np.flatnonzero(np.diff(chunk.times_ns // SHORT_NS)) + 1, len(chunk.times_ns)]
    for begin, end in itertools.pairwise(edges):
        if begin < end:
            yield chunk.part(begin, end)


def _learnt(collector: Collector, label: str, begin_ns: int, end_ns: int) -> str | None:
    """Take a stretch; returns why it is none of its activity."""
    if label == FIRST[0] and collector.wants_up and end_ns - begin_ns >= STILL_S * 1_000_000_000:
        try:
            still = measure_still(collector.chunks(begin_ns, end_ns), collector.gyroscope)
        except HarError as error:
            return str(error).replace("--still", label)
        if problem := collector.set_up(still.up):
            return problem
    return collector.take(label, begin_ns, end_ns)


def _say(*lines: str) -> None:
    if lines:
        print_lines(*lines, file=sys.stderr)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 1 <= value <= 600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to 600")
    return value
