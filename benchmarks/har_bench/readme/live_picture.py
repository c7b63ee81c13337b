"""Takes the README's picture of the live page: a real browser shows a simulated wearer.

    python -m har_bench.readme.live_picture --out runtime/assets/live.png
    python -m har_bench.readme.live_picture --out phone.png --width 390 --dark

The wearer's minutes are classified as fast as possible; their answers are then dated as if they were live.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from har_bench.readme.browser import PATIENCE_S, open_browser, set_view
from har_bench.script import run_script, script_parser
from har_runtime.answers.answer import Answer
from har_runtime.files import write_bytes
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.sinks import StreamInfo
from har_runtime.sinks.live.sink import LiveSink
from har_runtime.sources import open_source
from har_runtime.stream import run_stream

SECONDS = 420
DRAWN_MS = 800
"""Time until charts and bars have their final size."""
SOURCE = f"simulated:?seed=0&seconds={SECONDS}&speed=max"


class _Kept:
    """Keeps every answer."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def write(self, answer: Answer) -> None:
        self.answers.append(answer)

    def close(self) -> None:
        """Nothing to close."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("readme.live_picture", "Take a picture of the live page in headless Chromium.")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    parser.add_argument("--width", type=int, default=1280, help="of the screen, pixels (default: 1280)")
    parser.add_argument("--dark", action="store_true", help="in dark mode")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    write_bytes(options.out, picture(options.width, options.dark))
    return 0


def picture(width: int, dark: bool) -> bytes:
    """The whole page as PNG.

    Raises:
        SourceError: the browser or Bokeh is not installed.
    """
    from selenium.webdriver.support.wait import WebDriverWait

    model = load_model("waist")
    source, kept = open_source(SOURCE), _Kept()
    run_stream(Recognizer(model), source, [kept])
    page = LiveSink("127.0.0.1", 0, None, StreamInfo(model.card, source.description, source.report))
    try:
        with tempfile.TemporaryDirectory() as profile:
            browser = open_browser(Path(profile))
            try:
                set_view(browser, width, 800, dark)
                browser.get(page.url)
                begin_s = time.time() - SECONDS
                for answer in kept.answers:
                    page.write(_dated(answer, begin_s))
                WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05).until(
                    lambda _: browser.execute_script("return document.getElementById('status').dataset.state == 'live'")
                )
                height = browser.execute_script("return document.documentElement.scrollHeight")
                set_view(browser, width, height, dark)
                browser.execute_async_script(f"setTimeout(arguments[0], {DRAWN_MS})")
                return browser.get_screenshot_as_png()
            finally:
                browser.quit()
    finally:
        page.close()


def _dated(answer: Answer, begin_s: float) -> Answer:
    """The answer as if the wearer had started at `begin_s`, seconds since 1970."""
    return replace(
        answer,
        unix_s=begin_s + answer.prediction.end_s,
        events=tuple(replace(event, unix_s=begin_s + event.sensor_s) for event in answer.events),
        totals=replace(answer.totals, since_unix_s=begin_s),
    )


if __name__ == "__main__":
    sys.exit(main())
