"""The command `har-stream devices`: which sensors this computer could read, and the URI of each one."""

import argparse
import json
from dataclasses import asdict

from har_runtime.cli.common import add_json as add_arguments
from har_runtime.sources.iio.devices import list_iio
from har_runtime.sources.serial_port.ports import port_lines, serial_ports
from har_runtime.text import MAX_LINE, clean

__all__ = ["add_arguments", "run"]


def run(options: argparse.Namespace) -> int:
    """Print the devices; returns the exit code."""
    ports, iio = serial_ports(), list_iio()
    if options.json:
        result = {
            "serial": [asdict(port) for port in ports],
            "iio": [{"name": each.name, "path": str(each.path), "sensors": list(each.sensors)} for each in iio],
        }
        print(json.dumps(result, indent=1, allow_nan=False))
        return 0
    print("Serial ports (har-stream --source serial:PATH, or serial:auto if exactly one has a known USB id)")
    print("\n".join(f"  {clean(line, MAX_LINE)}" for line in port_lines(ports)) or "  none: is the sensor plugged in?")
    print("Linux IIO devices (har-stream --source iio:NAME)")
    print(
        "\n".join(f"  {clean(each.name)}  {', '.join(each.sensors)}  {clean(str(each.path))}" for each in iio)
        or "  none"
    )
    return 0
