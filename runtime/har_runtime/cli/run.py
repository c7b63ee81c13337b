"""The command `har-stream run`: reads samples from a source and writes activities to sinks, in real time."""

import argparse
import itertools
import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from har_runtime.answers.smoothing import SMOOTHERS
from har_runtime.cli.common import add_json
from har_runtime.cli.config import add_config
from har_runtime.cli.earlier_day import earlier_today
from har_runtime.cli.empty_result import why_empty
from har_runtime.cli.interrupt import Interruptible
from har_runtime.cli.state import open_state
from har_runtime.cli.still_check import STILL_S, Still, describe, judge_placement, measure_still
from har_runtime.cli.summary import summary, to_dict
from har_runtime.cli.systemd import Service
from har_runtime.errors import SourceError
from har_runtime.model.load import DEFAULT_MODEL, check_gyroscope, load_model, pretrained_names
from har_runtime.personal.model import personalised, usable_profile
from har_runtime.recognizer import Recognizer
from har_runtime.samples import SampleChunk
from har_runtime.secret import BROWSER_TOKEN, PAGE_TOKEN, PHONE_TOKEN
from har_runtime.signal.axes import IDENTITY, parse_axes, turned
from har_runtime.signal.window import Up
from har_runtime.sinks import StreamInfo
from har_runtime.sinks.answer_watch import AnswerWatch
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sources import checked, open_source
from har_runtime.sources.base import SourceReport
from har_runtime.sources.replay.cells import NO_TIME
from har_runtime.stream import StreamResult, begun, run_stream
from har_runtime.text import MAX_LINE, clean, folded, print_lines

