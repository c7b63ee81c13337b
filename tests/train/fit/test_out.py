"""A folder that cannot be made is said before the data are read and anything is trained."""

from pathlib import Path

import pytest

from har_train.cli import main


@pytest.mark.parametrize(
    "command",
    [["fit"], ["cross-validate"], ["cross-validate", "--protocol", "leave-one-set-out"], ["zoo"], ["ablate"]],
    ids=" ".join,
)
def test_an_out_that_is_a_file_is_one_line_before_any_work(command: list[str], tmp_path: Path, capsys):
    file = tmp_path / "walk.csv"
    file.write_text("t,ax,ay,az\n")
    assert main([*command, "--data", str(tmp_path / "absent"), "--out", str(file)]) == 2
    error = capsys.readouterr().err
    assert f"{file}: cannot be written (Not a directory); give a folder" in error
    assert error.count("\n") == 1
    assert file.read_text() == "t,ax,ay,az\n"
