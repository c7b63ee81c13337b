"""Downloads from a local server that breaks the connection, does not support ranges, or has another file."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from tests.train.datasets.layouts import Stretch, uci_har_files, write_zip, zip_in_zip

from har_runtime.errors import DataError, HarError
from har_train.data.cli import main
from har_train.data.fetch import fetch
from har_train.datasets import DATASETS, DataSet, Download, find, load

OFFICIAL = np.random.default_rng(0).bytes(300_000)


@dataclass
class Server:
    """What the server does, and what it was asked."""

    content: bytes = OFFICIAL
    ranges: bool = True
    break_after: int | None = None
    """Bytes of one answer after which the connection breaks."""
    status: int = 200
    port: int = 0
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/data.zip"


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            if state.status != 200:
                self.send_error(state.status)
                return
            begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and state.ranges else 0
            if begin >= len(state.content) > 0:
                self.send_error(416)
                return
            body = state.content[begin:]
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(state.content) - 1}/{len(state.content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.break_after])

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def dataset(server: Server, sha256: str | None = hashlib.sha256(OFFICIAL).hexdigest()) -> DataSet:
    return replace(find("hapt"), downloads=(Download(server.url, "hapt.zip", sha256),))


def test_a_file_is_fetched_whole(server: Server, tmp_path: Path) -> None:
    assert fetch(dataset(server), tmp_path / "new") == [tmp_path / "new" / "hapt.zip"]
    assert (tmp_path / "new" / "hapt.zip").read_bytes() == OFFICIAL
    assert len(list((tmp_path / "new").iterdir())) == 1


@pytest.mark.parametrize("ranges", [True, False], ids=["with ranges", "without ranges"])
def test_a_broken_download_is_continued(server: Server, tmp_path: Path, ranges: bool) -> None:
    server.ranges, server.break_after = ranges, 100_000
    with pytest.raises(HarError, match=r"the connection failed after 0\.1 MB .*; run the same command again"):
        fetch(dataset(server), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["hapt.zip.part"]
    come = (tmp_path / "hapt.zip.part").stat().st_size
    assert 80_000 < come <= 100_000
    server.break_after = None
    fetch(dataset(server), tmp_path)
    assert (tmp_path / "hapt.zip").read_bytes() == OFFICIAL
    assert [file.name for file in tmp_path.iterdir()] == ["hapt.zip"]
    assert server.asked == [None, f"bytes={come}-"]


def test_a_part_as_long_as_the_file_or_longer_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "hapt.zip.part").write_bytes(b"x" * 400_000)
    fetch(dataset(server), tmp_path)
    assert (tmp_path / "hapt.zip").read_bytes() == OFFICIAL
    assert server.asked == ["bytes=400000-", None]


def test_another_file_than_the_official_one_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = OFFICIAL[::-1]
    with pytest.raises(DataError, match=r"is not the official file .* and was deleted; try again, or see https://arch"):
        fetch(dataset(server), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("status", "words"), [(404, "404 Client Error: Not Found"), (503, "503 Server Error: Service Unavailable")]
)
def test_an_error_of_the_server_is_reported_with_the_official_page(server, tmp_path, status, words) -> None:
    server.status = status
    (tmp_path / "hapt.zip.part").write_bytes(OFFICIAL[:1000])
    with pytest.raises(DataError, match=rf"data\.zip: the server answered {words}; see https://archive\.ics"):
        fetch(dataset(server), tmp_path)
    assert (tmp_path / "hapt.zip.part").read_bytes() == OFFICIAL[:1000]
    assert not (tmp_path / "hapt.zip").exists()


def test_a_server_that_cannot_be_reached_is_one_line(server: Server, tmp_path: Path) -> None:
    nobody = Download("http://127.0.0.1:1/data.zip", "hapt.zip")
    with pytest.raises(HarError, match=r"the connection failed after 0\.0 MB") as caught:
        fetch(replace(dataset(server), downloads=(nobody,)), tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"<html>Please log in</html>", OFFICIAL], ids=["a web page", "noise"])
def test_without_a_known_checksum_it_must_at_least_be_a_zip(server: Server, tmp_path: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(DataError, match=r"the download is not an intact zip \(.*\) and was deleted"):
        fetch(dataset(server, sha256=None), tmp_path)
    assert not list(tmp_path.iterdir())


def test_parts_of_two_versions_of_a_file_are_not_joined(server: Server, tmp_path: Path) -> None:
    versions = [
        write_zip(tmp_path / str(seed), {"a.bin": np.random.default_rng(seed).bytes(200_000)}) for seed in (1, 2)
    ]
    old, server.content = (version.read_bytes() for version in versions)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "hapt.zip.part").write_bytes(old[:100_000])
    with pytest.raises(DataError, match="not an intact zip"):
        fetch(dataset(server, sha256=None), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    fetch(dataset(server, sha256=None), tmp_path / "out")
    assert (tmp_path / "out" / "hapt.zip").read_bytes() == server.content


def test_an_existing_file_is_kept_and_never_overwritten_by_the_official_one(server, tmp_path) -> None:
    (tmp_path / "hapt.zip").write_bytes(OFFICIAL)
    assert fetch(dataset(server), tmp_path) == [tmp_path / "hapt.zip"]
    (tmp_path / "hapt.zip").write_bytes(b"my own")
    with pytest.raises(DataError, match=r"hapt\.zip: exists, but is not the official file; move it away"):
        fetch(dataset(server), tmp_path)
    assert (tmp_path / "hapt.zip").read_bytes() == b"my own"
    assert not server.asked


def test_a_folder_that_cannot_be_written_to_is_one_line(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(HarError, match=r"hapt\.zip: cannot be written"):
        fetch(dataset(server), tmp_path / "file")


def test_the_command_prints_the_terms_and_its_download_can_be_loaded(server, tmp_path, monkeypatch, capsys) -> None:
    files = uci_har_files({"train": [Stretch(1, (5, 5))], "test": [Stretch(2, (4,))]})
    inner = write_zip(tmp_path / "UCI HAR Dataset.zip", files, "UCI HAR Dataset/")
    server.content = zip_in_zip(tmp_path / "outer", "UCI HAR Dataset.zip", inner).read_bytes()
    monkeypatch.setitem(DATASETS, "uci-har", replace(find("uci-har"), downloads=(Download(server.url, "uci-har.zip"),)))
    assert main(["fetch", "uci-har", "--out", str(tmp_path / "data"), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["files"] == [str(tmp_path / "data" / "uci-har.zip")]
    assert "licence: CC BY 4.0" in printed.err
    assert "cite: Anguita" in printed.err
    assert [recording.user for recording in load("uci-har", tmp_path / "data")] == ["uci-har-01", "uci-har-02"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mobiact", "cannot be downloaded directly: ask the Biomedical Informatics Lab"),
        ("csv-folder", "your own recordings: nothing to fetch; train/DATA.md describes"),
        ("hpat", "unknown data set 'hpat'"),
    ],
)
def test_data_that_cannot_be_fetched_is_reported(name: str, words: str, tmp_path: Path, capsys) -> None:
    assert main(["fetch", name, "--out", str(tmp_path / "out")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