_LOG = logging.getLogger(__name__)
PLACES = ("waist", "pocket", "wrist", "chest")
AUTO = "auto"
DEMO_SOURCE = "simulated:?seed=0&place=pocket&up=-y&move=60:waist:x&seconds=120&speed=4"
DEMO_NOTE = (
    "Demo: the wearer is SIMULATED (synthetic signals with measured gait and postures), at 4x real time. The phone is "
    "upside down in a trouser pocket; after a minute of the wearer's time it moves to the waist."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream run`."""
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="NAME|PATH",
        help=f"a pretrained model ({', '.join(pretrained_names())}) or a .tflite (default: {DEFAULT_MODEL})",
    )
    parser.add_argument(
        "--source",
        metavar="URI",
        help="serial:PORT or serial:auto, iio:DEVICE, phyphox://HOST:PORT, sensorlogger://BIND:PORT "
        f"(?token-file=F, or {PHONE_TOKEN}), web://BIND:PORT (a phone's browser; ?token-file=F, or {BROWSER_TOKEN}; "
        "&certificate=F&key=F), replay:FILE?speed=N|max, "
        "simulated:?seed=N&seconds=S&speed=N|max",
    )
    parser.add_argument(
        "--sink",
        action="append",
        metavar="URI",
        help="terminal: (default), jsonl:FILE or csv:FILE (?rotate=day|10MB&keep=N&sync=SECONDS; jsonl: "
        "also every=change), "
        "mqtt://[USER@]HOST[:PORT]/TOPIC or mqtts:// (?password-file=F&cafile=F, or HAREDGE_MQTT_PASSWORD), "
        f"live:HOST:PORT (a page in the browser; ?token-file=F, or {PAGE_TOKEN}; &qr=on shows the address of a web: "
        "source as a code for a phone's camera); may be given several times",
    )
    parser.add_argument(
        "--axes",
        metavar="x=-y,y=x,z=z",
        default=str(IDENTITY),
        help="which sensor axis is each axis of the model, if the sensor is mounted differently from the model's",
    )
    parser.add_argument(
        "--still",
        action="store_true",
        help=f"stand still for {STILL_S} seconds first: removes the gyroscope's bias, checks unit, scale and which way "
        "is up; sets the latter for models that find it while the wearer walks",
    )
    parser.add_argument(
        "--smoothing",
        choices=tuple(SMOOTHERS),
        help="how answers are smoothed: hmm (default if the model's card has transitions), hysteresis, or none",
    )
    parser.add_argument(
        "--place",
        choices=(*PLACES, AUTO),
        default=AUTO,
        help="where the sensor is worn; auto (default): the model finds out, if it can",
    )
    parser.add_argument(
        "--coarse",
        choices=("on", "off"),
        default="on",
        help="whether an answer may be a family of activities, such as on_foot, if only that is certain (default: on)",
    )
    parser.add_argument(
        "--profile", metavar="FILE.json", help="what har-stream personalise has learnt of the wearer, for this model"
    )
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="let the activities drift slowly towards what the wearer does, within bounds; nothing of it is kept",
    )
    parser.add_argument("--demo", action="store_true", help="half a minute with a simulated wearer, without a sensor")
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="keeps which way is up and where the sensor is worn over restarts, for models that find out while the "
        "wearer walks",
    )
    parser.add_argument(
        "--allow-empty",
        action="store_true",
        help="exit with 0 even if there is no window, or no activity in any (otherwise with 1 and the reason)",
    )
    add_config(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Stream until the source ends or a signal comes; returns the exit code: 1 if there is no answer at all, or a sink
    that is to get every answer did not.

    Raises:
        HarError: an option is invalid, or a model, source or sink cannot be used.
        KeyboardInterrupt: after Ctrl-C, or SIGTERM if no sink missed answers, once everything is flushed.
    """
    service = Service.from_environment()
    with Interruptible(service.is_managed) as interruptible:
        outcome = _run(options, service, interruptible)
        for line in outcome.unwritten:
            print_lines(f"{options.label}: {line}", file=sys.stderr)
        if not (outcome.unwritten and interruptible.was_terminated):
            interruptible.raise_if_interrupted()
    if outcome.empty is None or interruptible.interrupted:
        return 1 if outcome.unwritten else 0
    print_lines(f"{options.label}: {outcome.empty}", file=sys.stderr)
    return 1 if outcome.unwritten or not options.allow_empty else 0


@dataclass(frozen=True)
class _Outcome:
    """What is wrong with a run that has ended, one line each."""

    empty: str | None
    """Why there is no answer; None if there is one."""
    unwritten: list[str]
    """The sinks that were to get every answer and did not, with the count."""


def _run(options: argparse.Namespace, service: Service, interruptible: Interruptible) -> _Outcome:
    if not (options.source or options.demo):
        raise SourceError("nothing to read: give --source URI, or --demo to try it without a sensor")
    if options.demo:
        print(folded(DEMO_NOTE, sys.stderr, ""), file=sys.stderr, flush=True)
    axes = parse_axes(options.axes)
    model = load_model(options.model)
    profile, problem = usable_profile(options.profile, model.card)
    if problem is not None:
        _LOG.warning("--profile: %s", problem)
    if profile is not None:
        model = personalised(model, profile)
        _LOG.info("profile %s: %s", options.profile, ", ".join(dict.fromkeys(one.label for one in profile.learnt)))
    _LOG.info("model %s %s: %s", model.card.name, model.card.version, ", ".join(model.card.labels))
    coarse = options.coarse == "on"
    place = None if options.place == AUTO else options.place
    make_recognizer = partial(Recognizer, model, options.smoothing, place=place, coarse=coarse, adapt=options.adapt)
    for note in make_recognizer().notes:
        _LOG.warning("%s", note)
    state = open_state(options.state, model.card, axes, place)
    up = state.up if state else None
    if up is None and profile is not None and profile.still is not None and profile.still.axes == str(axes):
        up = Up(profile.still.up, "given")
    source = open_source(options.source or DEMO_SOURCE)
    _LOG.info("source: %s", source.description)
    # Sinks need not show families that no answer will be.
    description = clean(source.description, MAX_LINE)
    card = model.card if coarse else replace(model.card, families={})
    info = StreamInfo(card, description, source.report, options.source or DEMO_SOURCE)
    sinks = FanOut(info)
    watch = AnswerWatch((service, sinks), source.report)
    still: dict[str, Any] | None = None
    result: StreamResult | None = None
    try:
        check_gyroscope(model.card, source.report.gyroscope, source.description)  # Before anybody waits for samples.
        chunks: Iterable[SampleChunk] = checked(source, interruptible.items(source))
        if axes != IDENTITY:
            chunks = turned(chunks, axes)
        if options.still:
            print(f"Stand still for {STILL_S} seconds, with the sensor where it is worn.", file=sys.stderr, flush=True)
            chunks = begun(chunks)
            check_gyroscope(model.card, source.report.gyroscope, source.description)
            found = _measure(chunks, source.report.gyroscope, interruptible)
            up = found.up
            wanted = None if model.card.frame == "upright" else model.card.gravity  # Upright: any way up will do.
            placement = judge_placement(found, wanted, axes)
            print_lines(*describe(found, placement, model.card), file=sys.stderr)
            still = {**found.to_dict(), "placement": placement.to_dict()}
            chunks = turned(chunks, IDENTITY, found.gyro_bias or (0.0, 0.0, 0.0))
        earlier = earlier_today(options.sink or [], model.card, time.time())
        for uri in options.sink or ["terminal:"]:
            sinks.open(uri)
        watch.start()  # From the first moment in which a sink could show an old answer.
        chunks = begun(service.watched(chunks))
        check_gyroscope(model.card, source.report.gyroscope, source.description)
        chunks, unix_offset_ns = _dated(chunks, source.report)
        recognizer = make_recognizer(
            gyroscope=source.report.gyroscope,
            up=up,
            place_belief=state.place_belief if state else None,
            earlier=None if source.report.unix_offset_ns else earlier,  # A dated recording has days of its own.
            unix_offset_ns=unix_offset_ns,
        )
        if not source.report.gyroscope:
            _LOG.warning("the source: no gyroscope in it; the model %s answers by acceleration alone", model.card.name)
        chunks = watch.noted(chunks, lambda: recognizer.report)
        result = run_stream(recognizer, chunks, [watch, service, sinks, *([state] if state else [])], source.report)
    except BrokenPipeError:
        _LOG.debug("the only reader has left", exc_info=True)  # Its sink says so below.
    finally:
        watch.close()
        service.close()
        if state:
            state.close()
        sinks.close(hurry=interruptible.interrupted)
        source.close()
    unwritten = [
        f"{sink.name}: {sink.dropped} {sink.counted} were not written" + (f" ({sink.trouble})" if sink.trouble else "")
        for sink in info.sinks
        if sink.wants_all and sink.dropped
    ]
    if result is None:
        return _Outcome(None, unwritten)
    if options.json:
        print(json.dumps(to_dict(result, info, still), indent=1, allow_nan=False))
    else:
        print_lines(*summary(result, info), file=sys.stderr)
    return _Outcome(why_empty(result, model.card, source.report.gyroscope), unwritten)


def _dated(chunks: Iterator[SampleChunk], report: SourceReport) -> tuple[Iterator[SampleChunk], int | None]:
    """The same chunks, and what added to their times gives nanoseconds since 1970; None if this computer's clock dates
    the answers.

    What comes faster or slower than it was measured, and has no date, is dated from now on at its own pace: by the
    clock, an hour of walking would be a second of the day's report.
    """
    if report.unix_offset_ns is not None or report.speed == 1:
        return chunks, report.unix_offset_ns
    first = list(itertools.islice(chunks, 1))
    begin_ns = next((int(one) for chunk in first for one in chunk.times_ns if one != NO_TIME), None)
    return itertools.chain(first, chunks), None if begin_ns is None else time.time_ns() - begin_ns


def _measure(chunks: Iterator[SampleChunk], gyroscope: bool, interruptible: Interruptible) -> Still:
    try:
        return measure_still(chunks, gyroscope)
    except SourceError:
        interruptible.raise_if_interrupted()  # A signal ended the chunks.
        raise
