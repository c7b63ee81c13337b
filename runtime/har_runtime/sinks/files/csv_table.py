"""`csv:FILE` - one row for each window, appended; `csv:-` writes to standard output.

The columns are the plain values of `row_of`, and two for each label: probability_LABEL is the model's for this window
alone, smoothed_LABEL what it is after smoothing. Options: rotate=day|10MB, keep=N, sync=SECONDS.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.answers.row import row_of
from har_runtime.sinks.base import RecordSink, StreamInfo
from har_runtime.sinks.files.sink import LineFormat, open_lines
from har_runtime.uri import Uri

PLAIN = (
    "unix_s",
    "start_s",
    "end_s",
    "segment",
    "activity",
    "confidence",
    "reason",
    "label",
    "raw_confidence",
    "truth",
)


def open_csv(uri: Uri, info: StreamInfo) -> RecordSink[Any]:
    """The sink of a `csv:` URI."""
    return open_lines(uri, csv_lines(info.card.labels))


def csv_lines(labels: tuple[str, ...]) -> LineFormat:
    """Comma-separated rows under a header.

    Args:
        labels: the card's.
    """
    header = _line([*PLAIN, *(f"probability_{label}" for label in labels), *(f"smoothed_{label}" for label in labels)])

    def line(answer: Answer) -> bytes:
        row = row_of(answer, labels)
        return _line(
            [*(row.get(name, "") for name in PLAIN), *row["probabilities"].values(), *row["smoothed"].values()]
        )

    return LineFormat(line, header, header)


def _line(cells: Iterable[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
