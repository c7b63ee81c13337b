"""The live page as people see it: a real browser shows the page of a real har-stream with a simulated wearer."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.runtime import fake_model
from tests.waiting import PATIENCE_S, wait_for

from har_bench.readme.browser import set_view
from har_runtime.answers.palette import COLOURS
from har_runtime.model.load import load_model
from har_runtime.sinks import StreamInfo, open_sink
from har_runtime.sinks.live.sink import LiveSink
from har_runtime.sources.base import SourceReport

pytest.importorskip("bokeh", reason="needs pip install 'haredge[web]'")

VIEWERS = 2
"""Few, so that a test soon shows who takes a place: the browser, and whoever asks for `news`."""
LABELS = load_model("waist").card.labels


@dataclass
class Stream:
    """A running har-stream that shows its answers on a page and writes them to a file."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stream]:
    with started(tmp_path_factory.mktemp("stream") / "day.jsonl") as running:
        yield running


@contextmanager
def started(log: Path) -> Iterator[Stream]:
    """Run har-stream at 8x real time."""
    command = (
        "from har_runtime.cli.stream import main; from har_runtime.web import page_server; "
        f"page_server.VIEWERS = {VIEWERS}; main()"
    )
    sinks = ["--sink", f"jsonl:{log}", "--sink", "live:127.0.0.1:0"]
    arguments = ["--model", "waist", "--source", "simulated:?seed=0&speed=8", *sinks]
    messages = log.with_suffix(".stderr")
    with messages.open("w") as stderr:
        process = subprocess.Popen([sys.executable, "-c", command, *arguments], stderr=stderr)
    try:
        address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+/", messages.read_text()))
        yield Stream(process, address[0], log)
    finally:
        process.kill()
        process.wait(PATIENCE_S)


@pytest.fixture
def page(browser: Any, stream: Stream) -> Any:
    """The page with an answer, on a desktop screen; it is loaded only if the browser does not show it already."""
    set_view(browser, 1280, 800)
    if browser.current_url != stream.url:
        browser.get(stream.url)
    wait_for(lambda: activity(browser) in LABELS)
    return browser


def activity(page: Any) -> str:
    """The activity on the page, as a label."""
    text = page.execute_script("return document.getElementById('activity').textContent")
    return text.replace(" ", "_")


def run(page: Any, expression: str) -> Any:
    return page.execute_script(f"return {expression}")


def text(page: Any, element: str) -> str:
    return run(page, f"document.getElementById('{element}').textContent")


def colour(page: Any, selector: str, name: str) -> tuple[float, ...]:
    """A computed CSS colour as red, green and blue, 0 to 255."""
    value = run(page, f"getComputedStyle(document.querySelector('{selector}')).getPropertyValue('{name}')")
    return tuple(map(float, re.findall(r"[\d.]+", value)))[:3]


def luminance(rgb: tuple[float, ...]) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_page_follows_the_wearer(page: Any, stream: Stream) -> None:
    followed: set[str] = set()

    def agrees() -> bool:
        shown = activity(page)
        if shown == stream.rows()[-1]["activity"]:
            followed.add(shown)
        return len(followed) >= 3

    wait_for(agrees)
    assert followed <= set(LABELS)


def test_every_part_of_the_page_is_filled(page: Any, stream: Stream) -> None:
    wait_for(lambda: run(page, "document.querySelectorAll('#totals tr').length") >= 2)
    wait_for(lambda: run(page, "document.querySelectorAll('#events time').length") >= 2)
    assert text(page, "status") == "live"
    assert "50.0 Hz" in text(page, "readings")
    assert re.fullmatch(r"\d+ %", text(page, "percent"))
    drawn = run(
        page,
        """Bokeh.documents.map(doc => {
            const data = doc.get_model_by_name('source').data;
            return [doc.roots()[0].name, Math.min(...Object.values(data).map(column => column.length))];
        })""",
    )
    assert {name for name, points in drawn if points >= 3} == {"acceleration", "rotation", "probabilities", "timeline"}


def test_the_browser_requests_nothing_from_elsewhere(browser: Any, stream: Stream) -> None:
    browser.get_log("performance")
    browser.get(stream.url)
    wait_for(lambda: activity(browser) in LABELS)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert any("/state?" in url for url in urls)
    assert {url for url in urls if not url.startswith((stream.url, "data:"))} == set()


def test_the_page_loads_without_warnings_in_the_browser(page: Any, stream: Stream) -> None:
    page.get_log("browser")
    page.get(stream.url)
    wait_for(lambda: activity(page) in LABELS)
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")] == []


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_everything_without_horizontal_scrolling(page: Any, width: int) -> None:
    set_view(page, width, 844)
    wait_for(lambda: run(page, "innerWidth") == width)
    wait_for(lambda: run(page, "document.documentElement.scrollWidth") <= width)
    edges = run(
        page, "[...document.querySelectorAll('main *')].map(part => [part.id, part.getBoundingClientRect().right])"
    )
    assert [edge for edge in edges if edge[1] > width] == []


