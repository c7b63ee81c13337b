"""The page with buttons in a real Chromium: a real har-stream records and learns by what is pressed there."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE_S, wait_for

from har_bench.readme.browser import set_view
from har_runtime.personal.profile import read_profile

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")

TOKEN = "not-easy-to-guess"


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", str, Path]]:
    """Run har-stream without a keyboard; gives the process, the page's address and what it says."""
    said = folder / "said.txt"
    command = [sys.executable, "-m", "har_runtime", *arguments]
    with said.open("w") as stderr:
        environment = {**os.environ, "HAREDGE_LIVE_TOKEN": TOKEN}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=environment)
    try:
        (address,) = wait_for(lambda: re.findall(r"page: (http://127\.0\.0\.1:\d+/)", said.read_text()))
        yield process, address, said
    finally:
        process.kill()
        process.wait(PATIENCE_S)


class Page:
    """The page on a phone's screen."""

    def __init__(self, browser: Any, url: str):
        set_view(browser, 390, 844)
        browser.get(f"{url}?token={TOKEN}")
        self._browser = browser

    def text(self, element: str) -> str:
        """The text of an element."""
        return self._browser.find_element("id", element).text

    def button(self, name: str) -> Any:
        """A button, once it is there."""
        path = f"//button[normalize-space()='{name}']"
        return wait_for(lambda: next(iter(self._browser.find_elements("xpath", path)), None))

    def is_pressed(self, name: str) -> bool:
        """Whether the page shows the label as that of now."""
        return self.button(name).get_attribute("aria-pressed") == "true"

    def errors(self) -> list[str]:
        """What the browser complains about, but for a har-stream that is gone."""
        logged = [line["message"] for line in self._browser.get_log("browser") if line["level"] == "SEVERE"]
        return [line for line in logged if "net::ERR_" not in line]


def test_a_recording_is_labelled_by_buttons(browser: Any, tmp_path: Path) -> None:
    options = ["--source", "simulated:?seed=1", "--labels", "walking,stairs_up", "--name", "a"]
    with started(tmp_path, "record", str(tmp_path / "anna"), *options, "--page", "live:127.0.0.1:0") as (
        process,
        url,
        _,
    ):
        page = Page(browser, url)
        assert browser.current_url == url  # The token does not stay in the address bar.
        wait_for(lambda: page.text("status") == "live")
        page.button("walking").click()
        wait_for(lambda: page.is_pressed("walking"))
        page.button("walking").click()  # A second press for the same thing changes nothing.
        wait_for(lambda: re.search(r"walking\s+[1-9]\d* s", page.text("seconds")))
        assert page.text("activity") == "walking" and page.is_pressed("walking")
        page.button("stairs up").click()
        wait_for(lambda: page.is_pressed("stairs up") and not page.is_pressed("walking"))
        page.button("undo").click()
        wait_for(lambda: page.text("activity") == "no label")
        page.button("end").click()
        assert process.poll() is None
        page.button("press again to end").click()
        wait_for(lambda: page.text("activity") == "ended")
        assert process.wait(PATIENCE_S) == 0
        assert page.errors() == []
    with (tmp_path / "anna" / "a.csv").open(newline="") as file:
        labels = [row["label"].strip() for row in csv.DictReader(file)]
    assert set(labels) == {"", "walking"} and labels.count("walking") >= 50


def test_prompts_count_down_on_the_page_and_one_is_skipped(browser: Any, tmp_path: Path) -> None:
    out = tmp_path / "anna.json"
    options = ["--source", "simulated:?seed=1", "--activities", "rowing,juggling", "--place", "waist", "--seconds", "4"]
    with started(tmp_path, "personalise", "--out", str(out), *options, "--page", "live:127.0.0.1:0") as (
        process,
        url,
        said,
    ):
        page = Page(browser, url)
        wait_for(lambda: page.text("activity") == "rowing" and re.fullmatch(r"in \d s", page.text("detail")))
        page.button("skip").click()
        wait_for(lambda: page.text("activity") == "juggling")
        assert "rowing: skipped" in page.text("lines")
        wait_for(lambda: re.fullmatch(r"now, [1-4] s", page.text("detail")))
        wait_for(lambda: page.text("activity") == "ended")
        assert re.search(r"anna\.json: juggling \d+ windows at the torso", page.text("lines"))
        assert process.wait(PATIENCE_S) == 0, said.read_text()
        assert page.errors() == []
    assert [one.label for one in read_profile(out).learnt] == ["juggling"]


def test_a_page_whose_har_stream_is_gone_says_so(browser: Any, tmp_path: Path) -> None:
    options = ["--source", "simulated:?seed=1", "--name", "a", "--page", "live:127.0.0.1:0"]
    with started(tmp_path, "record", str(tmp_path / "anna"), *options) as (process, url, _):
        page = Page(browser, url)
        wait_for(lambda: page.text("status") == "live")
        process.kill()
        wait_for(lambda: page.text("status") == "har-stream does not respond")
        page.button("walking").click()
        wait_for(lambda: page.text("problem").startswith("not pressed"))


def test_what_is_written_on_the_phone_is_text_on_the_page(browser: Any, tmp_path: Path) -> None:
    options = ["--source", "simulated:?seed=1", "--labels", "<img src=x onerror=alert(1)>,b", "--name", "a"]
    with started(tmp_path, "record", str(tmp_path / "anna"), *options, "--page", "live:127.0.0.1:0") as (_, url, _):
        page = Page(browser, url)
        page.button("<img src=x onerror=alert(1)>").click()
        wait_for(lambda: page.text("activity") == "<img src=x onerror=alert(1)>")
        assert browser.find_elements("tag name", "img") == [] and page.errors() == []
