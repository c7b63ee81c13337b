"""All programs: subcommands, common options, one line for a mistake, and what happens without the extras."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from tests.conftest import ROOT

from har_bench.cli import PROGRAM as HAR_BENCH
from har_export.cli import PROGRAM as HAR_EXPORT
from har_runtime.cli.common import Program
from har_runtime.cli.extras import EXTRAS
from har_runtime.cli.stream_program import PROGRAM as HAR_STREAM
from har_train.cli import PROGRAM as HAR_TRAIN
from har_train.data.cli import PROGRAM as HAR_DATA

PROGRAMS = [HAR_STREAM, HAR_DATA, HAR_TRAIN, HAR_EXPORT, HAR_BENCH]
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
FAILING = {
    "har-stream": ["doctor", "--seconds", "0"],
    "har-data": ["describe", "no-such-set", "--data", "."],
    "har-train": ["compare", "absent", "absent"],
    "har-export": ["inspect", "absent.tflite"],
    "har-bench": ["measure", "--repetitions", "1"],
}
"""Arguments of each program that end in exit code 2."""


def help_text(program: Program, arguments: list[str], capsys) -> str:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 0
    return capsys.readouterr().out


@each_program
def test_help_lists_the_commands_with_a_line_each(program: Program, capsys) -> None:
    text = " ".join(help_text(program, ["--help"], capsys).split())
    for command in program.commands:
        assert f"{command.name} {command.help}" in text


@each_program
def test_help_stands_before_or_after_a_command(program: Program, capsys) -> None:
    for command in program.commands:
        for arguments in ([command.name, "--help"], ["--help", command.name], ["-h", "--debug", command.name]):
            assert help_text(program, arguments, capsys).startswith(f"usage: {program.name} {command.name} ")


@each_program
def test_help_shows_the_options_of_the_command_that_runs_by_default(program: Program, capsys) -> None:
    text = help_text(program, ["--help"], capsys)
    if program.default is None:
        assert text.count("usage:") == 1
    else:
        assert f"Without a command, {program.name} means {program.name} {program.default}:" in text
        assert help_text(program, [program.default, "--help"], capsys) in text


@each_program
def test_debug_stands_before_or_after_a_command(program: Program, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    failing = FAILING[program.name]
    assert program.main(failing) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(program.name)
    for arguments in (["--debug", *failing], [*failing, "--debug"]):
        assert program.main(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("Traceback")
        assert error.endswith(line + "\n")


def test_the_log_level_stands_before_or_after_a_command(capsys) -> None:
    run = ["--source", "simulated:?seconds=3&speed=max", "--sink", "jsonl:-"]
    for arguments in (
        ["--log-level", "info", *run],
        ["--log-level=info", "run", *run],
        ["run", *run, "--log-level", "info"],
        [*run, "--log-level=info"],
    ):
        assert HAR_STREAM.main(arguments) == 0
        assert "INFO: source: simulated wearer" in capsys.readouterr().err
    assert HAR_STREAM.main(["--log-level", "info", "devices"]) == 0


@each_program
def test_an_unknown_command_is_one_line_and_exit_code_2(program: Program, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = program.main(["instal", "--out", "x"] if program.name == "har-export" else ["instal"])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{program.name}: ")
    assert "instal" in line
    if program.name not in ("har-export", "har-bench"):  # For these it is a file.
        names = ", ".join(command.name for command in program.commands)
        assert line == f"{program.name}: unknown command 'instal'; known: {names}; see {program.name} --help"


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("walk.csv", "a recording is given as --source replay:walk.csv"),
        ("replay:walk.csv", "a source is given as --source replay:walk.csv"),
        ("serial:auto", "a source is given as --source serial:auto"),
    ],
)
def test_a_source_without_its_option_is_told_how_to_be_given(word: str, advice: str, capsys) -> None:
    with pytest.raises(SystemExit):
        HAR_STREAM.main([word])
    assert capsys.readouterr().err == f"har-stream: unknown command '{word}'; {advice}; see har-stream --help\n"


def test_a_sink_without_its_kind_is_told_what_a_sink_is(capsys) -> None:
    assert HAR_STREAM.main(["--source", "simulated:?speed=max&seconds=1", "--sink", "walk.jsonl"]) == 2
    error = capsys.readouterr().err
    assert error.endswith("does not say what kind it is; write KIND:TARGET, such as jsonl:day.jsonl or terminal:\n")


def test_a_number_that_is_none_is_called_so_and_not_by_pythons_types(capsys) -> None:
    with pytest.raises(SystemExit):
        HAR_STREAM.main(["doctor", "--seconds", "x"])
    assert "argument --seconds: not a number: 'x'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "record", "personalise", "qr"])
def test_help_breaks_no_option_and_no_name(command: str, monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        HAR_STREAM.main([command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.rstrip().endswith(("-", "_"))]
    assert not [line for line in lines if line.lstrip().startswith("_")]


@each_program
@pytest.mark.parametrize("arguments", [["--no-such-option"], ["--log-level"], ["--log-level", "loud"], ["run", "--x"]])
def test_a_wrong_option_is_one_line_and_exit_code_2(program: Program, arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{program.name}: ")
    assert line.endswith(" --help")


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        (HAR_STREAM, ["simulate", "--pty", "--seed", "-1"], "'-1' is not a whole number of 0 or more"),
        (HAR_TRAIN, ["fit", "--out", "x", "--seed", "-1"], "argument --seed: '-1' is not"),
        (HAR_TRAIN, ["fit", "--out", "x", "--epochs", "0"], "'0' is not a whole number of 1 or more"),
        (HAR_TRAIN, ["fit", "--out", "x", "--devices", "0"], "argument --devices: '0' is not"),
        (HAR_TRAIN, ["fit", "--out", "x", "--num-nodes", "two"], "argument --num-nodes: 'two' is not"),
        (HAR_TRAIN, ["cross-validate", "--out", "x", "--jobs", "0"], "argument --jobs: '0' is not"),
        (HAR_EXPORT, ["x", "--out", "x", "--max-loss", "nan"], "argument --max-loss: 'nan' is not a number from 0"),
        (HAR_EXPORT, ["x", "--out", "x", "--min-agreement", "101"], "argument --min-agreement: '101' is not"),
    ],
)
def test_a_number_out_of_range_is_one_line_and_exit_code_2(program: Program, arguments, message: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize("program", [HAR_DATA, HAR_TRAIN], ids=lambda program: program.name)
def test_a_program_without_a_default_asks_for_a_command(program: Program, capsys) -> None:
    for arguments in ([], ["--debug"]):
        with pytest.raises(SystemExit) as ended:
            program.main(arguments)
        assert ended.value.code == 2
        assert "arguments are required: COMMAND" in capsys.readouterr().err


RUNTIME_ALONE = """
import sys
from importlib.abc import MetaPathFinder
from importlib import import_module

