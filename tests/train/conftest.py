"""A network for the toy sets, trained once for all tests of a process."""

from pathlib import Path

import pytest
from tests.train.toy_sets import PLACEMENTS, toy_recipe, toy_set, toy_windows

from har_train.data.windows import WindowSet
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import Recipe


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The recipe of the toy sets."""
    return toy_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="session")
def of_toys(toy: Recipe) -> WindowSet:
    """The windows of the toy sets."""
    return toy_windows(toy)


@pytest.fixture(scope="session")
def toy_run(toy: Recipe, of_toys: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run on the toy sets."""
    out = tmp_path_factory.mktemp("toy") / "run"
    fit(toy, [toy_set(name) for name in PLACEMENTS], of_toys, None, Run(out, seed=1, show_progress=False))
    return out