def test_the_activity_can_be_read_across_a_room(page: Any) -> None:
    assert run(page, "parseFloat(getComputedStyle(document.getElementById('activity')).fontSize)") >= 96
    set_view(page, 390, 844)
    assert run(page, "parseFloat(getComputedStyle(document.getElementById('activity')).fontSize)") >= 48


def test_dark_mode_darkens_the_page_and_its_charts_at_once(page: Any) -> None:
    labels = "Bokeh.documents[0].roots()[0].below[0].major_label_text_color"
    assert luminance(colour(page, "body", "background-color")) > 0.8
    light = run(page, labels)
    set_view(page, 1280, 800, dark=True)
    assert luminance(colour(page, "body", "background-color")) < 0.05
    assert luminance(colour(page, "section", "background-color")) < 0.05
    assert wait_for(lambda: run(page, labels) != light)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("selector", ["#activity", "#detail", "#status", "dt", "#source", "h3", "small"])
def test_text_has_enough_contrast(page: Any, selector: str, dark: bool) -> None:
    set_view(page, 1280, 800, dark)
    text = luminance(colour(page, selector, "color"))
    outside = selector in ("#status", "#source")
    background = luminance(colour(page, "body" if outside else "section", "background-color"))
    assert (max(text, background) + 0.05) / (min(text, background) + 0.05) >= 4.5  # WCAG 2.2, AA.


