"""Draws the pictures of the READMEs."""

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from har_bench.results import REPOSITORY, RESULTS, read_result
from har_runtime.files import atomic_path, write_bytes
from har_runtime.tables import read_json

TERMINAL = REPOSITORY / "runtime" / "assets" / "har-stream.svg"
DAY = REPOSITORY / "runtime" / "assets" / "day.svg"
USERS = REPOSITORY / "train" / "assets" / "hapt-users.png"
ZOO = REPOSITORY / "train" / "assets" / "zoo.png"


def draw_pictures() -> None:
    """Draw all pictures."""
    write_bytes(TERMINAL, terminal_picture().encode())
    draw_day(DAY)
    draw_users(USERS)
    draw_zoo(ZOO)


def draw_day(path: Path) -> None:
    """Draw the picture of `har-stream report` for a simulated day."""
    from har_bench.readme.simulated_day import write_day
    from har_runtime.cli.activity_log import read_log
    from har_runtime.cli.report_plot import draw

    with TemporaryDirectory() as folder:
        rows = Path(folder) / "day.jsonl"
        write_day(rows)
        draw(read_log([rows]), path)


def draw_users(path: Path) -> None:
    """Draw the scores of the best network on HAPT for each of its people, as PNG."""
    from har_train.evaluation.judgement import judgement_from_dict
    from har_train.evaluation.plots import user_scores

    networks = [
        row
        for row in read_result(RESULTS / "cross_validation.json")["rows"]
        if row["set"] == "hapt" and row["training_seconds"]
    ]
    best = max(networks, key=lambda row: row["judgement"]["scores"]["macro_f1"])
    with atomic_path(path) as temporary:
        user_scores(judgement_from_dict(best["judgement"], best["method"])).savefig(temporary, format="png")


def draw_zoo(path: Path) -> None:
    """Draw the comparison of the systems of the paper's Table 3, as PNG."""
    from har_train.evaluation.zoo_report import zoo_plot

    with atomic_path(path) as temporary:
        zoo_plot(read_json(RESULTS / "zoo.json")).savefig(temporary, format="png")


def terminal_picture() -> str:
    """The terminal view of har-stream during the demo, as SVG."""
    from rich.console import Console

    from har_runtime import Recognizer, load_model
    from har_runtime.answers.answer import Answer
    from har_runtime.sinks import StreamInfo
    from har_runtime.sinks.terminal import Sparkline, panel
    from har_runtime.sources import open_source
    from har_runtime.stream import run_stream

    class Latest:
        answer: Answer | None = None
        signal = Sparkline()

        def write(self, answer: Answer) -> None:
            self.answer = answer
            self.signal.push(answer.prediction)

        def close(self) -> None:
            """Nothing to close."""

    model, latest = load_model("waist"), Latest()
    source = open_source("simulated:?seed=0&seconds=40&speed=max")
    run_stream(Recognizer(model), source, [latest])
    assert latest.answer is not None
    console = Console(record=True, width=72, file=Path("/dev/null").open("w"), color_system="truecolor")  # noqa: SIM115
    info = StreamInfo(model.card, source.description, source.report)
    console.print(panel(info, replace(latest.answer, latency_s=None), str(latest.signal)))
    svg = console.export_svg(title="har-stream --demo")
    # rich loads its font from the Internet; the picture must not.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
