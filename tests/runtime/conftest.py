"""What tests of the runtime share: models with other cards, and a log that each test leaves as it was."""

import json
import logging
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """har-stream sets its log up for the whole process; the next test reads messages by pytest's means again."""
    logger = logging.getLogger("har_runtime")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, level, logger.propagate = before
    logger.setLevel(level)


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


@pytest.fixture
def optional_model(waist_with: Callable[..., Path]) -> Path:
    """A model that does without a gyroscope, by its card."""
    return waist_with("forgiving", gyroscope="optional")
