"""A site that `har-export page` has made, on Python's own web server, and a real browser with motion sensors."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from har_bench.readme.browser import add_motion_sensors, served
from har_export.page import make_page, npm_command, runtime_files
from har_runtime.errors import DataError

WEB = Path(__file__).parents[2] / "export" / "har_export" / "web"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The folder with npm's packages: the variable HAREDGE_NODE_MODULES, or beside their package.json."""
    folder = Path(os.environ.get("HAREDGE_NODE_MODULES") or WEB / "node_modules")
    try:
        runtime_files(folder)
    except DataError:
        pytest.skip(f"LiteRT's web runtime is not installed: in {WEB.name}/, {npm_command()}")
    return folder


@pytest.fixture(scope="session")
def folder(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the default model."""
    out = tmp_path_factory.mktemp("page") / "site"
    make_page("anywhere", out, node_modules)
    return out


@pytest.fixture(scope="session")
def url(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture
def site_of(node_modules: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes and serves further sites; returns their address."""
    with ExitStack() as stack:

        def make(model: str, **options: Any) -> str:
            make_page(model, tmp_path / "site", node_modules, **options)
            return stack.enter_context(served(tmp_path / "site"))

        yield make


@pytest.fixture(scope="module")
def browser(node_modules: Path, browser: Any) -> Any:
    add_motion_sensors(browser)
    return browser
