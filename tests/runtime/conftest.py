"""What tests of the runtime leave as it was."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """har-stream sets its log up for the whole process; the next test reads messages by pytest's means again."""
    logger = logging.getLogger("har_runtime")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, level, logger.propagate = before
    logger.setLevel(level)
