"""An evaluation as files: report.json for programs (`compare` reads it), report.md and plots for people.

The same input gives the same bytes of JSON and Markdown.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from har_runtime.files import atomic_path, write_bytes
from har_runtime.scores import Scores
from har_train.evaluation import plots
from har_train.evaluation.judgement import BINS, FEW_USERS, Judgement, UserJudgement
from har_train.evaluation.plots import Embedding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "haredge-evaluation-1"
REPORT = "report.json"
PLOTS = ("confusion", "reliability", "users", "tsne_activity", "tsne_user")
"""Names of the files in plots/."""
TITLES = {
    "folds": "Folds",
    "transfer": "Transfer: the same model on activities that other data sets share with it",
}
NAMES = {"macro_f1": "macro-F1", "f1": "F1", "ece": "calibration error", "interval": "95 % interval"}
"""Keys of a document whose heading is not simply the key."""


def write_report(
    out: Path, document: dict[str, Any], judgement: Judgement, embedding: Embedding | None = None
) -> list[Path]:
    """Write `report.json`, `report.md` and `plots/*.png` into `out`, each atomically; returns the files written.

    Args:
        out: folder, created if missing; an older report in it is replaced.
        document: JSON-able values that say what was evaluated: recipe, dataset, protocol, ... A list of dictionaries,
            such as "folds" and "transfer", becomes a table of the report.
        judgement: scores of the pooled predictions.
        embedding: features of windows of the same users, for the t-SNE plots; none are drawn with fewer than ten.

    Raises:
        HarError: `out` cannot be written to.
    """
    table = {"format": FORMAT, **document, "judgement": judgement.to_dict()}
    content = json_text(table) + "\n"
    figures = _figures(judgement, embedding)
    written = [out / REPORT, out / "report.md"]
    write_bytes(written[0], content.encode())
    for name in PLOTS:
        path = out / "plots" / f"{name}.png"
        if name not in figures:
            path.unlink(missing_ok=True)  # A plot of an older report would be taken for one of this report.
            continue
        with atomic_path(path) as temporary:
            figures[name].savefig(temporary, format="png", metadata={"Software": None})
        written.append(path)
    write_bytes(written[1], _markdown(document, judgement, tuple(figures)).encode())
    return written


def report_lines(document: dict[str, Any], judgement: Judgement) -> list[str]:
    """The evaluation as a short table for the terminal."""
    scores = judgement.scores
    width = max(12, *(len(label) for label in judgement.labels))
    ranked = _worst_first(judgement)
    people = "1 user" if len(ranked) == 1 else f"{len(ranked)} users"
    median = float(np.median([user.macro_f1 for _, user in ranked]))
    lines = [f"{'':{width}} precision  recall      F1  windows"]
    lines += [
        f"{row.label:{width}} {percent(row.precision):>9} {percent(row.recall):>7} {percent(row.f1):>7} {row.support:8}"
        for row in scores.classes
    ]
    lines += [
        "",
        f"users: worst {ranked[0][0]} {percent(ranked[0][1].macro_f1)} %, median {percent(median)} %, "
        f"best {ranked[-1][0]} {percent(ranked[-1][1].macro_f1)} %",
    ]
    for row in document.get("transfer", []):
        facts = [f"{_title(key)} {_text(key, value)}" for key, value in row.items() if key != "activities"]
        lines.append(f"transfer: {', '.join(facts)}")
    return [
        *lines,
        f"{_subject(document)}: {scores.windows} windows of {people} it never saw",
        f"accuracy {percent(scores.accuracy)} %, calibration error {percent(judgement.calibration.ece)} %",
        f"macro-F1 {percent(scores.macro_f1)} % ({_interval_words(judgement)})",
    ]


def ends_of_seeds(row: dict[str, Any]) -> tuple[float, float] | None:
    """The ends of what is shown beside the mean over "seeds": the 95 % interval over users of one seed, which may be
    None, else the lowest and the highest macro-F1."""
    seeds = row["seeds"]
    if len(seeds) == 1:
        return seeds[0]["interval"]
    values = [seed["macro_f1"] for seed in seeds]
    return min(values), max(values)


def seeds_of(document: dict[str, Any]) -> str:
    """Such as "seed 0", or "seeds 0, 1"."""
    seeds = document["seeds"]
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(map(str, seeds))}"


def trained_on(rows: Iterable[dict[str, Any]]) -> str:
    """Such as "Trained on AMD EPYC in float32.", with the number of trainings of each if they differ.

    Args:
        rows: each with its `seeds`.

    >>> mixed = [{"seeds": [{"trained_on": "A in float32"}, {"trained_on": "B in bf16"}, {"trained_on": "B in bf16"}]}]
    >>> trained_on(mixed)
    'Trained on A in float32 (1) and B in bf16 (2).'
    """
    counts = Counter(seed.get("trained_on") or "an unknown processor" for row in rows for seed in row["seeds"])
    parts = [f"{name} ({count})" if len(counts) > 1 else name for name, count in counts.items()]
    return f"Trained on {' and '.join(parts)}."


def score_of_seeds(row: dict[str, Any]) -> str:
    """The mean macro-F1 in %, and its ends in brackets."""
    ends = ends_of_seeds(row)
    return percent(row["macro_f1"]) + ("" if ends is None else f" ({percent(ends[0])} to {percent(ends[1])})")


def percent(value: float) -> str:
    """0.97904 as "97.90"."""
    return f"{100 * value:.2f}"


def _figures(judgement: Judgement, embedding: Embedding | None) -> "dict[str, Figure]":
    figures = {
        "confusion": plots.confusion_matrix(judgement.scores),
        "reliability": plots.reliability_diagram(judgement.calibration),
        "users": plots.user_scores(judgement),
    }
    if embedding is not None:
        by = plots.embedding_plots(embedding, judgement.labels, judgement.seed)
        figures |= {f"tsne_{name}": figure for name, figure in by.items()}
    return figures


def _markdown(document: dict[str, Any], judgement: Judgement, figures: tuple[str, ...]) -> str:
    tables = {key: rows for key, rows in document.items() if _is_table(rows)}
    facts = [[_title(key), _text(key, value)] for key, value in document.items() if key not in tables and value != []]
    parts = [
        f"# {_cell(_subject(document))}",
        f"**Macro-F1 {percent(judgement.scores.macro_f1)} %**, {_interval_words(judgement)}. "
        f"Worst user: **{_cell(judgement.worst_user)}**, "
        f"{percent(judgement.users[judgement.worst_user].macro_f1)} %.",
        _headline(judgement),
        "## What was evaluated",
        markdown_table(["", ""], facts),
        "## Classes",
        _class_table(judgement.scores),
        "Macro-F1 is the mean over the classes that occur, with equal weight.",
        "![Confusion matrix: percent of each true class](plots/confusion.png)",
        "## Users, worst first",
        _user_table(judgement),
        "![Macro-F1 of each user](plots/users.png)",
        "## Calibration",
        _calibration_table(judgement),
        "![Reliability diagram](plots/reliability.png)",
    ]
    for key, rows in tables.items():
        parts += [f"## {TITLES.get(key, _name(key).capitalize())}", _rows_table(rows)]
    if "tsne_activity" in figures:
        parts += [
            "## Features",
            "t-SNE keeps neighbours together; the sizes of clusters and the distances between them mean nothing.",
            "![t-SNE of the features, coloured by activity](plots/tsne_activity.png)",
            "![t-SNE of the features, coloured by user](plots/tsne_user.png)",
        ]
    return "\n\n".join(parts) + "\n"


def _headline(judgement: Judgement) -> str:
    scores, calibration = judgement.scores, judgement.calibration
    rows = [
        ["accuracy", f"{percent(scores.accuracy)} %"],
        ["expected calibration error", f"{percent(calibration.ece)} %"],
        ["negative log likelihood", f"{calibration.negative_log_likelihood:.4f}"],
        ["windows", f"{scores.windows:,}"],
        ["users, all unseen in training", f"{len(judgement.users)}"],
    ]
    if judgement.interval is not None:
        words = f"users resampled {judgement.replicates:,} times, seed {judgement.seed}, 2.5th to 97.5th percentile"
        rows.append(["95 % interval", words])
    return markdown_table(["", ""], rows)


def _interval_words(judgement: Judgement) -> str:
    if judgement.interval is None:
        return "no interval: it needs more than one user"
    low, high = judgement.interval
    few = f", too narrow with fewer than {FEW_USERS} users" if len(judgement.users) < FEW_USERS else ""
    return f"95 % interval over users {percent(low)} to {percent(high)} %{few}"


def _class_table(scores: Scores) -> str:
    """The rows of the paper's Tables 5 to 7."""
    rows = [
        [row.label, percent(row.precision), percent(row.recall), percent(row.f1), f"{row.support:,}"]
        for row in scores.classes
    ]
    values = np.array([[row.precision, row.recall, row.f1] for row in scores.classes])
    support = np.array([row.support for row in scores.classes])
    occurs = support + np.array(scores.confusion).sum(axis=0) > 0
    windows = f"{scores.windows:,}"
    rows += [
        ["accuracy", "", "", percent(scores.accuracy), windows],
        ["macro average", *map(percent, values[occurs].mean(axis=0)), windows],
        ["weighted average", *map(percent, support @ values / scores.windows), windows],
    ]
    return markdown_table(["class", "precision (%)", "recall (%)", "F1 (%)", "support"], rows)


