"""Gives random command lines, URIs, cards, TOML files, states and rows of answers to the programs.

    python -m har_bench.stream.fuzz_inputs --inputs 10000 --seed 0 [--kind NAME]... [--out F]

Each input is valid with some parts replaced by odd ones, or its bytes are damaged. It may be taken, or refused with a
HarError or exit code 2 and one line. Anything else is a fault: another exception, a traceback, a character that steers
the terminal, a long line, JSON with NaN, or more than `LIMIT_S`. Faults are reported with their input, and the exit
code is 1. `fuzz_parsers` does the same for what sensors and recordings send.
"""

import io
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

from har_bench.stream.fuzzing import Result, fuzz_script
from har_bench.stream.odd_inputs import json_bytes, sink_uri, source_uri, text_of, toml_bytes
from har_runtime.answers.answering import Answering
from har_runtime.cli.common import Program
from har_runtime.cli.state import KeptState
from har_runtime.cli.stream_program import PROGRAM
from har_runtime.errors import HarError
from har_runtime.model.card import ModelCard, card_from_json
from har_runtime.model.load import load_model
from har_runtime.signal.axes import parse_axes
from har_runtime.sinks import StreamInfo, open_sink
from har_runtime.sources import open_source
from har_runtime.sources.base import SourceReport
from har_runtime.tables import MAX_TEXT, parse_json
from har_runtime.text import MAX_LINE
from har_train.data.cli import PROGRAM as DATA
from har_train.datasets import find
from har_train.recipe_file import load_recipe, recipe_names

LIMIT_S = 20
"""For one input, before it counts as one that hangs."""
MAX_SHOWN = MAX_LINE + 200
"""Characters of a line on the terminal: the longest message, and the program's name."""
EXIT_CODES = (0, 1, 2)

Try = Callable[[random.Random, Path], bool]
"""Makes one input in a folder and gives it to the program; True if it was taken, False if it was refused."""


def run_program(program: Program, arguments: list[str]) -> bool:
    """Run a command line in this process, and check what it says.

    Raises:
        AssertionError: an exit code or text that no program may have.
    """
    out, err = io.StringIO(), io.StringIO()
    # As from a shell: bytes, without NUL.
    words = [
        word.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape") for word in arguments
    ]
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = program.main(words)
        except SystemExit as stop:
            code = stop.code
    text = out.getvalue() + err.getvalue()
    assert code in EXIT_CODES, f"exit code {code}"
    text.encode()  # Fails as a terminal does for halves of surrogate pairs.
    assert "Traceback" not in text, text[-300:]
    assert not any(mark in text for mark in "\x1b\x07\x9b"), "a character that steers the terminal"
    assert max(map(len, text.splitlines()), default=0) <= MAX_SHOWN, "a long line"
    if code == 2:
        lines = err.getvalue().splitlines()
        assert lines and lines[-1].startswith("har-"), f"no reason: {lines[-1:]}"
    return code != 2


def command_lines(rng: random.Random, folder: Path) -> bool:
    """Of har-stream and har-data; sources that end at once, and nothing of the network."""
    if rng.random() < 0.2:
        words = [
            text_of(rng, "list", "describe", "cut", "convert", "hapt", "--data", "--json", "--out", "--recording", "1")
        ]
        words += [
            text_of(rng, "hapt", "csv-folder", "--data", ".", "--plot", "x.png") for _ in range(rng.randint(0, 4))
        ]
        return run_program(DATA, ["describe" if words[0] == "fetch" else words[0], *words[1:]])
    words = [text_of(rng, "run", "devices", "report", "token", "--debugg", "--model", "--source")]
    if words == ["run"] or rng.random() < 0.5:
        words = ["run", "--source", source_uri(rng, folder), "--sink", sink_uri(rng, folder)]
    options = (
        "--model",
        "--axes",
        "--smoothing",
        "--place",
        "--coarse",
        "--state",
        "--config",
        "--log-level",
        "--json",
    )
    for _ in range(rng.randint(0, 3)):
        words += [
            rng.choice(options),
            text_of(rng, "waist", "x=-y,y=x,z=z", "hmm", "pocket", "off", str(folder / "s"), "info"),
        ]
    return run_program(PROGRAM, words)


def uris(rng: random.Random, folder: Path) -> bool:
    """A source or sink is opened and closed."""
    if rng.random() < 0.5:
        source = open_source(source_uri(rng, folder))
        source.close()
    else:
        sink = open_sink(sink_uri(rng, folder), StreamInfo(card(), "replay:walk.csv", SourceReport()))
        sink.close()
    return True


_CARDS: dict[str, ModelCard] = {}


def card(name: str = "anywhere-micro") -> ModelCard:
    """The card of a pretrained model."""
    if name not in _CARDS:
        _CARDS[name] = load_model(name).card
    return _CARDS[name]


def cards(rng: random.Random, folder: Path) -> bool:
    """A card that is taken can also be used, and is written as JSON."""
    example = card(rng.choice(("anywhere-micro", "waist")))
    taken = card_from_json(json_bytes(json.loads(example.to_json()), rng), str(folder / "card.json"))
    Answering(taken)
    parse_json(taken.to_json())
    return True


