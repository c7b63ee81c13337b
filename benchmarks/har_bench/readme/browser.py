"""A headless Chromium without requests of its own, for the pictures and tests of the pages."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from har_runtime.errors import SourceError

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
PATIENCE_S = 60
"""How long a page or script may take."""


def open_browser(profile: Path) -> "WebDriver":
    """Start Chromium with an empty profile folder; the caller quits it.

    Its log "performance" contains every request.

    Raises:
        SourceError: Chromium, its driver or selenium is not installed.
    """
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise SourceError("Chromium is not installed; apt install chromium chromium-driver")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise SourceError("selenium is not installed; pip install 'haredge[dev]'") from error
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    started = webdriver.Chrome(options, Service(driver))
    started.set_page_load_timeout(PATIENCE_S)
    started.set_script_timeout(PATIENCE_S)
    return started


def set_view(browser: "WebDriver", width: int, height: int, dark: bool = False, scale: float = 1.0) -> None:
    """Show pages on a screen of this size in CSS pixels; below a width of 600 it is a phone."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


MOTION_SENSORS = ("accelerometer", "linear-acceleration", "gyroscope")


def add_motion_sensors(browser: "WebDriver") -> None:
    """Let the device of the browser have motion sensors, at rest until `set_motion`; call it once for each window."""
    for kind in MOTION_SENSORS:
        browser.execute_cdp_cmd("Emulation.setSensorOverrideEnabled", {"type": kind, "enabled": True, "metadata": {}})
    set_motion(browser, (0.0, 0.0, 9.8), (0.0, 0.0, 0.0))


def set_motion(browser: "WebDriver", acc: Sequence[float], gyro: Sequence[float]) -> None:
    """Let the sensors measure this until it is called again; pages get it 60 times a second, rounded to 0.1.

    Args:
        browser: one with `add_motion_sensors`.
        acc: acceleration with gravity, m/s^2, in the axes of the contract.
        gyro: angular rate, rad/s.
    """
    for kind, (x, y, z) in zip(MOTION_SENSORS, (acc, (0.0, 0.0, 0.0), gyro), strict=True):
        reading = {"xyz": {"x": float(x), "y": float(y), "z": float(z)}}
        browser.execute_cdp_cmd("Emulation.setSensorOverrideReadings", {"type": kind, "reading": reading})


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on `python -m http.server`."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        if address is None:
            raise SourceError("python -m http.server has not started")
        yield address[0]
    finally:
        server.kill()
        server.wait(PATIENCE_S)
        server.stdout.close()