from har_runtime.cli.extras import EXTRAS

class Missing(MetaPathFinder):
    blocked = {module for modules in EXTRAS.values() for module in modules}
    def find_spec(self, name, path=None, target=None):
        if name in self.blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.exit(import_module(sys.argv[1]).main(sys.argv[2:]))
"""
"""A program in a Python in which the libraries of the extras cannot be imported."""


def without_extras(module: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUNTIME_ALONE, module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)


MODULES = ["har_runtime.cli.stream", "har_train.cli", "har_train.data.cli", "har_export.cli", "har_bench.cli"]


@pytest.mark.parametrize("module", MODULES)
def test_help_needs_no_extra(module: str) -> None:
    done = without_extras(module, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: har-")


@pytest.mark.parametrize(
    ("module", "arguments", "line"),
    [
        ("har_train.cli", ["fit", "--out", "x"], "har-train fit: torch is not installed: pip install 'haredge[train]'"),
        ("har_train.cli", ["--debug", "fit", "--out", "x"], "har-train fit: torch is not installed"),
        ("har_train.cli", ["evaluate", "waist", "--data", "."], "is not installed: pip install 'haredge[train]'"),
        ("har_export.cli", ["x", "--out", "y"], "har-export: torch is not installed: pip install 'haredge[export]'"),
        ("har_bench.cli", ["table4"], "har-bench table4: torch is not installed: pip install 'haredge[export]'"),
        ("har_bench.cli", ["waist"], "har-bench: psutil is not installed: pip install 'haredge[bench]'"),
        ("har_bench.cli", ["--plot", "x.png"], "har-bench: matplotlib is not installed: pip install 'haredge[bench]'"),
        ("har_runtime.cli.stream", ["report", "x", "--out", "x.svg"], "pip install 'haredge[report]'"),
    ],
)
def test_a_missing_extra_is_one_line_that_says_what_to_install(
    module: str, arguments: list[str], line: str, tmp_path: Path
) -> None:
    done = without_extras(module, *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert line in done.stderr.splitlines()[-1]
    assert ("Traceback" in done.stderr) == ("--debug" in arguments)
    assert done.stdout == ""


PRETRAINED = ROOT / "runtime" / "har_runtime" / "pretrained"


def test_looking_into_a_tflite_needs_no_extra() -> None:
    done = without_extras("har_export.cli", "inspect", str(PRETRAINED / "waist.tflite"), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["card"]["name"] == "waist"


def test_looking_into_an_onnx_needs_the_library_that_reads_it(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"any")
    done = without_extras("har_export.cli", "inspect", "x.onnx", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "har-export inspect: onnx is not installed: pip install 'haredge[export]'\n"


@pytest.mark.parametrize("model", ["anywhere", str(PRETRAINED / "waist.tflite")])
def test_the_page_needs_no_extra_but_the_web_runtime_of_npm(model: str, tmp_path: Path) -> None:
    done = without_extras("har_export.cli", "page", model, "--out", "site", folder=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("har-export page: node_modules") and "npm install" in line


def test_a_missing_module_of_our_own_keeps_its_traceback(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "har_train.evaluation.compare", None)
    with pytest.raises(ModuleNotFoundError, match=r"har_train\.evaluation\.compare"):
        HAR_TRAIN.main(["compare", "a", "b"])


def test_the_table_of_extras_is_that_of_the_project() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    distribution = {module: names[0].lower().replace("_", "-") for module, names in packages_distributions().items()}

    def wanted(extra: str) -> set[str]:
        names: set[str] = set()
        for requirement in declared[extra]:
            if inner := re.match(r"haredge\[(.*)\]", requirement):
                names |= {name for other in inner[1].split(",") for name in wanted(other)}
            else:
                names.add(re.split(r"[>=<; ]", requirement)[0].lower().replace("_", "-"))
        return names - {"haredge"}

    for extra, modules in EXTRAS.items():
        brought = {distribution.get(module, module.replace("_", "-")) for module in modules}
        if extra == "dev":
            assert brought <= wanted(extra)
        else:
            assert brought == wanted(extra)
    assert EXTRAS.keys() == declared.keys()