CONFIG = {
    "source": "simulated:?seconds=1&speed=max",
    "sink": ["terminal:", "jsonl:-"],
    "model": "waist",
    "json": True,
    "smoothing": "hmm",
    "log-level": "info",
}


def configs(rng: random.Random, folder: Path) -> bool:
    """Options from a file; the command line names a model that does not exist, so that nothing is streamed."""
    path = folder / "har-stream.toml"
    path.write_bytes(toml_bytes(CONFIG, rng))
    return run_program(PROGRAM, ["--config", str(path), "--model", "absent"])


def recipes(rng: random.Random, folder: Path) -> bool:
    """A recipe of har-train."""
    path = folder / "recipe.toml"
    recipe = load_recipe(rng.choice(recipe_names())).to_dict()
    path.write_bytes(toml_bytes({name: _without_none(value) for name, value in recipe.items()}, rng))
    load_recipe(str(path))
    return True


def _without_none(value: Any) -> Any:
    """TOML has no null."""
    return {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, dict) else value


ABOUT = {"title": "Ours", "placement": "waist", "licence": "MIT", "unit": "g", "labels": "1:walking", "time": "time"}


def descriptions(rng: random.Random, folder: Path) -> bool:
    """The description of a folder of one's own recordings."""
    (folder / "dataset.toml").write_bytes(toml_bytes(ABOUT, rng))
    find("csv-folder", folder)
    return True


STATE = {
    "format": "haredge-state-2",
    "up": [0.0, 0.6, 0.8],
    "found": "gait",
    "axes": "x=x,y=y,z=z",
    "place": {"model": "anywhere-micro", "places": ["torso", "thigh", "wrist"], "belief": [0.5, 0.25, 0.25]},
}


def states(rng: random.Random, folder: Path) -> bool:
    """A state file; one that is damaged is not used."""
    path = folder / "state.json"
    path.write_bytes(json_bytes(STATE, rng))
    with redirect_stderr(io.StringIO()):
        kept = KeptState(path, parse_axes("x=x,y=y,z=z"), card=card())
    Answering(card(), place_belief=kept.place_belief)
    return kept.up is not None


ROW = {
    "unix_s": 1.78e9,
    "version": 2,
    "start_s": 0.0,
    "end_s": 0.98,
    "segment": 0,
    "activity": "walking",
    "confidence": 0.9,
    "place": "thigh",
    "probabilities": {"walking": 0.9, "standing": 0.1},
    "events": [{"kind": "start", "activity": "walking", "sensor_s": 0.98, "unix_s": 1.78e9}],
}


def rows(rng: random.Random, folder: Path) -> bool:
    """A file of answers, for the report; what it says as JSON is JSON."""
    lines = [json.dumps(ROW, allow_nan=False).encode()]
    for number in range(rng.randint(1, 6)):
        moved = {
            **ROW,
            "unix_s": 1.78e9 + number * rng.choice((0.5, 0.5, 1e5, -1e10, 3e11)),
            "end_s": 0.98 + number / 2,
        }
        lines.append(
            json_bytes(moved, rng)[:100_000] if rng.random() < 0.7 else json.dumps(moved, allow_nan=False).encode()
        )
    path = folder / "day.jsonl"
    path.write_bytes(b"\n".join(lines))
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        taken = PROGRAM.main(["report", str(path), "--json"]) == 0
    if taken:
        parse_json(out.getvalue())
    return run_program(PROGRAM, ["report", str(path)]) and taken


KINDS: dict[str, Try] = {
    "command-lines": command_lines,
    "uris": uris,
    "cards": cards,
    "configs": configs,
    "recipes": recipes,
    "descriptions": descriptions,
    "states": states,
    "rows": rows,
}


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after a time."""

    def stop(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(kind: Try, inputs: int, seed: int, advance: Callable[[int], None] = lambda _: None) -> Result:
    """Give random inputs of one kind; input `n` is the same for the same seed, whatever was before it.

    Args:
        kind: one of `KINDS`.
        inputs: how many.
        seed: of everything that is random.
        advance: called after each input with 1.
    """
    result = Result()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "walk.csv").write_text(
            "time,acc_x,acc_y,acc_z\n" + "".join(f"{i / 50},0,0,9.8\n" for i in range(150))
        )
        home = Path.cwd()
        os.chdir(folder)  # Names without a folder are written here.
        try:
            for number in range(inputs):
                started = time.perf_counter()
                try:
                    with limited(LIMIT_S):
                        taken = kind(random.Random(f"{seed} {number}"), folder)
                    result.refused += not taken
                except HarError as error:
                    result.refused += 1
                    if len(str(error)) > MAX_SHOWN + 8 * MAX_TEXT:
                        result.fault(number, b"", f"a message of {len(str(error))} characters")
                except (Exception, KeyboardInterrupt) as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    result.fault(number, b"", f"{type(error).__name__}: {str(error)[:200]!r}")
                result.slowest_ms = max(result.slowest_ms, round(1000 * (time.perf_counter() - started), 1))
                result.inputs += 1
                advance(1)
        finally:
            os.chdir(home)
    result.seconds = round(time.perf_counter() - begin, 1)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    about = "Give random command lines, URIs and files to the programs."
    return fuzz_script("stream.fuzz_inputs", about, "kind", KINDS, fuzz, arguments)


if __name__ == "__main__":
    sys.exit(main())