def test_screen_readers_announce_the_activity_and_describe_the_charts(page: Any) -> None:
    assert run(page, "document.documentElement.lang") == "en"
    assert run(page, "document.getElementById('activity').getAttribute('aria-live')") == "polite"
    assert run(page, "[...document.querySelectorAll('section')].every(part => part.getAttribute('aria-labelledby'))")
    assert run(page, "[...document.querySelectorAll('[role=img]')].map(part => part.ariaLabel.length > 10)") == 4 * [
        True
    ]
    levels = run(page, "[...document.querySelectorAll('h1, h2, h3')].map(title => Number(title.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    meter = "document.getElementById('meter').getAttribute('aria-valuenow')"
    assert run(page, f"{meter} + ' %' == document.getElementById('percent').textContent")


def test_events_that_have_not_changed_are_not_replaced(page: Any, stream: Stream) -> None:
    wait_for(lambda: run(page, "document.querySelectorAll('#events time').length") >= 2)
    page.execute_script(
        """const list = document.getElementById('events');
        let before = list.innerHTML;
        window.replaced = 0;
        new MutationObserver(() => {
            if (list.innerHTML === before) window.replaced += 1;
            before = list.innerHTML;
        }).observe(list, { childList: true });"""
    )
    known = news(stream)["number"]
    wait_for(lambda: news(stream)["number"] >= known + 20)
    assert run(page, "window.replaced") == 0


def test_a_browser_that_hangs_delays_neither_the_answers_nor_other_viewers(page: Any, stream: Stream) -> None:
    frozen = descendants(page.service.process.pid)
    assert frozen
    try:
        send(frozen, signal.SIGSTOP)
        before, known = len(stream.rows()), news(stream)["number"]
        wait_for(lambda: len(stream.rows()) >= before + 40)
        wait_for(lambda: news(stream)["number"] >= known + 40)
        ends = [row["end_s"] for row in stream.rows()]
        assert {round(after - before, 6) for before, after in itertools.pairwise(ends)} == {0.5}
    finally:
        send(frozen, signal.SIGCONT)
    wait_for(lambda: activity(page) == stream.rows()[-1]["activity"])
    assert text(page, "status") == "live"


def test_a_page_that_is_reloaded_counts_as_the_same_viewer(page: Any, stream: Stream) -> None:
    for _ in range(VIEWERS):
        page.get(stream.url)
        wait_for(lambda: activity(page) in LABELS)
    assert news(stream)["number"] > 0


@pytest.fixture
def places_sink(browser: Any) -> Iterator[LiveSink]:
    """The sink of a page of a model that tells places and families, which the browser shows on a desktop screen."""
    info = StreamInfo(fake_model.CARD, "a source of the test", SourceReport())
    sink = LiveSink("127.0.0.1", 0, None, info)
    set_view(browser, 1280, 800)
    browser.get(sink.url)
    wait_for(lambda: text(browser, "status") == "waiting for the sensor")
    try:
        yield sink
    finally:
        sink.close()


@pytest.fixture
def page_of_places(places_sink: LiveSink) -> Callable[..., None]:
    """Writes answers to these movements to that page."""

    def write(*parts: tuple[str, str, int], **options: Any) -> None:
        for answer in fake_model.answered(*parts, begin_s=time.time() - 60, **options):
            places_sink.write(answer)

    return write


def test_without_answers_the_activity_is_unavailable_until_the_next_one(
    page_of_places, places_sink: LiveSink, browser: Any
) -> None:
    places_sink.silence(time.time())
    wait_for(lambda: text(browser, "activity") == "unavailable")
    page_of_places(("walking", "thigh", 8))
    wait_for(lambda: text(browser, "activity") == "walking")
    assert text(browser, "status") == "live"
    places_sink.silence(time.time())
    wait_for(lambda: text(browser, "activity") == "unavailable")
    assert text(browser, "detail") == text(browser, "status")
    assert re.fullmatch(r"no answer since \d\d:\d\d:\d\d", text(browser, "status"))
    assert browser.title == "unavailable · har-stream"
    assert text(browser, "percent") == ""
    page_of_places(("walking", "thigh", 8))
    wait_for(lambda: text(browser, "activity") == "walking")
    assert text(browser, "percent").endswith(" %")


def test_the_code_for_a_phone_is_shown_while_there_are_no_answers(browser: Any) -> None:
    secret = "a-secret-of-the-sensor"
    info = StreamInfo(fake_model.CARD, "a web: source", SourceReport(), f"web://192.168.1.20:8443?token={secret}")
    sink = open_sink("live:127.0.0.1:0?token=a-secret-of-the-page&qr=on", info)
    assert isinstance(sink, LiveSink)
    hidden = "return document.getElementById('phone').hidden"
    try:
        browser.get(f"{sink.url}?token=a-secret-of-the-page")
        wait_for(lambda: run(browser, "document.getElementById('code').naturalWidth > 100"))
        wait_for(lambda: not browser.execute_script(hidden))
        assert secret not in browser.page_source
        for answer in fake_model.answered(("walking", "thigh", 8), begin_s=time.time() - 60):
            sink.write(answer)
        wait_for(lambda: browser.execute_script(hidden))
        sink.silence(time.time())
        wait_for(lambda: not browser.execute_script(hidden))
    finally:
        sink.close()


def test_a_family_is_shown_in_words_with_what_it_contains_and_with_its_colour(page_of_places, browser: Any) -> None:
    page_of_places(("walking", "thigh", 8), ("gait", "thigh", 8), smoothing="none")
    wait_for(lambda: text(browser, "activity") == "on foot")
    assert text(browser, "detail").startswith("walking or stairs up · for 7 s")
    assert browser.title == "on foot · har-stream"
    assert run(browser, "document.getElementById('now').style.getPropertyValue('--activity')") == COLOURS["on_foot"]
    rows = run(browser, "[...document.querySelectorAll('#totals tr')].map(row => row.textContent)")
    assert rows == ["walking4 s", "on foot4 s"]
    assert run(browser, "document.querySelector('#totals tr[aria-current] th').textContent") == "on foot"
    assert text(browser, "changes") == "0 steps · 0 changes of activity"
    legend = run(browser, "[...document.querySelectorAll('#legend li')].map(item => item.textContent)")
    assert legend == ["walking", "stairs up", "sitting", "standing", "lying", "unknown"]
    timeline = "Bokeh.documents.find(doc => doc.roots()[0].name === 'timeline').get_model_by_name('source').data"
    assert COLOURS["on_foot"] in run(browser, f"{timeline}.colour")
    assert "on foot" in run(browser, f"{timeline}.activity")


def test_the_place_is_shown_once_it_is_known(page_of_places, browser: Any) -> None:
    page_of_places(("walking", "thigh", 1))
    wait_for(lambda: "worn atnot known yet" in text(browser, "readings"))
    assert "worn at" not in text(browser, "detail")
    page_of_places(("walking", "thigh", 20))
    wait_for(lambda: "worn atthe thigh" in text(browser, "readings"))
    assert text(browser, "detail").endswith("worn at the thigh")


def test_a_phone_shows_families_and_place_without_horizontal_scrolling(page_of_places, browser: Any) -> None:
    set_view(browser, 320, 844)
    page_of_places(("walking", "thigh", 20), ("posture", "thigh", 8))
    wait_for(lambda: text(browser, "activity") == "still")
    assert text(browser, "detail").startswith("standing, sitting or lying · ")
    assert run(browser, "document.documentElement.scrollWidth") <= 320


def test_a_model_without_places_shows_none(page: Any) -> None:
    assert "worn at" not in text(page, "readings") + text(page, "detail")


@pytest.mark.slow
def test_the_page_says_when_har_stream_has_ended(browser: Any, tmp_path: Path) -> None:
    with started(tmp_path / "day.jsonl") as stream:
        browser.get(stream.url)
        wait_for(lambda: activity(browser) in LABELS)
        stream.process.send_signal(signal.SIGTERM)
        wait_for(lambda: text(browser, "status") == "har-stream is not responding")
        wait_for(lambda: text(browser, "activity") == "unavailable")
        assert run(browser, "document.getElementById('status').dataset.state") == "lost"


def news(stream: Stream) -> dict[str, Any]:
    """What another viewer receives."""
    with urllib.request.urlopen(f"{stream.url}state?viewer=another", timeout=PATIENCE_S) as response:
        return json.load(response)


def send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, directly or indirectly: Chromium, but not its driver."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2]
            except OSError:
                continue  # It has just ended.
            parents[int(entry.name)] = int(after_name.split()[1])
    found, newest = [], [pid]
    while newest:
        newest = [child for child, parent in parents.items() if parent in newest]
        found += newest
    return found
