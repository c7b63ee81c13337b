"""The command `har-stream`: samples in, activities out, in real time."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from har_runtime.answering import Answering
from har_runtime.axes import IDENTITY, parse_axes, turned
from har_runtime.classify import StreamingClassifier
from har_runtime.command import add_common, run_command
from har_runtime.errors import SourceError
from har_runtime.interrupt import Interruptible
from har_runtime.model import load_model, pretrained_names
from har_runtime.samples import SampleChunk
from har_runtime.sinks import Sink, StreamInfo, open_sink
from har_runtime.smoothing import SMOOTHERS
from har_runtime.sources import open_source
from har_runtime.still import STILL_S, Still, describe, judge_placement, measure_still
from har_runtime.stream import run_stream
from har_runtime.summary import summary, to_dict

DEMO_SOURCE = "simulated:?seed=0&seconds=120&speed=4"
DEMO_NOTE = (
    "Demo: the wearer is SIMULATED (synthetic signals with measured gait and postures), four times as fast as life."
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="har-stream",
        description="Recognise activities in real time: read an IMU, a recording or a simulated wearer, print, log.",
        epilog="Also: har-stream devices (what could be read), har-stream doctor (is all well?), har-stream simulate "
        "(a virtual sensor); each has its --help. "
        "Example: har-stream --source serial:auto --sink terminal: --sink jsonl:day.jsonl",
    )
    parser.add_argument(
        "--model",
        default="waist",
        metavar="NAME|PATH",
        help=f"a pretrained model ({', '.join(pretrained_names())}) or a .tflite (default: waist)",
    )
    parser.add_argument(
        "--source",
        metavar="URI",
        help="serial:PORT or serial:auto, iio:DEVICE, phyphox://HOST:PORT, sensorlogger://BIND:PORT, "
        "replay:FILE?speed=N|max, simulated:?seed=N&seconds=S&speed=N|max",
    )
    parser.add_argument(
        "--sink",
        action="append",
        metavar="URI",
        help="terminal: (default) or jsonl:FILE; may be given several times",
    )
    parser.add_argument(
        "--axes",
        metavar="x=-y,y=x,z=z",
        default=str(IDENTITY),
        help="what the frame's axes are made of, where the sensor is mounted otherwise than the model's was",
    )
    parser.add_argument(
        "--still",
        action="store_true",
        help=f"first stand still for {STILL_S} seconds: takes off the gyroscope's bias, checks unit, scale and which "
        "way up the sensor is",
    )
    parser.add_argument(
        "--smoothing",
        choices=tuple(SMOOTHERS),
        help="how answers become steady: hmm (default, where the model's card has transitions), hysteresis, or none",
    )
    parser.add_argument("--demo", action="store_true", help="half a minute with a simulated wearer: needs no sensor")
    add_common(parser)
    parser.set_defaults(run=_stream)
    return run_command(parser, arguments, {"devices": _devices, "doctor": _doctor, "simulate": _simulate})


def _devices(arguments: list[str]) -> int:
    from har_runtime.devices import main

    return main(arguments)


def _doctor(arguments: list[str]) -> int:
    from har_runtime.doctor import main

    return main(arguments)


def _simulate(arguments: list[str]) -> int:
    from har_runtime.simulate import main

    return main(arguments)


def _stream(options: argparse.Namespace) -> int:
    if not (options.source or options.demo):
        raise SourceError("nothing to read: give --source URI, or --demo to try it without a sensor")
    if options.demo:
        print(DEMO_NOTE, file=sys.stderr, flush=True)
    axes = parse_axes(options.axes)
    model = load_model(options.model)
    answering = Answering(model.card, options.smoothing)
    for note in answering.notes:
        print(note, file=sys.stderr, flush=True)
    source = open_source(options.source or DEMO_SOURCE)
    info = StreamInfo(model.card, source.description, source.report)
    sinks: list[Sink] = []
    interruptible = Interruptible()
    still: dict[str, Any] | None = None
    try:
        with interruptible:
            chunks: Iterable[SampleChunk] = interruptible.items(source)
            if axes != IDENTITY:
                chunks = turned(chunks, axes)
            if options.still:
                print(f"Stand still for {STILL_S} seconds, the sensor where it is worn.", file=sys.stderr, flush=True)
                chunks = iter(chunks)
                found = _measure(chunks, interruptible)
                placement = judge_placement(found, model.card.gravity, axes)
                print("\n".join(describe(found, placement, model.card)), file=sys.stderr, flush=True)
                still = {**found.to_dict(), "placement": placement.to_dict()}
                chunks = turned(chunks, IDENTITY, found.gyro_bias)
            for uri in options.sink or ["terminal:"]:
                sinks.append(open_sink(uri, info))
            result = run_stream(StreamingClassifier(model), chunks, sinks, answering)
    finally:
        for sink in sinks:
            sink.close()
        source.close()
    if options.json:
        print(json.dumps(to_dict(result, info, still), indent=1))
    else:
        for line in summary(result, info):
            print(line, file=sys.stderr)
    if interruptible.interrupted:
        raise KeyboardInterrupt
    return 0


def _measure(chunks: Iterator[SampleChunk], interruptible: Interruptible) -> Still:
    try:
        return measure_still(chunks)
    except SourceError:
        if interruptible.interrupted:  # The chunks ended because of it.
            raise KeyboardInterrupt from None
        raise
