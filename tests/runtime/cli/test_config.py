"""Options from a TOML file: every option of har-stream, the command line first, and one line for a mistake."""

import json
from pathlib import Path

import pytest

from har_runtime.cli.stream import main

QUICK = "simulated:?seed=0&seconds=10&speed=max"


@pytest.fixture
def config(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "haredge.toml"


def test_a_file_gives_every_kind_of_option(config: Path, capsys) -> None:
    config.write_text(
        f'source = "{QUICK}"\nmodel = "waist"\nsink = ["jsonl:a.jsonl", "jsonl:b.jsonl"]\njson = true\n'
        'log-level = "info"\naxes = "x=x,y=y,z=z"\nstill = false\n'
    )
    assert main(["--config", str(config)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["windows"] == 19
    assert "INFO: source: simulated wearer" in err
    a, b = (Path(name).read_text() for name in ("a.jsonl", "b.jsonl"))
    assert len(a.splitlines()) == len(b.splitlines()) == 19


def test_the_command_line_overrides_the_file_even_with_a_default_value(config: Path, capsys) -> None:
    config.write_text(
        'source = "replay:absent.csv"\nmodel = "absent"\nsink = ["jsonl:file.jsonl"]\nlog-level = "debug"\n'
    )
    arguments = ["--source", QUICK, "--model", "waist", "--log-level", "warning", "--sink", "jsonl:-"]
    for order in ([*arguments, "--config", str(config)], ["--config", str(config), *arguments]):
        assert main(order) == 0
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 19
        assert "INFO" not in err
    assert not Path("file.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('sorce = "x"', "unknown key 'sorce'; known: adapt, allow-empty, axes, "),
        ('log_level = "info"', "unknown key 'log_level'"),
        ('config = "other.toml"', "unknown key 'config'"),
        ("help = true", "unknown key 'help'"),
        ("[source]\nkind = 1", "'source' must be a string, not {'kind': 1}"),
        ("model = 3", "'model' must be a string, not 3"),
        ('sink = "terminal:"', "'sink' must be a list of strings"),
        ("sink = [1]", "'sink' must be a list of strings"),
        ("sink = []", "'sink' must be a list of strings"),
        ('demo = "yes"', "'demo' must be true or false, not 'yes'"),
        ("json = 1", "'json' must be true or false, not 1"),
        ('log-level = "loud"', "'log-level' must be one of debug, info, warning, error, not 'loud'"),
        ('source = "replay:a\\u0000b"', "'source' must be a string, not 'replay:a?b'"),
        ('sink = ["jsonl:a\\u0000b"]', "'sink' must be a list of strings"),
        ("model = " + "[" * 5000, "it is nested too deeply"),
        ("model." + "a." * 50 + "b = 1", "it is nested more than 16 deep"),
        ("model = '" + "x" * 3000 + "'", "'model' must be a string, not 'xxx"),
        ("x" * 5000 + " = 1", "unknown key 'xxx"),
        ("model = 1" + "0" * 5000, "it is not valid TOML"),
        ("model = waist", "it is not valid TOML: Invalid value (at line 1, column 9)"),
        ("model = 'a'\nmodel = 'b'", "it is not valid TOML: Cannot overwrite a value"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_key_and_exit_code_2(config: Path, capsys, text: str, message: str) -> None:
    config.write_text(text)
    assert main(["--demo", "--config", str(config)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"har-stream: {config}: {message}")
    assert len(line) < 600


def test_a_file_that_cannot_be_read_is_reported(config: Path, capsys) -> None:
    assert main(["--config", "absent.toml"]) == 2
    assert capsys.readouterr().err == "har-stream: absent.toml: cannot be read (No such file or directory)\n"
    config.write_bytes(b"\xff\xfe")
    assert main(["--config", str(config)]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err
    config.write_text("#" * 1_000_001)
    assert main(["--config", str(config)]) == 2
    assert "it is larger than 1,000,000 bytes" in capsys.readouterr().err


def test_debug_in_a_file_shows_the_traceback(config: Path, capsys) -> None:
    config.write_text('debug = true\nsource = "replay:absent.csv"\n')
    assert main(["--config", str(config)]) == 2
    assert "Traceback" in capsys.readouterr().err
