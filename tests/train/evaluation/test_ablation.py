"""The paper's ablations by one command: shared settings are trained once, and plots hold what was found and printed."""

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.train.small import ARGUMENTS

from har_runtime.errors import DataError
from har_train.cli import main
from har_train.evaluation.ablation import STUDIES, Ablation
from har_train.evaluation.ablation_report import study_plot


def test_every_setting_is_a_recipe_and_the_paper_s_own_is_the_same_row_in_every_study() -> None:
    ablation = Ablation(schedule="paper")
    own = {
        ablation.row(point, 0, Path()).folder
        for study in STUDIES.values()
        for point in study.points
        if point.printed == 93.16
    }
    assert len(own) == 1
    rows = [ablation.row(point, 0, Path()) for study in STUDIES.values() for point in study.points]
    assert len({row.folder for row in rows}) == len(rows) - 5
    assert len({str(row.recipe.to_dict() | {"name": "", "title": ""}) for row in rows}) == len(rows) - 5
    widths = [ablation.row(point, 0, Path()).recipe.model.projector_hidden for point in STUDIES["figure-7"].points]
    assert widths == [64, 128, 256, 512, 1024]


def test_a_study_or_schedule_that_there_is_not_is_named() -> None:
    with pytest.raises(DataError, match="unknown study 'figure-8'; known: tables-8-9, readings"):
        Ablation(("figure-8",))
    with pytest.raises(DataError, match="unknown schedule 'long'"):
        Ablation(schedule="long")


@pytest.mark.slow
def test_studies_are_trained_once_and_drawn(small_hapt: Path, tmp_path: Path, capsys) -> None:
    arguments = ["ablate", "--data", str(small_hapt), "--out", str(tmp_path), *ARGUMENTS, "--epochs", "1"]
    arguments += ["--studies", "figure-6,readings", "--protocol", "holdout"]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert "0 of 4 rows are finished" in shown.err
    document = json.loads((tmp_path / "ablation.json").read_text())
    figure, readings = document["studies"]
    assert figure["points"][1]["seeds"] == readings["points"][0]["seeds"]
    with Image.open(tmp_path / "figure-6.png") as picture:
        assert picture.size[0] > 500
    assert "![Figure 6: projector](figure-6.png)" in (tmp_path / "ablation.md").read_text()
    found, printed = study_plot(document, figure).axes[0].lines[0], study_plot(document, figure).axes[0].lines[-1]
    assert found.get_ydata().tolist() == [100 * point["macro_f1"] for point in figure["points"]]
    assert (printed.get_xdata().tolist(), printed.get_ydata().tolist()) == ([1], [93.16])
    assert main(arguments) == 0
    assert "training" not in capsys.readouterr().err
