"""The command `har-export`: turns a checkpoint into model files."""

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

from har_export.formats import FORMATS, INT8, bounds
from har_runtime.cli.common import Command, Program, add_json, data_folder, percentage
from har_runtime.contract import CHANNELS
from har_runtime.errors import DataError
from har_runtime.files import check_folder, write_bytes
from har_runtime.model.load import load_model
from har_runtime.text import print_lines
from har_train.quiet import quiet_tensorflow


def _add_convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, help="model.safetensors of har-train, or the folder of a run")
    parser.add_argument("--out", required=True, type=Path, help="folder for the files")
    parser.add_argument("--name", help="name of the model (default: that of its recipe)")
    parser.add_argument("--formats", help=f"comma-separated list of {_formats()} (default: all that are possible)")
    parser.add_argument(
        "--data", help="folder or archive of its data set, for calibration and scores (default: $HAREDGE_DATA)"
    )
    parser.add_argument(
        "--qat", action="store_true", help="fine-tune the network for int8 first, and use the result if it is better"
    )
    parser.add_argument(
        "--max-loss",
        type=percentage,
        default=100 * (INT8.macro_f1_loss or 0),
        metavar="POINTS",
        help="points of macro-F1 that int8 may lose (default: %(default)s)",
    )
    parser.add_argument(
        "--min-agreement",
        type=percentage,
        default=100 * (INT8.agreement or 0),
        metavar="PERCENT",
        help="share of test windows in which int8 must give float32's answer (default: %(default)s)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="compare only in ONNX Runtime and LiteRT, not in all installed runtimes",
    )
    parser.add_argument(
        "--tflite-runtime",
        type=Path,
        metavar="PYTHON",
        help="also compare in tflite-runtime, with the Python of its environment: it stands for older runtimes in apps",
    )
    parser.add_argument(
        "--no-features",
        action="store_true",
        help="without the features and prototypes that har-stream personalise needs",
    )
    add_json(parser)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a .tflite or .onnx")
    add_json(parser)


def _add_vectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a pretrained model or a .tflite")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write")


def _add_adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a .tflite with an input of 1 x 50 x 6, float32")
    parser.add_argument("--out", type=Path, required=True, help="the .tflite to write, or a folder")
    parser.add_argument("--labels", required=True, help="comma-separated activities, one for each output, in order")
    parser.add_argument("--units", default="m/s2", help="of acceleration: m/s2 (default), g, mg or the counts of a g")
    parser.add_argument(
        "--gyro", default="rad/s", help="of angular rate: rad/s (default), deg/s or the counts of a deg/s"
    )
    parser.add_argument(
        "--channels",
        default=",".join(CHANNELS),
        metavar="A,B,...",
        help="the channels of its input in their order (default: %(default)s)",
    )
    parser.add_argument(
        "--normalise",
        required=True,
        metavar="none|MEAN/STD|FILE.json",
        help="what was subtracted from and divided into each channel in training, in the units above",
    )
    parser.add_argument(
        "--sign", choices=("android", "apple"), default="android", help="of acceleration in training (default: android)"
    )
    parser.add_argument("--logits", action="store_true", help="its outputs are logits: add a softmax")
    parser.add_argument("--name", help="of the model (default: that of the file)")
    parser.add_argument("--placement", help="where the sensor was worn in training, e.g. waist")
    parser.add_argument("--data", default="unknown", help="what it was trained on, for the card")
    parser.add_argument("--licence", default="unknown", help="terms of that data, for the card")


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a pretrained model or a .tflite")
    parser.add_argument("--out", type=Path, required=True, metavar="SITE", help="folder to make")
    parser.add_argument(
        "--node-modules",
        type=Path,
        metavar="DIR",
        help="where npm has installed LiteRT's web runtime (default: node_modules in the current folder)",
    )
    parser.add_argument(
        "--send-to",
        metavar="wss://HOST:PORT",
        help="a har-stream with --source web: that the page may send its readings to (default: to nobody)",
    )


def _formats() -> str:
    return ", ".join(f"{key} ({format.help})" for key, format in FORMATS.items())


