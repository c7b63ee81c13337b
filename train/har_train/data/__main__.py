"""The entry point of `har-data`, which `python -m har_train.data` is as well."""

import sys

from har_runtime.cli.start import start


def main() -> int:
    """Run the program; returns the exit code."""
    return start("har_train.data.cli")


if __name__ == "__main__":
    sys.exit(main())
