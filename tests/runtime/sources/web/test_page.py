"""A phone's browser as the sensor of har-stream: real Chromium, https with a certificate of one's own, WebSocket."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.web.test_server import TOKEN, make_certificate
from tests.waiting import PATIENCE_S, wait_for

from har_bench.readme.browser import add_motion_sensors, set_motion, set_view
from har_runtime.samples import SampleChunk

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from har_runtime.sources.web.source import BrowserSource

ACC, GYRO = (1.5, -2.0, 9.0), (0.5, -0.25, 1.0)


class Received:
    """Reads a source in a thread of its own."""

    def __init__(self, source: BrowserSource):
        self.source, self.chunks = source, list[SampleChunk]()
        self._thread = threading.Thread(target=lambda: self.chunks.extend(source), daemon=True)
        self._thread.start()

    def values(self, sensor: str) -> np.ndarray:
        parts = [getattr(chunk, sensor) for chunk in list(self.chunks) if getattr(chunk, sensor) is not None]
        return np.concatenate([np.empty((0, 3)), *parts])

    def close(self) -> None:
        self.source.close()
        self._thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def browser(browser: Any) -> Any:
    # As somebody who opens the page although nobody vouches for its certificate.
    browser.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
    add_motion_sensors(browser)
    return browser


@pytest.fixture
def received(tmp_path) -> Iterator[Received]:
    opened = Received(BrowserSource("127.0.0.1", 0, TOKEN, make_certificate(tmp_path)))
    try:
        yield opened
    finally:
        opened.close()


def text(browser: Any, element: str) -> str:
    return browser.find_element("id", element).text


def start(browser: Any, url: str) -> None:
    browser.get("about:blank")  # Another fragment alone does not load the page again.
    browser.get(url)
    browser.find_element("id", "start").click()


def test_the_motion_of_the_phone_arrives_in_si_units(browser, received: Received) -> None:
    set_motion(browser, ACC, GYRO)
    start(browser, f"{received.source.url}#{TOKEN}")
    wait_for(lambda: len(received.values("acc")) >= 30)
    np.testing.assert_allclose(
        received.values("acc")[10:], np.tile(ACC, (len(received.values("acc")) - 10, 1)), atol=0.051
    )
    gyro = received.values("gyro")[10:]
    np.testing.assert_allclose(gyro, np.tile(GYRO, (len(gyro), 1)), atol=np.radians(0.051))
    assert text(browser, "status") == "sending"
    assert received.source.report.trouble is None
    wait_for(lambda: text(browser, "rate").endswith(" Hz"))
    wait_for(lambda: "rounds the readings to 0.1" in text(browser, "problems"))


def test_times_are_those_of_the_readings(browser, received: Received) -> None:
    set_motion(browser, ACC, GYRO)
    start(browser, f"{received.source.url}#{TOKEN}")
    wait_for(lambda: len(received.values("acc")) >= 60)
    times = np.concatenate([chunk.times_ns for chunk in list(received.chunks) if chunk.acc is not None])
    assert (np.diff(times) > 0).all()
    assert abs(int(times[-1]) - time.time_ns()) < PATIENCE_S * 1_000_000_000


def test_stop_ends_it_and_start_begins_again(browser, received: Received) -> None:
    set_motion(browser, ACC, GYRO)
    start(browser, f"{received.source.url}#{TOKEN}")
    wait_for(lambda: len(received.values("acc")) > 0)
    browser.find_element("id", "start").click()
    assert text(browser, "status") == "stopped"
    count = len(received.values("acc"))
    browser.find_element("id", "start").click()
    wait_for(lambda: len(received.values("acc")) > count + 10)


def test_a_wrong_token_is_said_on_the_page(browser, received: Received) -> None:
    set_motion(browser, ACC, GYRO)
    start(browser, f"{received.source.url}#not-the-right-token")
    wait_for(lambda: text(browser, "status") == "har-stream refuses: wrong token")
    assert not received.chunks


def test_a_refused_permission_is_said_on_the_page(browser, received: Received) -> None:
    browser.get("about:blank")
    browser.get(received.source.url)
    browser.execute_script("DeviceMotionEvent.requestPermission = async () => 'denied'")
    browser.find_element("id", "start").click()
    wait_for(lambda: "refused the motion sensors" in text(browser, "problems"))
    assert text(browser, "start") == "Start"


def test_a_phone_shows_the_page_without_horizontal_scrolling(browser, received: Received) -> None:
    browser.get(received.source.url)
    set_view(browser, 320, 640)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 320
