"""`jsonl:FILE` - appends one line of JSON for each window; `jsonl:-` writes to standard output.

Options: rotate=day|10MB, keep=N, sync=SECONDS, every=answer|change.
"""

import json
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.answers.row import row_of
from har_runtime.sinks.base import RecordSink, StreamInfo
from har_runtime.sinks.files.changes import ChangeSink
from har_runtime.sinks.files.sink import LineFormat, open_lines
from har_runtime.uri import Uri, one_of

EVERY = ("answer", "change")
PREFIX = b'{"unix_s": '
"""Of rows of every version: a file may have several, as each line says its own."""


def open_jsonl(uri: Uri, info: StreamInfo) -> RecordSink[Any]:
    """The sink of a `jsonl:` URI."""
    every = uri.option("every", one_of(EVERY), EVERY[0])
    lines = open_lines(uri, jsonl_format(info.card.labels), "every")
    return lines if every == EVERY[0] else ChangeSink(lines, info.card.labels)


def jsonl_format(labels: tuple[str, ...]) -> LineFormat:
    """JSON objects with the keys of `row_of`.

    Args:
        labels: the card's.
    """

    def line(answer: Answer) -> bytes:
        return json.dumps(row_of(answer, labels), allow_nan=False).encode() + b"\n"

    return LineFormat(line, PREFIX)
