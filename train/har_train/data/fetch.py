"""Downloads data sets from their official addresses; an interrupted download is resumed, never left half done."""

import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pooch
import requests
from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

from har_runtime.errors import DataError, HarError
from har_train.datasets.archive import DAMAGE
from har_train.datasets.base import DataSet, Download
from har_train.progress import print_line, progress_bar

BLOCK = 1 << 14
"""Bytes written at a time, and lost at most if the connection breaks."""
TIMEOUT_S = (10, 60)
"""Seconds to connect, and between two blocks."""


def fetch(dataset: DataSet, out: Path) -> list[Path]:
    """Download the files of a data set into the folder `out`, with the progress on stderr.

    A file that exists is kept. A partial file (`NAME.part`, left by a broken connection or Ctrl-C) is continued if the
    server can do that, otherwise the download starts again.

    Raises:
        DataError: the data set is only given on request, is the user's own, is no longer at its address, the download
            is not the official file, or another file has its name.
        HarError: the connection broke, or `out` cannot be written to.
    """
    if dataset.registration is not None:
        raise DataError(f"{dataset.name} cannot be downloaded directly: {dataset.registration}; page: {dataset.page}")
    if not dataset.downloads:
        raise DataError(f"{dataset.name} is {dataset.title}: nothing to fetch; {dataset.page} describes their layout")
    return [_fetch_file(download, out, dataset.page) for download in dataset.downloads]


def _fetch_file(download: Download, out: Path, page: str) -> Path:
    target = out / download.file
    if target.exists():
        if download.sha256 is not None and pooch.file_hash(str(target)) != download.sha256:
            raise DataError(f"{target}: exists, but is not the official file; move it away to download that")
        return target
    pooch.get_logger().setLevel("WARNING")
    part = out / f"{download.file}.part"
    with progress_bar(DownloadColumn(), TransferSpeedColumn()) as progress:
        print_line(progress, f"downloading {download.url}")
        downloader = ResumingDownload(part, progress, must_be_zip=download.sha256 is None)
        try:
            pooch.retrieve(download.url, download.sha256, fname=download.file, path=out, downloader=downloader)
        except requests.HTTPError as error:
            answer = str(error).partition(" for url")[0]  # "404 Client Error: Not Found"
            raise DataError(f"{download.url}: the server answered {answer}; see {page} for where it is now") from error
        except requests.RequestException as error:
            come = part.stat().st_size / 1e6 if part.exists() else 0.0
            raise HarError(
                f"{download.url}: the connection failed after {come:.1f} MB ({_reason(error)}); run the same command "
                "again to continue from there"
            ) from error
        except ValueError as error:  # Pooch raises it for another hash, and has deleted the file.
            raise DataError(
                f"{download.url}: the download is not the official file (its sha256 differs) and was deleted; try "
                f"again, or see {page}"
            ) from error
        except OSError as error:
            raise HarError(f"{target}: cannot be written ({error.strerror or error})") from error
    return target


class ResumingDownload:
    """A downloader for pooch that keeps what it has received in `part`, and asks the server for the rest (HTTP Range).

    pooch passes a new temporary file each time, which gets the content when it is complete.
    """

    def __init__(self, part: Path, progress: Progress, must_be_zip: bool):
        self._part = part
        self._progress = progress
        self._must_be_zip = must_be_zip

    def __call__(self, fname: str, action: Any, pooch: Any, *, check_only: bool | None = None) -> None:
        """Parameter names are those of pooch's protocol; it passes the URL and the temporary file."""
        url, output_file = fname, action
        answer, begin = self._ask(url)
        with answer:
            answer.raise_for_status()
            length = answer.headers.get("Content-Length")
            total = begin + int(length) if length is not None else None
            bar = self._progress.add_task(self._part.stem, total=total, completed=begin)
            with self._part.open("ab" if begin else "wb") as file:
                for block in answer.iter_content(BLOCK):
                    file.write(block)
                    self._progress.advance(bar, len(block))
            come = self._part.stat().st_size
            if total is not None and come != total:
                raise requests.ConnectionError(f"{come} of {total} bytes")
        if self._must_be_zip:
            self._check_zip(url)
        self._part.replace(output_file)

    def _ask(self, url: str) -> tuple[requests.Response, int]:
        """The server's answer, and the number of bytes of `part` that it continues from."""
        begin = self._part.stat().st_size if self._part.exists() else 0
        if begin:
            answer = self._get(url, {"Range": f"bytes={begin}-"})
            if answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
                return answer, begin
            if answer.status_code == 200:  # A server without support for ranges sends everything.
                return answer, 0
            answer.close()
        return self._get(url, {}), 0

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        # A range counts the bytes of the file, not those of a compressed transfer.
        headers = {"Accept-Encoding": "identity", **headers}
        return requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S)

    def _check_zip(self, url: str) -> None:
        try:
            with zipfile.ZipFile(self._part) as archive:
                broken = archive.testzip()
        except DAMAGE as error:
            broken = str(error)
        if broken is not None:
            with suppress(OSError):
                self._part.unlink()
            raise DataError(f"{url}: the download is not an intact zip ({broken}) and was deleted; try again") from None


def _reason(error: requests.RequestException) -> str:
    """The innermost of the exceptions that requests and urllib3 wrap into each other, shortened."""
    inner: BaseException = error
    while inner.args and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    return str(inner).split(": ")[-1][:80] or type(inner).__name__
