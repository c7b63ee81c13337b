"""The signal path in JavaScript, in Node's own test runner."""

import base64
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.android.faulty import faulty_cases
from tests.conftest import ROOT, VECTORS

from har_export.sensor_streams import Signal
from har_runtime.answers.row import row_of
from har_runtime.model.load import Model, load_model
from har_runtime.personal.learn import learn
from har_runtime.personal.profile import Profile, empty_profile
from har_runtime.recognizer import Recognizer
from har_runtime.signal.resample import Resampler
from har_runtime.signal.window import Up, Windower
from har_runtime.sources import open_source
from har_runtime.sources.simulated.wearer import Wearer

WEB = Path(__file__).parent / "web"
SLOW = ("long_day",)
NEEDS_CASES = ("exchange", "litert")
TIMEOUT_S = 280
UNIX_OFFSET_NS = 1_790_000_000_000_000_000
"""A day in the middle of which the outings are."""
ACTIVITIES = ("walking", "standing", "sitting", "stairs_up", "lying", "stairs_down", "walking")
CASE = ("card", "times", "acc", "gyro", "outputs")
"""What of an outing the model's own outputs are compared with."""
STILL = 15_200
"""Samples of a phone on a table: over ten minutes, after which it is not worn."""


def _names(slow: bool) -> list[str]:
    return [name for path in sorted(WEB.glob("*.test.mjs")) if ((name := path.name.split(".")[0]) in SLOW) == slow]


def _node(*arguments: str, **environment: str) -> str:
    """What Node prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: apt install nodejs")
    environment = {**os.environ, **environment}
    result = subprocess.run(
        [node, *arguments], capture_output=True, text=True, check=False, timeout=TIMEOUT_S, env=environment
    )
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr
    return result.stdout


def _run(name: str, **environment: str) -> None:
    printed = _node("--test", str(WEB / f"{name}.test.mjs"), **environment)
    assert re.search(r"# pass [1-9]", printed), "a file without tests"
    if environment:
        assert "# skipped 0" in printed


@pytest.mark.parametrize("name", [name for name in _names(slow=False) if name not in NEEDS_CASES])
def test_javascript(name: str) -> None:
    _run(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", _names(slow=True))
def test_slow_javascript(name: str) -> None:
    _run(name)


def test_a_recording_of_a_page_replays_to_the_same_windows(tmp_path: Path) -> None:
    _node(str(WEB / "record.mjs"), str(tmp_path))
    for case in json.loads(VECTORS.read_bytes())["cases"]:
        resampler, windower = Resampler(), Windower()
        source = open_source(f"replay:{tmp_path / case['name']}.csv?speed=max")
        chunks = [part for chunk in source for part in resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)]
        windows = windower.push(chunks + resampler.finish())
        assert [window.start_ns for window in windows] == [window["start_ns"] for window in case["windows"]]
        for window, wanted in zip(windows, case["windows"], strict=True):
            assert window.imu.astype("<f4").tobytes() == base64.b64decode(wanted["imu"]), case["name"]


@pytest.mark.slow
def test_streams_with_every_fault_and_a_whole_outing_are_answered_as_in_python(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"faulty": faulty_cases(), "outings": _outings()}, allow_nan=False), encoding="ascii")
    _run("exchange", HAREDGE_WEB_CASES=str(path))


@pytest.mark.slow
def test_int8_probabilities_are_nearly_those_of_python(tmp_path: Path) -> None:
    packages = Path(os.environ.get("HAREDGE_NODE_MODULES") or ROOT / "export" / "har_export" / "web" / "node_modules")
    if not (packages / "@litertjs" / "core").is_dir():
        pytest.skip(f"no @litertjs/core in {packages}: install it with npm, or set HAREDGE_NODE_MODULES")
    model, outing = load_model("anywhere"), _sampled(Wearer(plan=[(activity, 8.0) for activity in ACTIVITIES]), 56.0)
    case = _outing("int8", model, outing)
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({key: case[key] for key in CASE}, allow_nan=False), encoding="ascii")
    _run("litert", HAREDGE_WEB_CASES=str(path), HAREDGE_NODE_MODULES=str(packages.resolve()))


def _outings() -> list[dict[str, Any]]:
    """A walk with postures and stairs, answered with each option; and a phone that is left on a table."""
    outing = _sampled(Wearer(plan=[(activity, 8.0) for activity in ACTIVITIES]), 56.0)
    anywhere, waist = load_model("anywhere"), load_model("waist")
    times, acc, gyro = _sampled(Wearer(plan=[("sitting", 6.0)]), 6.0)
    acc, gyro = (np.concatenate([part, np.repeat(part[-1:], STILL, axis=0)]) for part in (acc, gyro))
    table = (np.arange(len(times) + STILL) / 25, acc, gyro)
    return [
        _outing("the default", anywhere, outing),
        _outing("a wearer who walks and sits, at the waist", waist, outing),
        _outing("hysteresis", anywhere, outing, smoothing="hysteresis"),
        _outing("hysteresis without places", waist, outing, smoothing="hysteresis"),
        _outing("no smoothing", anywhere, outing, smoothing="none"),
        _outing("labels only, in the pocket", anywhere, outing, place="pocket", coarse=False),
        _outing("a known reference and place", anywhere, outing, up=(0.0, 0.6, 0.8), place_belief=[0.1, 0.2, 0.7]),
        _outing("no gyroscope", anywhere, (*outing[:2], None)),
        _outing("left on a table", waist, table),
        _outing("a personal model", anywhere, outing, profile=_marching(anywhere, outing)),
    ]


def _marching(model: Model, samples: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Profile:
    """What the model takes for a walk, as a new activity, and sitting as this person does it."""
    times, acc, gyro = samples
    recognizer = Recognizer(model)
    answers = recognizer.push(np.rint(times * 1e9).astype(np.int64), acc, gyro) + recognizer.finish()
    of = {label: [one.prediction for one in answers if one.activity == label] for label in ("walking", "sitting")}
    return empty_profile(model.card).with_learnt(
        learn(label, of[seen], model.card, place, "simulated:", 1e9)
        for label, seen in (("marching", "walking"), ("sitting", "sitting"))
        for place in model.card.places[:2]
    )


def _sampled(wearer: Wearer, seconds: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At 25 Hz, with a gap of 2 s in the middle."""
    signal, rng = Signal.of(wearer), np.random.default_rng(7)
    acc, gyro = signal.sample("acc", 25, 0.0, seconds, rng), signal.sample("gyro", 25, 0.0, seconds, rng)
    times = acc.times_ns / 1e9
    keep = np.abs(times - times[0] - seconds / 2) > 1
    return times[keep], acc.values[keep], gyro.values[keep]


