"""`har-stream qr`: the address for a phone's camera."""

import io
import sys
from pathlib import Path

import pytest

from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sources.web import address
from har_runtime.sources.web.address import address_of

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("source", "host", "opened"),
    [
        ("web://192.168.1.20:8443?certificate=c&key=k", None, "https://192.168.1.20:8443/"),
        ("web://192.168.1.20:8443", None, "http://192.168.1.20:8443/"),
        (f"web://0.0.0.0:9000?token={TOKEN}", "pi.local", f"http://pi.local:9000/#{TOKEN}"),
        ("web://127.0.0.1:8443", "tunnel.example", "http://tunnel.example:8443/"),
        ("web://192.168.1.20", "fe80::1", "http://[fe80::1]:8443/"),
        ("web://192.168.1.20", "küche.local", "http://küche.local:8443/"),
    ],
)
def test_the_address_has_the_scheme_of_the_source_and_its_token(source: str, host: str | None, opened: str) -> None:
    assert address_of(source, host) == opened


def test_a_source_that_listens_everywhere_is_opened_by_this_computer_s_address(monkeypatch) -> None:
    monkeypatch.setattr(address, "_own_address", lambda: "10.0.0.7")
    assert address_of("web://0.0.0.0:8443") == "http://10.0.0.7:8443/"
    assert address_of("web://[::]:8443") == "http://10.0.0.7:8443/"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("web:", "127.0.0.1 is this computer alone, which no phone can open; listen on 0.0.0.0, or give --host"),
        ("live:0.0.0.0:8765", "no page for a phone; give a web: source"),
        ("web://0.0.0.0:8443?token=1234", "has fewer than 16 characters"),
    ],
)
def test_what_no_phone_can_open_is_refused_in_one_line(source: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        address_of(source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["pi\x1b[2J\x07", "a b", "pi/#x", "user@pi", "p" * 5000, ""])
def test_what_is_no_name_of_a_computer_is_refused_in_one_clean_line(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["qr", "web://0.0.0.0:8443", "--host", host]) == 2
    error = capsys.readouterr().err
    assert "is no name or address of a computer" in error
    assert error.count("\n") == 1 and error.rstrip().isprintable()


def test_an_output_without_blocks_gets_the_address_alone_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["qr", "web://192.168.1.20:8443"]) == 1
    out.flush()
    assert out.buffer.getvalue() == b"http://192.168.1.20:8443/\n"  # pyright: ignore[reportAttributeAccessIssue]
    assert "encoding, ascii, has no blocks" in capsys.readouterr().err


def test_the_code_is_printed_under_the_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "token.txt"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    for name in ("c", "k"):
        (tmp_path / name).touch()
    source = f"web://192.168.1.20:8443?token-file={file}&certificate={tmp_path / 'c'}&key={tmp_path / 'k'}"
    assert main(["qr", source]) == 0
    address, blank, *code = capsys.readouterr().out.splitlines()
    assert (address, blank) == (f"https://192.168.1.20:8443/#{TOKEN}", "")
    assert len(code) >= 15
    assert set("".join(code)) & {"\u2588", "\u2580", "\u2584"}


def test_a_certificate_that_is_not_there_or_alone_is_refused_and_plain_http_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"web://192.168.1.20:8443?token={TOKEN}"
    assert main(["qr", f"{source}&certificate={tmp_path / 'c.pem'}&key={tmp_path / 'k.pem'}"]) == 2
    error = capsys.readouterr().err
    assert error == f"har-stream qr: web: certificate={tmp_path / 'c.pem'}: there is no such file\n"
    assert main(["qr", f"{source}&certificate={tmp_path / 'c.pem'}"]) == 2
    assert "certificate and key belong together" in capsys.readouterr().err
    assert main(["qr", source]) == 0
    assert "reads its sensors only over https" in capsys.readouterr().err


def test_without_segno_it_says_what_to_install(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(__import__("sys").modules, "segno", None)
    assert main(["qr", "web://192.168.1.20:8443"]) == 2
    assert "pip install 'haredge[web]'" in capsys.readouterr().err
