"""The entry point of `har-train`, which `python -m har_train` is as well."""

import sys

from har_runtime.cli.start import start


def main() -> int:
    """Run the program; returns the exit code."""
    return start("har_train.cli")


if __name__ == "__main__":
    sys.exit(main())
