"""The page in real Chromium: from motion events to answers, recording, problems, offline use, and to har-stream."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.waiting import PATIENCE_S, wait_for

from har_bench import tables
from har_bench.measure.compare import read_measured
from har_bench.readme.browser import served, set_motion, set_view
from har_export.page import make_page
from har_runtime.model.load import load_model
from har_runtime.personal.head import Whitener
from har_runtime.personal.model import personalised
from har_runtime.personal.profile import Learnt, Profile, empty_profile, read_profile, write_profile
from har_runtime.recognizer import Recognizer
from har_runtime.sources import open_source

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from har_runtime.sources.web.source import BrowserSource

pytestmark = pytest.mark.slow
TOKEN = "not-easy-to-guess"
KEEP_ANSWERS = "window.answers = []; addEventListener('answer', (event) => answers.push(event.detail));"
UNMOVED = (0.3, 9.7, 1.0, 0.0, 0.0, 0.0)
"""What the sensors read where nothing else is said."""


def text(browser: Any, element: str) -> str:
    return browser.execute_script("return document.getElementById(arguments[0]).textContent", element)


def run(browser: Any, expression: str) -> Any:
    return browser.execute_script(f"return {expression}")


def downloaded(folder: Path, pattern: str) -> Path:
    """The file that the browser has saved."""
    wait_for(lambda: [*folder.glob(pattern)])
    return next(folder.glob(pattern))


def click(browser: Any, element: str) -> None:
    browser.execute_script("document.getElementById(arguments[0]).click()", element)


def opened(browser: Any, url: str) -> None:
    """Load the page, and wait until the model is ready."""
    set_view(browser, 390, 844)
    set_motion(browser, UNMOVED[:3], UNMOVED[3:])
    browser.get(url)
    wait_for(lambda: text(browser, "status") == "ready")
    browser.execute_script(KEEP_ANSWERS)


@pytest.fixture
def page(browser: Any, url: str) -> Any:
    """The page, ready and not started, without an earlier day."""
    browser.get(f"{url}licences.txt")
    browser.execute_script("localStorage.clear()")
    opened(browser, url)
    return browser


def wear_until(browser: Any, done: Callable[[], bool]) -> None:
    """Let the sensors measure what a simulated wearer does, about as fast as it happens, until this is so."""
    chunks = list(open_source("simulated:?seed=0&seconds=30&speed=max"))
    acc, gyro = (np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("acc", "gyro"))
    rows = itertools.cycle(range(500, 1500, 2))  # Walking, for the most part.

    def moved() -> bool:
        row = next(rows)
        set_motion(browser, acc[row], gyro[row])
        return done()

    wait_for(moved)


def test_it_answers_and_its_recording_replays_to_the_same_windows(page: Any, tmp_path: Path) -> None:
    click(page, "record")
    page.execute_script("document.querySelector('[data-label=walking]').click()")
    click(page, "start")
    wear_until(page, lambda: run(page, "answers.length") >= 6)
    assert text(page, "status") == "live"
    page.execute_script("document.querySelector('[data-label=\"\"]').click()")
    wear_until(page, lambda: run(page, "answers.length") >= 8)
    click(page, "start")
    wait_for(lambda: text(page, "status") == "stopped")
    answers = run(page, "answers")
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    click(page, "save-recording")
    recording = downloaded(tmp_path, "haredge-*.csv")

    model = load_model("anywhere")
    recognizer, replayed, labels = Recognizer(model), [], []
    for chunk in open_source(f"replay:{recording}?speed=max"):
        replayed += recognizer.push(chunk)
        assert chunk.labels is not None
        labels += chunk.labels.tolist()
    replayed += recognizer.finish()
    assert [answer.prediction.start_s for answer in replayed] == [answer["start_s"] for answer in answers]
    for here, there in zip(replayed, answers, strict=True):
        expected = [there["window_probabilities"][label] for label in model.card.labels]
        np.testing.assert_allclose(here.prediction.probabilities, expected, atol=1e-6)
        assert here.activity == there["activity"]
    assert labels[0] == "walking" and labels[-1] == ""


def test_everything_is_shown_while_it_runs(page: Any) -> None:
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    wait_for(lambda: " Hz" in text(page, "readings"))
    assert "gyroscopeyes" in text(page, "readings")
    assert "readings rounded to0.1 m/s²" in wait_for(lambda: text(page, "readings"))
    wait_for(lambda: "rounds the readings to 0.1" in text(page, "problems"))
    assert text(page, "percent").endswith(" %")
    assert run(page, "document.querySelectorAll('#bars tr').length") == len(load_model("anywhere").card.labels)
    assert run(page, "document.querySelectorAll('#totals tr').length") >= 1
    for chart in ("acceleration-chart", "rotation-chart", "timeline-chart"):
        assert run(
            page, f"document.getElementById('{chart}').getContext('2d').getImageData(0, 0, 700, 300).data.some(Boolean)"
        )


def test_the_day_survives_a_reload_and_can_be_forgotten(page: Any, url: str) -> None:
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    wait_for(lambda: len(run(page, "answers")) >= 4)
    click(page, "start")
    wait_for(lambda: text(page, "status") == "stopped")
    totals = text(page, "totals")
    opened(page, url)
    assert text(page, "totals") == totals
    click(page, "forget")
    assert text(page, "totals") == ""
    opened(page, url)
    assert text(page, "totals") == ""


def with_profile(browser: Any, path: Path) -> str:
    """Choose a file as the profile; returns what the page then says."""
    before = text(browser, "profile-state")
    browser.find_element("id", "profile-file").send_keys(str(path))
    wait_for(lambda: text(browser, "profile-state") != before)
    return text(browser, "profile-state")


def test_a_profile_adds_its_activity_over_a_reload_and_is_removed(page: Any, url: str, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    model, card = load_model("anywhere"), load_model("anywhere").card
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    wait_for(lambda: run(page, "answers.length") >= 2)
    times_ns = np.arange(60) * 20_000_000
    answered = Recognizer(model).push(times_ns, np.tile(UNMOVED[:3], (60, 1)), np.tile(UNMOVED[3:], (60, 1)))
    windows = np.stack([one.prediction.window.imu for one in answered])
    features = model.outputs(windows).features
    assert features is not None and card.prototypes is not None
    whitened = Whitener(card.prototypes)(features)[0]
    learnt = [Learnt("rowing", place, 500, tuple(whitened.tolist()), "test", 1e9) for place in card.places]
    write_profile(path, empty_profile(card).with_learnt(learnt))
    assert with_profile(page, path) == ("anna.json is used: rowing, worn at the torso and the thigh and the wrist.")
    seen = run(page, "answers.length")
    wait_for(lambda: run(page, "answers.length") > seen + 2)
    answer = run(page, "answers.at(-1)")
    personal = personalised(model, read_profile(path))
    (wanted,) = personal.outputs(windows).probabilities
    found = [answer["window_probabilities"][label] for label in personal.card.labels]
    np.testing.assert_allclose(found, wanted, atol=0.01)
    assert answer["window_label"] == "rowing" and "rowing" in text(page, "bars")
    assert run(page, "document.querySelectorAll('[data-label=rowing]').length") == 1

    opened(page, url)
    assert text(page, "profile-state").startswith("anna.json is used: rowing")
    click(page, "profile-remove")
    assert text(page, "profile-state") == "None is used; anywhere answers as it is shipped."
    assert "rowing" not in text(page, "bars")
    opened(page, url)
    assert text(page, "profile-state").startswith("None is used")
    assert run(page, "document.getElementById('profile-remove').hidden")


def test_a_profile_that_does_not_fit_is_one_line_and_the_model_goes_on(page: Any, tmp_path: Path) -> None:
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    other = tmp_path / "other.json"
    write_profile(other, Profile("haredge-profile-1", "<b>waist</b>", None, ()))
    assert with_profile(page, other) == (
        "other.json: it was made for <b>waist</b>, and the model is anywhere: make it again with har-stream "
        "personalise; anywhere answers as it is shipped"
    )
    damaged = tmp_path / "damaged.json"
    damaged.write_text("[]")
    assert with_profile(page, damaged).startswith("damaged.json: no profile, or damaged: ")
    large = tmp_path / "large.json"
    large.write_text(" " * 1_000_001)
    assert "larger than" in with_profile(page, large)
    assert run(page, "localStorage.getItem('haredge-profile')") is None
    seen = run(page, "answers.length")
    wait_for(lambda: run(page, "answers.length") > seen)
    assert text(page, "status") == "live"
    own = tmp_path / "own.json"
    write_profile(own, empty_profile(load_model("anywhere").card))
    assert with_profile(page, own) == "own.json is used: it holds no activity."
    assert with_profile(page, other).endswith("; the profile before it stays in use")


def test_a_model_that_cannot_be_made_personal_asks_for_no_profile(browser: Any, site_of: Callable[..., str]) -> None:
    opened(browser, site_of("waist"))
    assert run(browser, "document.getElementById('profile').hidden")


def test_a_sensor_that_stops_is_said_and_the_activity_becomes_unavailable(page: Any) -> None:
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    page.execute_cdp_cmd("Emulation.setSensorOverrideEnabled", {"type": "accelerometer", "enabled": False})
    try:
        wait_for(lambda: text(page, "problems").count("The sensors have stopped."))
        wait_for(lambda: text(page, "activity") == "unavailable")
        assert text(page, "status").startswith("no answer since ")
    finally:
        page.execute_cdp_cmd(
            "Emulation.setSensorOverrideEnabled", {"type": "accelerometer", "enabled": True, "metadata": {}}
        )


def test_a_refused_permission_is_said_and_start_can_be_pressed_again(page: Any) -> None:
    page.execute_script("DeviceMotionEvent.requestPermission = async () => 'denied'")
    click(page, "start")
    wait_for(lambda: "refused the motion sensors" in text(page, "problems"))
    assert (text(page, "status"), text(page, "start")) == ("the sensors cannot be read", "Start")
    page.execute_script("DeviceMotionEvent.requestPermission = async () => 'granted'")
    click(page, "start")
    wait_for(lambda: text(page, "status") == "live")
    assert "refused" not in text(page, "problems")


def test_a_phone_without_a_gyroscope_is_recognised_by_acceleration_alone(browser: Any, url: str) -> None:
    isolated = "addEventListener('devicemotion', (event) => event.isTrusted && event.stopImmediatePropagation(), true);"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": isolated})
    try:
        opened(browser, url)
        click(browser, "start")
        browser.execute_script(
            "setInterval(() => dispatchEvent(new DeviceMotionEvent('devicemotion',"
            " { accelerationIncludingGravity: { x: Math.random(), y: 9.7, z: 1 } })), 20)"
        )
        wait_for(lambda: text(browser, "status") == "live")
        wait_for(lambda: "There is no gyroscope" in text(browser, "problems"))
        assert "gyroscopenone" in text(browser, "readings")
        assert run(browser, "answers.length") > 0
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_no_readings_at_all_are_said(browser: Any, url: str) -> None:
    isolated = "addEventListener('devicemotion', (event) => event.stopImmediatePropagation(), true);"
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": isolated})
    try:
        opened(browser, url)
        click(browser, "start")
        wait_for(lambda: "No readings have come" in text(browser, "problems"))
        assert text(browser, "status") == "waiting for the sensor"
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_it_works_offline_once_it_was_opened(browser: Any, folder: Path) -> None:
    with served(folder) as address:
        opened(browser, address)
        wait_for(lambda: run(browser, "navigator.serviceWorker.controller !== null"))
    opened(browser, address)  # The server has ended.
    click(browser, "start")
    wait_for(lambda: text(browser, "status") == "live")


def test_it_requests_nothing_from_elsewhere(browser: Any, url: str) -> None:
    browser.get_log("performance")
    opened(browser, url)
    click(browser, "start")
    wait_for(lambda: text(browser, "status") == "live")
    click(browser, "start")
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = {
        event["params"].get("url") or event["params"]["request"]["url"]
        for event in events
        if event["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
    }
    assert f"{url}model/model.tflite" in requested
    assert {each for each in requested if not each.startswith((url, "data:", "blob:"))} == set()


def test_the_policy_stops_a_request_to_another_host(page: Any) -> None:
    blocked = page.execute_async_script(
        """const done = arguments[0];
        const found = [];
        addEventListener('securitypolicyviolation', (event) => found.push(event.effectiveDirective));
        const attempts = [
            fetch('https://elsewhere.example/').catch(() => {}),
            new Promise((resolve) => {
                try { new WebSocket('wss://elsewhere.example/').onerror = resolve; } catch { resolve(); }
            }),
        ];
        const script = document.createElement('script');
        script.src = 'https://elsewhere.example/x.js';
        document.head.append(script);
        const image = document.createElement('img');
        image.src = 'https://elsewhere.example/x.png';
        document.body.append(image);
        Promise.all(attempts).then(() => setTimeout(() => done(found), 200));"""
    )
    assert {*blocked} == {"connect-src", "script-src-elem", "img-src"}
    assert blocked.count("connect-src") == 2


def test_a_hostile_card_is_text(browser: Any, site_of: Callable[..., str], waist_with: Callable[..., Path]) -> None:
    name = '"><script>window.hacked = 1<'
    label = "<img src=x onerror='window.hacked = 1'>"
    path = waist_with("hostile", labels=[label, *(f"{label}{n}" for n in range(1, 6))])
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"name": name}))
    opened(browser, site_of(str(path)))
    click(browser, "start")
    wait_for(lambda: len(run(browser, "answers")) >= 2)
    assert name in text(browser, "model")
    assert label in text(browser, "labels") and label in text(browser, "bars")
    assert run(browser, "window.hacked ?? null") is None
    assert run(browser, "document.querySelectorAll('img').length") == 0


def test_axe_finds_nothing_in_light_and_dark_before_and_after_start(page: Any, node_modules: Path) -> None:
    axe = node_modules / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: npm install in the folder of har_export's package.json")
    page.execute_script(axe.read_text(encoding="utf-8"))
    for is_started in (False, True):
        if is_started:
            click(page, "start")
            wait_for(lambda: text(page, "status") == "live")
            wait_for(lambda: text(page, "problems"))
        for dark in (False, True):
            set_view(page, 390, 844, dark)
            assert violations(page) == []


def violations(page: Any) -> list[tuple[str, str]]:
    found = page.execute_async_script("axe.run().then(arguments[0], (error) => arguments[0]({ error: String(error) }))")
    assert "error" not in found, found
    return [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]


def test_nothing_scrolls_sideways_and_without_a_computer_there_is_nothing_to_send_to(page: Any) -> None:
    for width, height in ((320, 640), (360, 740), (740, 360), (1280, 800)):
        set_view(page, width, height)
        wait_for(lambda width=width: run(page, "innerWidth") == width)
        assert run(page, "document.documentElement.scrollWidth") <= width
        parts = "[...document.querySelectorAll('main *')].map((part) => [part.id, part.getBoundingClientRect().right])"
        assert [part for part in run(page, parts) if part[1] > width] == []
    assert run(page, "document.getElementById('sending').hidden")


def test_the_speed_is_measured_in_har_benchs_form(page: Any, tmp_path: Path) -> None:
    click(page, "measure")
    assert wait_for(lambda: (shown := text(page, "measured")).startswith("A window takes") and shown)
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    click(page, "save-measured")
    path = downloaded(tmp_path, "har-bench*.json")
    result = read_measured(path)
    assert tables.markdown(result).count("LiteRT, browser") >= 2
    assert (result["runs"][0]["windows"], result["models"][0]["number_format"]) == (1000, "int8")


@pytest.fixture
def computer() -> Iterator[tuple[BrowserSource, list[Any]]]:
    """har-stream's source, and the chunks that it has received."""
    source, chunks = BrowserSource("127.0.0.1", 0, TOKEN), []
    thread = threading.Thread(target=lambda: chunks.extend(source), daemon=True)
    thread.start()
    try:
        yield source, chunks
    finally:
        source.close()
        thread.join(PATIENCE_S)


