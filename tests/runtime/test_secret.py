"""Tokens of web addresses: where they come from, which are refused, and that no message shows one."""

import logging
from pathlib import Path

import pytest

from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.secret import MAX_SECRET_BYTES, PAGE_TOKEN, PHONE_TOKEN, token_of
from har_runtime.uri import parse_uri

TOKEN = "kR7-vQ2_nothing-else"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch) -> None:
    monkeypatch.delenv(PAGE_TOKEN, raising=False)
    monkeypatch.delenv(PHONE_TOKEN, raising=False)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def token(options: str) -> str | None:
    return token_of(parse_uri(f"live:127.0.0.1:0{options}"), PAGE_TOKEN)


def test_a_new_token_is_long_and_random_and_is_accepted(capsys) -> None:
    assert main(["token"]) == 0
    assert main(["token"]) == 0
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert len(first) >= 32
    assert token(f"?token={first}") == first


def test_a_token_comes_from_a_file_the_environment_or_the_uri(token_file: Path, monkeypatch) -> None:
    assert token("") is None
    assert token(f"?token={TOKEN}") == TOKEN
    assert token(f"?token-file={token_file}") == TOKEN
    monkeypatch.setenv(PAGE_TOKEN, TOKEN)
    assert token("") == TOKEN
    assert token("?token=another-one-of-length") == "another-one-of-length"


@pytest.mark.parametrize("short", ["", "1234", "fifteen-letters"])
def test_a_token_that_can_be_guessed_is_refused_from_everywhere(short: str, token_file: Path, monkeypatch) -> None:
    token_file.write_text(short)
    monkeypatch.setenv(PAGE_TOKEN, short)
    for options in (f"?token={short}", f"?token-file={token_file}", ""):
        with pytest.raises(SourceError, match=r"fewer than 16 characters.*`har-stream token`") as caught:
            token(options)
        assert not short or short not in str(caught.value)


@pytest.mark.parametrize("text", [b"two words are not a token", b"two\nlines-of-the-file", b"\x1b[31m" + b"x" * 20])
def test_a_token_is_one_word(text: bytes, token_file: Path) -> None:
    token_file.write_bytes(text)
    with pytest.raises(SourceError, match=r"token-file=.* must be one word"):
        token(f"?token-file={token_file}")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xff" * 20, "not UTF-8"), (b"x" * (MAX_SECRET_BYTES + 1), "must be the secret alone"), (None, "No such file")],
)
def test_an_unusable_file_is_one_clear_line(content: bytes | None, why: str, token_file: Path) -> None:
    token_file.unlink()
    if content is not None:
        token_file.write_bytes(content)
    with pytest.raises(SourceError, match=why):
        token(f"?token-file={token_file}")


def test_an_endless_file_is_read_only_up_to_the_limit() -> None:
    with pytest.raises(SourceError, match="more than 1024 bytes"):
        token("?token-file=/dev/zero")


def test_a_token_that_is_given_twice_is_refused(token_file: Path) -> None:
    with pytest.raises(SourceError, match="given twice") as caught:
        token(f"?token-file={token_file}&token={TOKEN}")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_every_user_can_read_is_reported(mode: int, warned: bool, token_file: Path, caplog) -> None:
    token_file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        token(f"?token-file={token_file}")
    assert ("can be read by every user of this computer" in caplog.text) == warned
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--source", f"sensorlogger://127.0.0.1:0?token={TOKEN}&nothing"],
        ["--source", f"sensorlogger://127.0.0.1:0?token={TOKEN}&x=y"],
        ["--source", f"sensorlogger://127.0.0.1:x?token={TOKEN}"],
        ["--source", f"sensorlogger?token={TOKEN}"],
        ["--source", f"sensorlogger://203.0.113.1:0?token={TOKEN}"],
        ["--source", f"web://203.0.113.1:0?token={TOKEN}"],
        ["--source", f"web://127.0.0.1:0?token={TOKEN}&certificate=x&key=y"],
        ["--source", "simulated:?seconds=2&speed=max", "--sink", f"live:127.0.0.1:0?token={TOKEN}&token-file=x"],
        ["--source", "simulated:?seconds=2&speed=max", "--sink", f"mqtt://me:{TOKEN}@broker:x/home"],
        ["--source", "simulated:?seconds=2&speed=max", "--sink", f"mqtt://me:{TOKEN}@broker/home"],
        ["--sauce", f"sensorlogger://127.0.0.1:0?token={TOKEN}"],
        [f"live:127.0.0.1:0?token={TOKEN}"],
        ["doctor", "--seconds", "0.1", "--source", f"sensorlogger://203.0.113.1:0?token={TOKEN}"],
    ],
    ids=lambda arguments: arguments[-1].replace(TOKEN, "TOKEN"),
)
@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["", "debug"])
def test_no_message_shows_a_token_or_password(arguments: list[str], debug: list[str], capsys) -> None:
    try:
        code = main([*arguments, *debug])
    except SystemExit as ended:
        code = ended.code
    assert code in (1, 2)
    captured = capsys.readouterr()
    assert captured.err or captured.out
    assert TOKEN not in captured.out + captured.err


def test_the_log_shows_no_token(capsys) -> None:
    assert main(["--source", "simulated:?seconds=2&speed=max", "--log-level", "debug"]) == 0
    logging.getLogger("har_runtime").warning("asked for http://127.0.0.1/?token=%s&x=y", TOKEN)
    text = capsys.readouterr().err
    assert "asked for http://127.0.0.1/?token=...&x=y" in text
    assert TOKEN not in text


def test_the_help_names_the_variables(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert PAGE_TOKEN in text
    assert PHONE_TOKEN in text