def _convert(options: argparse.Namespace) -> int:
    from har_export.interpreters import own_runtimes, runtimes
    from har_export.pipeline import export_model
    from har_export.preconditions import check_users, possible_formats
    from har_export.progress import step_display
    from har_train.data.windows import load_recordings_of, windows_of
    from har_train.fit.answer_parameters import fit_answers
    from har_train.fit.checkpoint import load_checkpoint
    from har_train.fit.place_answers import fit_place_answers
    from har_train.fit.prototypes import fit_prototypes

    checkpoint = load_checkpoint(options.checkpoint)
    record = checkpoint.record
    wanted = None if options.formats is None else tuple(options.formats.split(","))
    formats, skipped = possible_formats(checkpoint, wanted)
    compared = own_runtimes() if options.quick else runtimes(options.tflite_runtime)
    check_folder(options.out)
    for format, reason in skipped.items():
        print_lines(f"har-export: {format} is skipped: {reason}", file=sys.stderr)
    int8 = replace(INT8, macro_f1_loss=options.max_loss / 100, agreement=options.min_agreement / 100)
    with step_display() as show:
        show("reading the data")
        by_set = load_recordings_of(record.recipe.data, data_folder(options.data))
        windows = windows_of(by_set, record.recipe.data)
        check_users(windows, record)
        show("fitting smoothing and thresholds")
        recordings = [recording for part in by_set.values() for recording in part]
        if record.recipe.model.places:
            answers = fit_place_answers(recordings, windows, record, checkpoint.outputs)
        else:
            answers = fit_answers(recordings, windows, record.split, checkpoint.probabilities)
        prototypes = None
        if record.recipe.model.places and not options.no_features:
            show("fitting prototypes")
            try:
                prototypes = fit_prototypes(windows, checkpoint)
            except DataError as error:
                print_lines(f"har-export: features and prototypes are skipped: {error}", file=sys.stderr)
        done = export_model(
            checkpoint,
            windows,
            options.out,
            options.name or re.sub(r"[^\w.-]+", "-", record.recipe.name),  # It contains the settings of --set.
            formats,
            answers=answers,
            prototypes=prototypes,
            qat=options.qat,
            bounds=bounds(checkpoint.network.architecture.yaw_invariant, int8),
            compared=compared,
            progress=show,
        )
    if options.json:
        print(json.dumps(done.to_dict(), indent=1, allow_nan=False))
        return 0
    for file in done.files:
        print_lines(
            f"{file.path}  {file.size / 1024:.0f} KiB  {sum(file.operators.values())} operators  "
            f"macro-F1 {100 * file.score.macro_f1:.2f} % on {file.score.windows} windows of "
            f"{len(record.split.test)} unseen users"
        )
    print_lines(*done.summary())
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from har_export.inspection import run

    return run(options)


def _vectors(options: argparse.Namespace) -> int:
    from har_export.vectors import make_vectors, to_json

    write_bytes(options.out, to_json(make_vectors(load_model(options.model))).encode())
    return 0


def _adopt(options: argparse.Namespace) -> int:
    from har_export.adoption import ForeignModel, adopt, channel_order, normalisation, our_labels

    mean, std = normalisation(options.normalise)
    given = [label.strip() for label in options.labels.split(",")]
    labels = our_labels(given)
    foreign = ForeignModel(
        labels=labels,
        units=options.units,
        gyro=options.gyro,
        channels=channel_order(options.channels),
        mean=mean,
        std=std,
        sign=options.sign,
        logits=options.logits,
        name=options.name or options.file.stem,
        placement=options.placement,
        data=options.data,
        licence=options.licence,
    )
    out = adopt(options.file, foreign, options.out)
    renamed = [f"{theirs} is {ours}" for theirs, ours in zip(given, labels, strict=True) if theirs != ours]
    if renamed:
        print_lines(f"labels: {', '.join(renamed)}")
    print_lines(f"{out}: {foreign.name}, {len(foreign.labels)} activities; try it with har-stream --model {out}")
    return 0


def _page(options: argparse.Namespace) -> int:
    from har_export.page import make_page

    content = make_page(options.model, options.out, options.node_modules, options.send_to)
    total = sum(map(len, content.values()))
    print_lines(
        f"{options.out}: {len(content)} files, {total / 1e6:.1f} MB; try it with "
        f"python -m http.server --bind 127.0.0.1 --directory {options.out}, and put it on a site of https for phones"
    )
    return 0


PROGRAM = Program(
    "har-export",
    "Turn a checkpoint of har-train into model files to embed, look into model files, make a page, write test vectors.",
    (
        Command(
            "convert",
            "turn a checkpoint into model files",
            _add_convert,
            _convert,
            "Turn a checkpoint of har-train into model files with their card, and check in every runtime that they "
            "give PyTorch's answers on users that the model was not trained on.",
        ),
        Command(
            "inspect",
            "show what is in a .tflite or .onnx",
            _add_inspect,
            _inspect,
            "Show the card, operators, tensors and sizes of a .tflite or .onnx.",
        ),
        Command(
            "adopt",
            "write a card for a .tflite of another project",
            _add_adopt,
            _adopt,
            "Write a card for a .tflite of another project, so that har-stream can use it. The units and normalisation "
            "that it expects become part of its graph.",
        ),
        Command(
            "page",
            "make a page that recognises activities in a phone's browser",
            _add_page,
            _page,
            "Make a folder of static files for any web server: a page that recognises activities from the motion "
            "sensors of a phone, in its browser, with nothing installed and nothing sent anywhere.",
        ),
        Command(
            "vectors",
            "write golden vectors to test code in other languages",
            _add_vectors,
            _vectors,
            "Write golden vectors to test code in other languages: raw events, their windows, the model's answers.",
        ),
    ),
    default="convert",
    extras=("export",),
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    quiet_tensorflow()
    return PROGRAM.main(arguments)
