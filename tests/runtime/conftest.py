"""What tests of the runtime share: models with other cards, and a log that each test leaves as it was."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

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
def optional_model(waist_with: Callable[..., Path]) -> Path:
    """A model that does without a gyroscope, by its card."""
    return waist_with("forgiving", gyroscope="optional")
