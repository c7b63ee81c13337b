"""The entry point of `har-stream`. What it runs is imported while Ctrl-C is heeded."""

from har_runtime.cli.start import start


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns the exit code.

    Args:
        arguments: those of the process if None.
    """
    return start("har_runtime.cli.stream_program", arguments)
