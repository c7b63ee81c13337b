"""A headless Chromium that goes nowhere by itself, for the live page's picture and tests."""

import shutil
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
    """Start Chromium with an empty profile folder; whoever calls quits it.

    Its log "performance" has every request.

    Raises:
        SourceError: Chromium, its driver or selenium is not installed.
    """
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        raise SourceError("needs a browser: apt install chromium chromium-driver")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise SourceError("needs selenium: pip install 'haredge[dev]'") from error
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
    """Lay pages out for a screen of this size, CSS pixels; under 600 wide it is a phone's."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
