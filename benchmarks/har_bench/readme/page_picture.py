"""Takes the READMEs' picture of the page of `har-export page`: Chromium, on a screen of a phone's size.

    python -m har_bench.readme.page_picture --node-modules node_modules --out export/assets/page.png

A simulated wearer's minutes go to the page as motion events, faster than real time: the page's clock and the times of
the events are set to those of the wearer.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from har_bench.readme.browser import PATIENCE_S, open_browser, served, set_view
from har_bench.script import run_script, script_parser
from har_export.page import make_page
from har_runtime.files import write_bytes
from har_runtime.model.load import DEFAULT_MODEL
from har_runtime.sources import open_source

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

SECONDS = 240
SOURCE = f"simulated:?seed=0&seconds={SECONDS}&speed=max"
SIZE = 390, 844
PLAYING_S = 300
"""How long the wearer's minutes may take, on a busy machine."""
GAP = 24
"""Between the two screens, and around them, CSS pixels."""
CLOCK = "const real = Date.now; window.ahead = 0; Date.now = () => real() + window.ahead;"
PLAY = """
const [rows, done] = arguments;
const began = performance.now();
let next = 0;
const some = () => {
    for (const end = Math.min(next + 50, rows.length); next < end; next++) {
        const [ms, x, y, z, alpha, beta, gamma] = rows[next];
        const reading = { accelerationIncludingGravity: { x, y, z }, rotationRate: { alpha, beta, gamma } };
        const event = new DeviceMotionEvent('devicemotion', reading);
        Object.defineProperty(event, 'timeStamp', { value: began + ms });
        window.ahead = ms - (performance.now() - began);
        dispatchEvent(event);
    }
    if (next < rows.length) setTimeout(some, 20);
    else setTimeout(done, 600);
};
some();
"""
"""Gives the page rows of milliseconds, m/s^2 and deg/s."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("readme.page_picture", "Take a picture of the page of har-export page in headless Chromium.")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    parser.add_argument(
        "--node-modules", type=Path, default=Path("node_modules"), help="where npm has installed the web runtime"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    write_bytes(options.out, picture(options.node_modules))
    return 0


def picture(node_modules: Path) -> bytes:
    """The page as PNG: on a phone in light mode, and further down in dark mode beside it.

    Raises:
        SourceError: the browser is not installed.
        DataError: the web runtime is not installed.
    """
    from selenium.webdriver.support.wait import WebDriverWait

    with tempfile.TemporaryDirectory() as place:
        make_page(DEFAULT_MODEL, Path(place) / "site", node_modules)
        browser = open_browser(Path(place) / "profile")
        try:
            browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": CLOCK})
            set_view(browser, *SIZE, scale=2)
            browser.set_script_timeout(PLAYING_S)
            with served(Path(place) / "site") as url:
                browser.get(url)
                WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05).until(
                    lambda _: browser.execute_script("return document.getElementById('status').textContent == 'ready'")
                )
                browser.execute_script("document.getElementById('start').click()")
                browser.execute_async_script(PLAY, wearer_rows())
                screens = [_screen(browser, dark, top) for dark, top in ((False, "now"), (True, "probabilities"))]
        finally:
            browser.quit()
    return side_by_side(screens)


def wearer_rows() -> list[list[float]]:
    """What a page would read: milliseconds, acceleration with gravity, m/s^2, and angular rate, deg/s."""
    chunks = list(open_source(SOURCE))
    times, acc, gyro = (
        np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("times_ns", "acc", "gyro")
    )
    return np.column_stack([(times - times[0]) / 1e6, acc.round(1), np.degrees(gyro).round(1)]).tolist()


def _screen(browser: "WebDriver", dark: bool, top: str) -> bytes:
    """What the screen shows from the section with this id on."""
    set_view(browser, *SIZE, dark, scale=2)
    scroll = "scrollTo(0, document.getElementById(arguments[0]).offsetTop - 12); setTimeout(arguments[1], 100)"
    if top == "now":
        scroll = "scrollTo(0, 0); setTimeout(arguments[1], 100)"
    browser.execute_async_script(scroll, top)
    return browser.get_screenshot_as_png()


def side_by_side(screens: list[bytes]) -> bytes:
    """Pictures beside each other on grey, as PNG."""
    from matplotlib import image

    arrays = [image.imread(io.BytesIO(screen))[..., :3] for screen in screens]
    height, width = arrays[0].shape[:2]
    gap = 2 * GAP
    whole = np.full((height + 2 * gap, len(arrays) * (width + gap) + gap, 3), 0.6)
    for number, array in enumerate(arrays):
        left = gap + number * (width + gap)
        whole[gap : gap + height, left : left + width] = array
    out = io.BytesIO()
    image.imsave(out, whole, format="png")
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
