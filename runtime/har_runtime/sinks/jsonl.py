"""`jsonl:FILE` - one JSON object a line for each window, appended; `jsonl:-` writes to standard output."""

import errno
import io
import json
import os
import sys

from har_runtime.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.row import row_of
from har_runtime.sinks.base import StreamInfo
from har_runtime.uri import Uri


def open_jsonl(uri: Uri, info: StreamInfo) -> "JsonLines":
    """The sink of a `jsonl:` URI."""
    uri.only()
    if not uri.target:
        raise SourceError("jsonl: needs a file, such as jsonl:day.jsonl")
    return JsonLines(uri.target, info)


class JsonLines:
    """Writes each answer as a whole line at once, so that a power cut or a full disk leaves no half of one."""

    def __init__(self, target: str, info: StreamInfo):
        self._labels = info.card.labels
        self._target = target
        self._file: io.FileIO | None = None
        if target != "-":
            try:
                self._file = io.FileIO(target, "a")
            except OSError as error:
                raise self._failed(error) from error

    def write(self, answer: Answer) -> None:
        line = json.dumps(row_of(answer, self._labels)) + "\n"
        if self._file is None:
            sys.stdout.write(line)
            sys.stdout.flush()
            return
        data = line.encode()
        try:
            written = self._file.write(data)
            if written != len(data):  # The disk filled up in the middle of the line: take it back.
                self._file.truncate(self._file.tell() - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _failed(self, error: OSError) -> SourceError:
        return SourceError(f"jsonl:{self._target}: cannot be written ({error.strerror})")