def _user_table(judgement: Judgement) -> str:
    rows = [
        [name, percent(user.macro_f1), percent(user.accuracy), f"{user.windows:,}", _main_error(user, judgement.labels)]
        for name, user in _worst_first(judgement)
    ]
    return markdown_table(["user", "macro-F1 (%)", "accuracy (%)", "windows", "most frequent error"], rows)


def _main_error(user: UserJudgement, labels: tuple[str, ...]) -> str:
    errors = np.array(user.confusion)
    np.fill_diagonal(errors, 0)
    if not errors.any():
        return "none"
    truth, guess = divmod(int(errors.argmax()), len(labels))
    return f"{labels[truth]} taken for {labels[guess]}: {errors[truth, guess]}"


def _calibration_table(judgement: Judgement) -> str:
    rows = [
        [
            f"{m / BINS:.2f} to {(m + 1) / BINS:.2f}",
            f"{entry.count:,}",
            percent(entry.confidence),
            percent(entry.accuracy),
        ]
        for m, entry in enumerate(judgement.calibration.bins)
        if entry.confidence is not None and entry.accuracy is not None
    ]
    return markdown_table(["confidence", "windows", "mean confidence (%)", "accuracy (%)"], rows)


def _worst_first(judgement: Judgement) -> list[tuple[str, UserJudgement]]:
    return sorted(judgement.users.items(), key=lambda item: (item[1].macro_f1, item[0]))


