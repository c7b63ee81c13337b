"""Measures the page of `har-export page` in headless Chromium: its size, how soon it answers, how long a window takes.

python -m har_bench.readme.page_speed --node-modules node_modules --out benchmarks/results/page_speed.json
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from har_bench.readme.browser import PATIENCE_S, add_motion_sensors, open_browser, served, set_view
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_export.page import make_page
from har_runtime.model.load import DEFAULT_MODEL

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

OPENINGS = 5
START = """
const done = arguments[0];
const began = performance.now();
addEventListener('answer', () => done((performance.now() - began) / 1000), { once: true });
document.getElementById('start').click();
"""
"""Presses Start; the result is the time to the first answer, s."""
RESULT = """
const done = arguments[0];
const create = URL.createObjectURL;
URL.createObjectURL = (blob) => {
    blob.text().then((text) => done(JSON.parse(text)));
    return create.call(URL, blob);
};
document.getElementById('measure').click();
"""
"""Presses Measure; the result is what the page offers to save."""
CONTROL = """
const [count, ms, done] = arguments;
const loop = (steps) => {
    const began = performance.now();
    let sum = 0;
    for (let step = 1; step <= steps; step++) sum += 1 / step;
    return sum > 0 ? performance.now() - began : NaN;
};
loop(1e6);
const best = Math.min(...Array.from({ length: 20 }, () => loop(1e6)));
const steps = Math.round(1e6 * ms / best);
done(Array.from({ length: count }, () => loop(steps)));
"""
"""Times as many loops of a given length: what the machine adds to whatever runs on it; the result is ms of each."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("readme.page_speed", "Measure the page of har-export page in headless Chromium.", "out")
    parser.add_argument(
        "--node-modules", type=Path, default=Path("node_modules"), help="where npm has installed the web runtime"
    )
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    write_and_print(options.out, measure(options.node_modules))
    return 0


def measure(node_modules: Path) -> dict[str, Any]:
    """Sizes in bytes, times in seconds, and the latency of a window as the page itself measures it.

    Raises:
        SourceError: the browser is not installed.
        DataError: the web runtime is not installed.
    """
    with tempfile.TemporaryDirectory() as place:
        content = make_page(DEFAULT_MODEL, Path(place) / "site", node_modules)
        browser = open_browser(Path(place) / "profile")
        try:
            add_motion_sensors(browser)
            set_view(browser, 390, 844)
            with served(Path(place) / "site") as url:
                ready, first = zip(*(_opened(browser, url) for _ in range(OPENINGS)), strict=True)
                bench = browser.execute_async_script(RESULT)
                run = bench["runs"][0]
                control = browser.execute_async_script(CONTROL, run["windows"], run["latency_us"]["p50"] / 1e3)
            chromium = browser.capabilities["browserVersion"]
        finally:
            browser.quit()
    return {
        "browser": f"Chromium {chromium}",
        "model": DEFAULT_MODEL,
        "site_bytes": sum(map(len, content.values())),
        "site_bytes_without_runtime": sum(
            len(data) for name, data in content.items() if not name.startswith("litert/")
        ),
        "seconds_until_ready": [*ready],
        "seconds_from_start_to_answer": [*first],
        "median_seconds_until_ready": statistics.median(ready),
        "median_seconds_from_start_to_answer": statistics.median(first),
        "latency_us": run["latency_us"],
        "control_us": {f"p{percent}": 1e3 * float(np.percentile(control, percent)) for percent in (50, 90, 99)},
        "windows": run["windows"],
        "litert": run["version"],
        "noise": bench["noise"],
    }


def _opened(browser: "WebDriver", url: str) -> tuple[float, float]:
    """Load the page; returns the time until the model is ready, and from Start to the first answer, s."""
    from selenium.webdriver.support.wait import WebDriverWait

    browser.get(url)
    WebDriverWait(browser, PATIENCE_S, poll_frequency=0.02).until(
        lambda _: browser.execute_script("return document.getElementById('status').textContent == 'ready'")
    )
    ready = browser.execute_script("return performance.getEntriesByName('ready')[0].startTime / 1000")
    first = browser.execute_async_script(START)
    browser.execute_script("document.getElementById('start').click()")
    return ready, first


if __name__ == "__main__":
    sys.exit(main())