def _outing(
    name: str,
    model: Model,
    samples: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    profile: Profile | None = None,
    **options: Any,
) -> dict[str, Any]:
    times, acc, gyro = samples
    gyroscope = gyro is not None
    given = {**options, "up": Up(options["up"], "given")} if "up" in options else options
    recognizer = Recognizer(model, gyroscope=gyroscope, unix_offset_ns=UNIX_OFFSET_NS, profile=profile, **given)
    times_ns = np.rint(times * 1e9).astype(np.int64)
    answers = recognizer.push(times_ns, acc, gyro) + recognizer.finish()
    names = {"place_belief": "placeBelief"}
    shipped = model.outputs(np.stack([answer.prediction.window.imu for answer in answers]))
    parts = (shipped.probabilities, shipped.places, shipped.by_place)
    outputs = [[None if part is None else part[row].tolist() for part in parts] for row in range(len(answers))]
    return {
        "name": name,
        "card": json.loads(model.card.to_json()),
        "options": {
            "gyroscope": gyroscope,
            "unixOffsetNs": UNIX_OFFSET_NS,
            **{names.get(key, key): value for key, value in options.items()},
        },
        "times": times_ns.tolist(),
        "acc": acc.tolist(),
        "gyro": None if gyro is None else gyro.tolist(),
        "profile": None if profile is None else asdict(profile),
        "outputs": outputs,
        "features": None if shipped.features is None else shipped.features.tolist(),
        "rows": [row_of(answer, recognizer.model.card.labels) for answer in answers],
        "totals": {**asdict(answers[-1].totals), "seconds": dict(answers[-1].totals.seconds)},
        "reports": {
            sensor: {key: getattr(report, key) for key in ("received", "gaps", "stuck", "rate_hz")}
            for sensor, report in (
                ("accelerometer", recognizer.report.accelerometer),
                ("gyroscope", recognizer.report.gyroscope),
            )
        },
    }
