"""The serial ports of this computer, and what may be connected to each one."""

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class UsbChip:
    """What is usually sold with a USB vendor and product id."""

    vendor: int
    product: int | None
    """None for all products of the vendor."""
    guess: str


USB_CHIPS = (
    UsbChip(0x1A86, 0x7523, "CH340 chip: WitMotion, OpenLog Artemis, Arduino Nano and many others"),
    UsbChip(0x1A86, 0x55D3, "CH343 chip: WitMotion, ESP32 boards"),
    UsbChip(0x1A86, 0x55D4, "CH9102 chip: WitMotion, ESP32 boards"),
    UsbChip(0x10C4, 0xEA60, "CP210x chip: WitMotion, ESP32 boards"),
    UsbChip(0x0403, 0x6001, "FT232R chip: SparkFun Razor (10736) on its adapter, many others"),
    UsbChip(0x0403, 0x6015, "FT231X chip: SparkFun adapters, many others"),
    UsbChip(0x1B4F, None, "SparkFun board, such as the 9DoF Razor M0"),
    UsbChip(0x2341, None, "Arduino board"),
    UsbChip(0x2A03, None, "Arduino board"),
    UsbChip(0x239A, None, "Adafruit board"),
    UsbChip(0x2886, None, "Seeed board"),
    UsbChip(0x303A, None, "Espressif board"),
    UsbChip(0x2E8A, None, "Raspberry Pi Pico"),
    UsbChip(0x16C0, 0x0483, "Teensy board"),
)
"""The chips of IMUs. A chip suggests what the device may be, no more: WitMotion has no vendor id of its own."""


@dataclass(frozen=True)
class SerialPort:
    """A serial port of this computer."""

    path: str
    usb: str | None
    """Vendor and product id, e.g. "1a86:7523"; None if it is not a USB port."""
    serial_number: str | None
    """Of the USB device, if it has one."""
    guess: str | None
    """What it may be; None if unknown."""
    known: bool = False
    """Whether its USB id is in `USB_CHIPS`."""

    @property
    def identity(self) -> tuple[str | None, str | None]:
        """Identifies the device when it comes back under another path."""
        return self.usb, self.serial_number


def serial_ports() -> list[SerialPort]:
    """The serial ports of this computer, ordered by path."""
    from serial.tools import list_ports

    return sorted((_port(info) for info in list_ports.comports()), key=lambda port: port.path)


def known_ports() -> list[SerialPort]:
    """The ports whose USB id is in `USB_CHIPS`."""
    return [port for port in serial_ports() if port.known]


def port_lines(ports: list[SerialPort]) -> list[str]:
    """A line for each port, for a person."""
    return [f"{port.path}  {port.usb or '-':9}  {port.guess or 'unknown'}" for port in ports]


def _port(info: Any) -> SerialPort:
    if info.vid is None:
        pins = os.path.basename(info.device).startswith(("ttyAMA", "ttyS"))  # noqa: PTH119 - on Windows, "COM3"
        return SerialPort(info.device, None, None, "the board's own port (UART pins)" if pins else None)
    chips = (chip for chip in USB_CHIPS if info.vid == chip.vendor and chip.product in (None, info.pid))
    chip = next(chips, None)
    usb = f"{info.vid:04x}:{info.pid:04x}"
    return SerialPort(info.device, usb, info.serial_number, chip.guess if chip else info.product, chip is not None)