def test_it_sends_to_the_computer_that_the_command_named_once_that_is_asked_for(
    browser: Any, site_of: Callable[..., str], computer: tuple[BrowserSource, list[Any]]
) -> None:
    source, chunks = computer
    address = source.url.replace("http", "ws").rstrip("/")
    opened(browser, site_of("anywhere", send_to=address))
    assert address in text(browser, "send-to")
    click(browser, "start")
    wait_for(lambda: text(browser, "status") == "live")
    assert chunks == []
    browser.execute_script("document.getElementById('token').value = arguments[0]", TOKEN)
    click(browser, "send")
    wait_for(lambda: sum(len(chunk.times_ns) for chunk in list(chunks) if chunk.acc is not None) >= 20)
    assert text(browser, "send-state") == "sending"
    acc = np.concatenate([chunk.acc for chunk in list(chunks) if chunk.acc is not None])
    np.testing.assert_allclose(acc, np.tile(UNMOVED[:3], (len(acc), 1)), atol=0.051)


def test_the_model_file_must_be_that_of_the_card(browser: Any, node_modules: Path, tmp_path: Path) -> None:
    make_page("anywhere", tmp_path / "site", node_modules)
    (tmp_path / "site" / "model" / "model.tflite").write_bytes(b"another file")
    with served(tmp_path / "site") as address:
        browser.get(address)
        wait_for(lambda: "is not the one of its card" in text(browser, "status"))