def _subject(document: dict[str, Any]) -> str:
    """What was evaluated, in a few words: "uci-har on hapt, groups:10"."""
    name = document.get("model") or document.get("recipe") or "model"
    words = f"{name} on {document['dataset']}" if document.get("dataset") else str(name)
    return f"{words}, {document['protocol']}" if document.get("protocol") else words


def _rows_table(rows: list[dict[str, Any]]) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return markdown_table(
        [_title(key) for key in keys], [[_text(key, row[key]) if key in row else "" for key in keys] for row in rows]
    )


def markdown_table(titles: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown; whatever is in a cell, it ends neither the cell nor the line."""
    lines = [titles, ["---"] * len(titles), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text_table(lines: list[list[str]]) -> list[str]:
    """Rows of cells, the titles first, as lines of text with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cell(text: str) -> str:
    """Text that ends neither a cell nor a line of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def _is_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, dict) for row in value)


def _is_score(key: str) -> bool:
    """Whether the numbers of this key are fractions, to be shown in percent."""
    return key in ("interval", "accuracy", "precision", "recall", "ece") or key.endswith("f1")


def _name(key: str) -> str:
    return NAMES.get(key, key.replace("macro_f1", "macro-F1").replace("_", " "))


def _title(key: str) -> str:
    return f"{_name(key)} (%)" if _is_score(key) else _name(key)


def _text(key: str, value: Any) -> str:
    """A value of the document for reading; scores in percent."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{_name(inner)} {_text(inner, item)}" for inner, item in value.items())
    if key == "interval" and isinstance(value, list | tuple):
        return " to ".join(_text(key, end) for end in value)
    if isinstance(value, list | tuple):
        return ", ".join(_text(key, item) for item in value)
    if isinstance(value, float | int) and _is_score(key):
        return percent(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and key in ("windows", "support") else str(value)


def json_text(value: Any, indent: str = "") -> str:
    """JSON with each list of plain values on one line, so that a confusion matrix reads as one."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(str(key), allow_nan=False)}: {json_text(item, inner)}" for key, item in value.items()]
        return _block("{}", rows, indent)
    if isinstance(value, list | tuple) and any(isinstance(item, dict | list | tuple) for item in value):
        return _block("[]", [json_text(item, inner) for item in value], indent)
    return json.dumps(value, allow_nan=False)


def _block(brackets: str, rows: list[str], indent: str) -> str:
    return brackets[0] + ",".join(f"\n{indent} {row}" for row in rows) + f"\n{indent}{brackets[1]}"
