"""The entry point of `har-bench`, which `python -m har_bench` is as well."""

import sys

from har_runtime.cli.start import start


def main() -> int:
    """Run the program; returns the exit code."""
    return start("har_bench.cli")


if __name__ == "__main__":
    sys.exit(main())
