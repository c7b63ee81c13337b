"""What several tests need: real recordings, small archives in the official layout, and a small trained network."""

import itertools
import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har_bench.readme.browser import open_browser
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import SourceError
from har_runtime.recording import Recording
from har_runtime.sources.simulated.wearer import Wearer
from har_train.data.windows import WindowSet
from har_train.datasets import hapt
from har_train.recipe import Recipe

ROOT = Path(__file__).parents[1]
VECTORS = ROOT / "export" / "vectors.json"
"""The golden vectors, which Java is held to as well."""
USERS = 6
SAMPLES = 5250  # 105 s: long enough for each of the six activities of any wearer.


SHARED = ("tests/android/", "tests/export/")
"""Folders whose files share fixtures that take long to make."""

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # Before torch is imported: workers that share cores slow each other.


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by what it needs, so that `-m "not java"` and the like need no list kept by hand."""
    fixtures = getattr(item, "fixturenames", ())
    if "data" in fixtures:
        item.add_marker(pytest.mark.real_data)
    if "browser" in fixtures:
        item.add_marker(pytest.mark.browser)
    if ROOT / "tests" / "android" in item.path.parents:
        item.add_marker(pytest.mark.java)


@pytest.hookimpl(optionalhook=True)  # Of pytest-xdist.
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, the tests of a file or of a folder of `SHARED` run in one process, which makes their fixtures once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((folder for folder in SHARED if file.startswith(folder)), file)

    return ByFile(config, log)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Child processes of the test heed SIGINT, even if the shell that runs pytest ignores it.

    An ignored signal stays ignored in a child, one with a handler gets its default.
    """
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture
def waist_with(tmp_path: Path) -> Callable[..., Path]:
    """Copies of the model waist whose cards are changed: by the fields of a card to the path of a .tflite."""

    def make(name: str, **changes: Any) -> Path:
        path, shipped = tmp_path / f"{name}.tflite", files("har_runtime.pretrained")
        path.write_bytes((shipped / "waist.tflite").read_bytes())
        card = json.loads((shipped / "waist.json").read_bytes())
        path.with_suffix(".json").write_text(json.dumps(card | {"name": name} | changes))
        return path

    return make


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium."""
    try:
        opened = open_browser(tmp_path_factory.mktemp("profile"))
    except SourceError as error:
        pytest.skip(str(error))
    try:
        yield opened
    finally:
        opened.quit()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with the real recordings."""
    place = os.environ.get("HAREDGE_DATA")
    if not place:
        pytest.skip("HAREDGE_DATA is not set: no real recordings")
    return Path(place)


@pytest.fixture(scope="session")
def hapt_recordings(data: Path) -> list[Recording]:
    """All of HAPT."""
    return hapt.load(data / "hapt.zip")


@pytest.fixture(scope="session")
def small_hapt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip laid out as the official HAPT archive: six simulated wearers."""
    path = tmp_path_factory.mktemp("hapt") / "hapt.zip"
    number = {name: index for index, name in hapt.ACTIVITIES.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        rows: list[str] = []
        for user in range(1, USERS + 1):
            recording = simulated_recording(user, SAMPLES)
            acc = recording.acc / STANDARD_GRAVITY
            for sensor, values in (("acc", acc), ("gyro", recording.gyro)):
                text = "\n".join(" ".join(repr(float(value)) for value in row) for row in values)
                archive.writestr(f"HAPT Data Set/RawData/{sensor}_exp{user:02d}_user{user:02d}.txt", text + "\n")
            assert recording.labels is not None
            edges = [0, *(np.flatnonzero(recording.labels[1:] != recording.labels[:-1]) + 1).tolist(), SAMPLES]
            for begin, end in itertools.pairwise(edges):
                if label := str(recording.labels[begin]):
                    rows.append(f"{user} {user} {number[label]} {begin + 1} {end}")
        archive.writestr("HAPT Data Set/RawData/labels.txt", "\n".join(rows) + "\n")
    return path


def simulated_recording(seed: int, samples: int) -> Recording:
    """A simulated wearer as one recording."""
    chunks = []
    for chunk in Wearer(seed):
        chunks.append(chunk)
        if chunk.times_ns[-1] >= chunk.times_ns[0] and sum(len(part.times_ns) for part in chunks) >= samples:
            break
    times, acc, gyro, labels = (
        np.concatenate([getattr(chunk, name) for chunk in chunks])[:samples]
        for name in ("times_ns", "acc", "gyro", "labels")
    )
    return Recording(f"simulated-{seed}", times, acc, gyro, labels, f"wearer-{seed}", "waist")


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The recipe of the toy sets."""
    from tests.train.toy_sets import toy_recipe

    return toy_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="session")
def of_toys(toy: Recipe) -> WindowSet:
    """The windows of the toy sets."""
    from tests.train.toy_sets import toy_windows

    return toy_windows(toy)


@pytest.fixture(scope="session")
def toy_run(toy: Recipe, of_toys: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run on the toy sets, which tells places; once for all tests of a process."""
    from tests.train.toy_sets import PLACEMENTS, toy_set

    from har_train.fit.run import Run
    from har_train.fit.trainer import fit

    out = tmp_path_factory.mktemp("toy") / "run"
    fit(toy, [toy_set(name) for name in PLACEMENTS], of_toys, None, Run(out, seed=1, show_progress=False))
    return out
