"""The entry point of `har-export`, which `python -m har_export` is as well."""

import sys

from har_runtime.cli.start import start


def main() -> int:
    """Run the program; returns the exit code."""
    return start("har_export.cli")


if __name__ == "__main__":
    sys.exit(main())
