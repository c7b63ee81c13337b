"""`csv:FILE` - appends one row for each window; `csv:-` writes to standard output.

The columns are the plain values of `row_of` (`place` only if the model tells places) without steps, so that tables of
earlier versions can be continued, and two for each label:
probability_LABEL after smoothing, window_probability_LABEL the model's for this window alone. Options:
rotate=day|10MB, keep=N, sync=SECONDS.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.answers.row import row_of
from har_runtime.model.card import ModelCard
from har_runtime.sinks.base import RecordSink, StreamInfo
from har_runtime.sinks.files.sink import LineFormat, open_lines
from har_runtime.uri import Uri

PLAIN = (
    "unix_s",
    "version",
    "start_s",
    "end_s",
    "segment",
    "activity",
    "confidence",
    "reason",
    "place",
    "window_label",
    "window_confidence",
    "truth",
)


def open_csv(uri: Uri, info: StreamInfo) -> RecordSink[Any]:
    """The sink of a `csv:` URI."""
    return open_lines(uri, csv_format(info.card))


def csv_format(card: ModelCard) -> LineFormat:
    """Comma-separated rows under a header, for the answers of one model."""
    labels, kinds = card.labels, ("probability", "window_probability")
    plain = [name for name in PLAIN if name != "place" or card.places]
    header = _line([*plain, *(f"{kind}_{label}" for kind in kinds for label in labels)])

    def line(answer: Answer) -> bytes:
        row = row_of(answer, labels)
        probabilities = [*row["probabilities"].values(), *row["window_probabilities"].values()]
        return _line([*(row.get(name, "") for name in plain), *probabilities])

    return LineFormat(line, header, header)


def _line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
