"""The command `har-export`: a checkpoint becomes the files people embed."""

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

from har_runtime.command import add_common, data_folder, run_command
from har_runtime.errors import ModelError


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="har-export",
        description="Turn a checkpoint of har-train into TFLite files with their model card, and score them on the "
        "users it was not trained on.",
    )
    parser.add_argument("checkpoint", type=Path, help="model.safetensors of har-train, or the folder of a run")
    parser.add_argument("--out", required=True, type=Path, help="folder for the files")
    parser.add_argument("--name", help="name of the model (default: that of its recipe)")
    parser.add_argument(
        "--formats",
        default="tflite,tflite-int8",
        help="of tflite (float32) and tflite-int8 (int8 with float32 input and output); default: %(default)s",
    )
    parser.add_argument(
        "--data", help="folder or archive of its data set, to calibrate and score (default: $HAREDGE_DATA)"
    )
    add_common(parser)
    parser.set_defaults(run=_export)
    return run_command(parser, arguments)


def _export(options: argparse.Namespace) -> int:
    from har_export.pipeline import FORMATS, export_tflite
    from har_train.checkpoint import load_checkpoint
    from har_train.datasets import load
    from har_train.windows import cut_windows

    formats = tuple(dict.fromkeys(options.formats.split(",")))
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown:
        raise ModelError(f"--formats: unknown format '{unknown[0]}'; known: {', '.join(FORMATS)}")
    checkpoint = load_checkpoint(options.checkpoint)
    record = checkpoint.record
    config = record.recipe.data
    windows = cut_windows(load(config.dataset, data_folder(options.data), config.placement), config)
    exported = export_tflite(
        checkpoint,
        windows,
        options.out,
        options.name or re.sub(r"[^\w.-]+", "-", record.recipe.name),  # Settings changed by --set are in it.
        formats,
        progress=lambda step: print(f"{step} ...", file=sys.stderr, flush=True),
    )
    if options.json:
        print(json.dumps([{**asdict(file), "path": str(file.path)} for file in exported], indent=1))
        return 0
    for file in exported:
        print(
            f"{file.path}  {file.size / 1024:.0f} KiB  {sum(file.operators.values())} operators  "
            f"macro-F1 {100 * file.score.macro_f1:.2f} % on {file.score.windows} windows of "
            f"{len(record.split.test)} users it never saw"
        )
    return 0
