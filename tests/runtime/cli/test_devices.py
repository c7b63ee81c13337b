"""har-stream devices: the ports and IIO devices there are, and what they seem to be."""

import json
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from har_runtime.cli.stream import main
from har_runtime.sources.iio.devices import IioDevice
from har_runtime.sources.serial_port.ports import known_ports, serial_ports


def usb_port(path: str, vendor: int, product: int, name: str | None = None, serial: str | None = None) -> ListPortInfo:
    info = ListPortInfo(path)
    info.vid, info.pid, info.product, info.serial_number = vendor, product, name, serial
    return info


PORTS = [
    usb_port("/dev/ttyUSB1", 0x1A86, 0x7523),
    usb_port("/dev/ttyACM0", 0x1B4F, 0x9D0F, "9DoF Razor"),
    usb_port("/dev/ttyUSB0", 0x1234, 0x0001, "Label printer", "A1"),
    ListPortInfo("/dev/ttyAMA0"),
]


@pytest.fixture
def computer(monkeypatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: PORTS)
    iio = [IioDevice("lsm6dso", Path("/sys/bus/iio/devices/iio:device0"), ("accelerometer", "gyroscope"))]
    monkeypatch.setattr("har_runtime.cli.devices.list_iio", lambda: iio)


@pytest.mark.usefixtures("computer")
def test_ports_are_listed_with_what_their_usb_id_says() -> None:
    ports = {port.path: port for port in serial_ports()}
    assert list(ports) == sorted(ports)
    assert ports["/dev/ttyUSB1"].usb == "1a86:7523"
    assert "WitMotion" in (ports["/dev/ttyUSB1"].guess or "")
    assert "Razor" in (ports["/dev/ttyACM0"].guess or "")
    assert ports["/dev/ttyUSB0"].guess == "Label printer"
    assert ports["/dev/ttyAMA0"].usb is None


@pytest.mark.usefixtures("computer")
def test_only_ports_with_an_id_that_imus_come_with_are_known() -> None:
    assert [port.path for port in known_ports()] == ["/dev/ttyACM0", "/dev/ttyUSB1"]


@pytest.mark.usefixtures("computer")
def test_a_person_sees_a_line_for_each(capsys) -> None:
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    assert "  /dev/ttyUSB1  1a86:7523  CH340 chip: WitMotion" in out
    assert "  /dev/ttyUSB0  1234:0001  Label printer" in out
    assert "  /dev/ttyAMA0  -          the board's own port" in out
    assert "  lsm6dso  accelerometer, gyroscope  /sys/bus/iio/devices/iio:device0" in out


@pytest.mark.usefixtures("computer")
def test_a_program_reads_the_same_as_json(capsys) -> None:
    assert main(["devices", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [port["path"] for port in result["serial"]] == sorted(port.device for port in PORTS)
    assert result["serial"][2]["serial_number"] == "A1"
    assert result["iio"] == [
        {"name": "lsm6dso", "path": "/sys/bus/iio/devices/iio:device0", "sensors": ["accelerometer", "gyroscope"]}
    ]


def test_a_computer_without_devices_says_so(monkeypatch, capsys) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    monkeypatch.setattr("har_runtime.cli.devices.list_iio", list)
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.count("none") == 2
