"""The command line of har-train."""

from har_train.cli.program import PROGRAM, main

__all__ = ["PROGRAM", "main"]
