"""The command `har-stream token`: a fresh secret for the phone receiver or the live page."""

import argparse

from har_runtime.secret import fresh_token


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""


def run(options: argparse.Namespace) -> int:
    """Print a token; returns the exit code."""
    print(fresh_token())
    return 0
