"""The command `har-stream`: samples in, activities out, in real time."""

import argparse
import json
import sys

from har_runtime.classify import StreamingClassifier
from har_runtime.command import add_common, run_command
from har_runtime.errors import SourceError
from har_runtime.interrupt import Interruptible
from har_runtime.model import load_model, pretrained_names
from har_runtime.sinks import Sink, StreamInfo, open_sink
from har_runtime.sources import open_source
from har_runtime.stream import StreamResult, run_stream

DEMO_SOURCE = "simulated:?seed=0&seconds=120&speed=4"
DEMO_NOTE = (
    "Demo: the wearer is SIMULATED (synthetic signals with measured gait and postures), four times as fast as life."
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="har-stream",
        description="Recognise activities in real time: read an IMU, a recording or a simulated wearer, print, log.",
        epilog="Example: har-stream --source 'replay:walk.csv?speed=max' --sink jsonl:walk.jsonl",
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
        help="replay:FILE.csv?speed=N|max or simulated:?seed=N&seconds=S&speed=N|max",
    )
    parser.add_argument(
        "--sink",
        action="append",
        metavar="URI",
        help="terminal: (default) or jsonl:FILE; may be given several times",
    )
    parser.add_argument("--demo", action="store_true", help="half a minute with a simulated wearer: needs no sensor")
    add_common(parser)
    parser.set_defaults(run=_stream)
    return run_command(parser, arguments)


def _stream(options: argparse.Namespace) -> int:
    if not (options.source or options.demo):
        raise SourceError("nothing to read: give --source URI, or --demo to try it without a sensor")
    if options.demo:
        print(DEMO_NOTE, file=sys.stderr, flush=True)
    model = load_model(options.model)
    source = open_source(options.source or DEMO_SOURCE)
    info = StreamInfo(model.card, source.description, source.report)
    sinks: list[Sink] = []
    interruptible = Interruptible()
    try:
        for uri in options.sink or ["terminal:"]:
            sinks.append(open_sink(uri, info))
        with interruptible:
            result = run_stream(StreamingClassifier(model), interruptible.items(source), sinks)
    finally:
        for sink in sinks:
            sink.close()
        source.close()
    if options.json:
        print(json.dumps({"model": info.card.name, "source": info.source, **result.to_dict()}, indent=1))
    else:
        for line in _summary(result, info):
            print(line, file=sys.stderr)
    if interruptible.interrupted:
        raise KeyboardInterrupt
    return 0


def _summary(result: StreamResult, info: StreamInfo) -> list[str]:
    report = result.report
    lines = [f"{result.windows} windows of {info.source}"]
    if result.windows:
        shares = sorted(result.seconds.items(), key=lambda item: -item[1])
        lines.append("  " + ", ".join(f"{label} {seconds:.0f} s" for label, seconds in shares if seconds))
    elif report.segments == 0 and (acc := report.accelerometer).received:
        lines.append(
            f"  no second without a gap in {acc.received} samples (sensor rate {acc.rate_hz or 0:.1f} Hz, needed 20 Hz "
            f"or more; {acc.gaps} gaps over 0.1 s)"
        )
    for name, sensor in (("accelerometer", report.accelerometer), ("gyroscope", report.gyroscope)):
        counts = {
            "not finite": sensor.not_finite,
            "repeated": sensor.duplicate,
            "out of order": sensor.out_of_order,
            "unpaired": sensor.unpaired,
            "gaps": sensor.gaps,
        }
        if any(counts.values()):
            lines.append(f"  {name}: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count))
    if result.scores is not None:
        scores = result.scores
        lines.append(
            f"  against the source's labels ({scores.windows} windows): accuracy {100 * scores.accuracy:.2f} %, "
            f"macro-F1 {100 * scores.macro_f1:.2f} %"
        )
    return lines
