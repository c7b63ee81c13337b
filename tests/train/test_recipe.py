"""Recipes are strict: an unknown or impossible setting is an error, not a silent default."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from har_runtime.errors import DataError
from har_train.fit.checkpoint import architecture_of
from har_train.fit.network import HarNetwork
from har_train.recipe_file import load_recipe, recipe_from, recipe_names

START = 'name = "x"\ntitle = "x"\n[data]\ndataset = "hapt"\nactivities = ["sitting", "walking"]\n'
SEVERAL = START.replace('dataset = "hapt"', 'frame = "upright"\ndatasets = ["hapt", "wisdm/pocket"]')
PLACES = SEVERAL + '[model]\nplaces = ["torso", "thigh"]\n'


def test_uci_har_is_the_row_of_table_2() -> None:
    recipe = load_recipe("uci-har")
    optimiser, contrastive = recipe.optimiser, recipe.contrastive
    assert (optimiser.learning_rate, optimiser.batch_size, optimiser.epochs, optimiser.patience) == (3e-4, 256, 100, 30)
    assert (contrastive.weight, contrastive.temperature, recipe.model.projector_hidden) == (0.4, 0.1, 256)


def test_supervised_only_differs_from_it_in_lambda_alone() -> None:
    ours, plain = load_recipe("uci-har").to_dict(), load_recipe("uci-har-supervised").to_dict()
    assert plain["contrastive"].pop("weight") == 0
    assert ours["contrastive"].pop("weight") == 0.4
    for key in ("name", "title"):
        del ours[key], plain[key]
    assert ours == plain


@pytest.mark.parametrize(
    ("name", "method", "pairs"),
    [
        ("uci-har-simclr", "multi-task", "simclr"),
        ("uci-har-supcon", "multi-task", "activity"),
        ("uci-har", "multi-task", "activity-user"),
        ("uci-har-two-stage-simclr", "two-stage", "simclr"),
        ("uci-har-two-stage-supcon", "two-stage", "activity"),
        ("uci-har-two-stage-supcon-user", "two-stage", "activity-user"),
    ],
)
def test_the_six_contrastive_methods_of_table_9_are_recipes(name: str, method: str, pairs: str) -> None:
    recipe = load_recipe(name)
    assert (recipe.method, recipe.contrastive.pairs) == (method, pairs)
    if method == "two-stage":  # Section 4.4.2.
        assert (recipe.pretraining.learning_rate, recipe.pretraining.epochs) == (1e-4, 200)
        assert (recipe.optimiser.learning_rate, recipe.optimiser.epochs) == (1e-4, 100)


def test_a_recipe_replaces_only_some_settings_of_its_base(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('base = "uci-har"\nname = "mine"\n[optimiser]\nepochs = 3\n')
    recipe, base = load_recipe(str(mine)), load_recipe("uci-har")
    assert recipe.optimiser.epochs == 3
    assert recipe.optimiser.learning_rate == base.optimiser.learning_rate
    assert (recipe.data, recipe.contrastive) == (base.data, base.contrastive)


def test_a_base_that_leads_back_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text(f'base = "{other}"\n')
    other.write_text(f'base = "{one}"\n')
    with pytest.raises(DataError, match="its base leads back"):
        load_recipe(str(one))


def test_settings_are_changed_by_name_and_show_in_the_name() -> None:
    recipe = load_recipe("uci-har", ["contrastive.weight = 0.2", "model.projector=false", "data.placement='waist'"])
    assert (recipe.contrastive.weight, recipe.model.projector, recipe.data.placement) == (0.2, False, "waist")
    assert recipe.contrastive.temperature == 0.1
    assert recipe.name == "uci-har contrastive.weight=0.2 model.projector=false data.placement='waist'"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("contrastive.wieght=0.2", "unknown key 'contrastive.wieght'"),
        ("contrastive.weight=high", "--set contrastive.weight=high: it is not valid TOML"),
        ("contrastive", "--set contrastive: it is not valid TOML"),
        ("optimiser.epochs=1.5", "'optimiser.epochs' must be a whole number"),
    ],
)
def test_a_change_that_fits_no_setting_is_refused(change: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_recipe("uci-har", [change])


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_reads_back_from_its_own_values(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe_from(recipe.to_dict(), name) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            START + "[optimiser]\nlerning_rate = 1.0\n",
            "unknown key 'optimiser.lerning_rate'; known here: learning_rate",
        ),
        (START + "[augmentation]\nx = 1\n", "unknown key 'augmentation'"),
        (START + "[optimiser]\nepochs = 1.5\n", "'optimiser.epochs' must be a whole number, not 1.5"),
        (START + "[optimiser]\nepochs = 0\n", r"optimiser\.epochs is 0; give 1 to"),
        (START + "[contrastive]\nreduction = 'max'\n", "it must be 'mean' or 'sum'"),
        (START + "[model]\nhead = [1.5]\n", r"'model.head\[0\]' must be a whole number, not 1.5"),
        (
            START + "[contrastive]\npairs = 'user'\n",
            "contrastive.pairs is 'user'; it must be 'simclr' or",
        ),
        (
            START.replace("[data]", "method = 'svm'\n[data]"),
            "method is 'svm'; it must be 'multi-task' or",
        ),
        (
            START.replace("[data]", "[data]\nlabel_rule = 'any'"),
            "data.label_rule is 'any'; it must be 'whole' or 'majority'",
        ),
        (START.replace("[data]", "[data]\nplacement = 3"), "'data.placement' must be text"),
        (START.replace('"sitting", ', ""), "two activities or more"),
        (START + "[optimiser]\nschedule = 'cosine'\n", "it must be 'constant' or 'one-cycle'"),
        (START + "[optimiser]\naveraging = 1.0\n", r"optimiser\.averaging is 1\.0; give 0 to 0\.999999"),
        (START + "[optimiser]\nlearning_rate = nan\n", "'optimiser.learning_rate' must be a finite number, not nan"),
        (START + "[model]\nfilters = []\n", r"model\.filters is \[\]; give 1 to 32 sizes"),
        (START + "[model]\nhead = [100000000]\n", "each from 1 to 4096"),
        (START + "optimiser = 3\n", "unknown key 'data.optimiser'"),
        ("optimiser = 3\n" + START, "'optimiser' must be a table, not 3"),
        (START + f"[optimiser]\nepochs = {'9' * 5000}\n", "not valid TOML"),
        (START.replace("[data]", "[data]\ndropout = 3"), "unknown key 'data.dropout'"),
        ('name = "x"\ntitle = "x"\n', "'data' is missing"),
        (START.replace('dataset = "hapt"', ""), "data needs either dataset or datasets"),
        (START + 'datasets = ["wisdm"]\n', "data needs either dataset or datasets"),
        (SEVERAL.replace("wisdm/pocket", "hapt"), "has the same recordings twice"),
        (SEVERAL.replace("wisdm/pocket", "hapt/waist"), "has the same recordings twice"),
        (SEVERAL.replace("wisdm/pocket", "hapt/"), "has the same recordings twice"),
        (SEVERAL + 'placement = "waist"\n', "with several data sets, write SET/PLACEMENT in data.datasets"),
        (SEVERAL.replace("upright", "sideways"), "data.frame is 'sideways'; it must be 'device' or"),
        (SEVERAL + "hop = 10\n", "data.frame upright needs windows of 50 samples, 25 apart"),
        (SEVERAL + "[data.renames]\ntyping = 'idling'\n", "data.renames: idling is none of the activities and choices"),
        (SEVERAL + "[data.renames]\ntyping = 3\n", "'data.renames.typing' must be text, not 3"),
        (SEVERAL + "[data.choices]\nstairs = ['walking']\n", "data.choices.stairs must name two of the activities"),
        (SEVERAL + "[data.choices]\nwalking = ['sitting', 'walking']\n", "or more, and be none itself"),
        (SEVERAL + "[data.choices]\nstairs = ['sitting', 'flying']\n", "data.choices.stairs must name two of the"),
        (START + "[model]\nhalvings = 3\n", r"model\.halvings is 3; give fewer than the 3 blocks"),
        (START + "[model]\nplaces = ['torso']\n", r"model\.places is \['torso'\]; give two of torso, thigh, wrist"),
        (START + "[model]\nplaces = ['torso', 'knee']\n", "give two of torso, thigh, wrist or more"),
        (START + "[classifier_augment]\nstretch = 0.9\n", r"classifier_augment\.stretch is 0\.9; give 1 to 2"),
        (START + "[classifier_augment]\nno_gyroscope = 1.1\n", r"no_gyroscope is 1\.1; give 0 to 1"),
        (START + "[distillation]\nweight = 2.0\n", r"distillation\.weight is 2\.0; give 0 to 1"),
        (START + "[distillation]\nteacher = 3\n", "'distillation.teacher' must be a table, not 3"),
        (
            START + "[distillation.teacher]\nfilters = [8, 8.5]\n",
            r"'distillation.teacher.filters\[1\]' must be a whole number",
        ),
        (
            START + "[distillation.teacher]\nplaces = ['torso', 'thigh']\n",
            "teacher.places must be those of model.places",
        ),
        (PLACES + "[optimiser]\nlabel_smoothing = 0.1\n", "do not go with data.choices or model.places"),
        (PLACES + "[optimiser]\nclass_balance = true\n", "do not go with data.choices or model.places"),
        (
            START + "[model]\nyaw_invariant = true\n[classifier_augment]\njitter_std = 0.1\n",
            "does not go with model.yaw_",
        ),
        ("name = ", "not valid TOML"),
        ("a = " + "[" * 200_000, "nested too deeply"),
        ("a." * 1000 + "b = 1", "nested more than 16 deep"),
        ("#" * 1_000_001, "no recipe: it is larger than 1,000,000 bytes"),
        ("base = 3\n" + START, "'base' must be text, the name or file of a recipe, not 3"),
        (START.replace('name = "x"', 'name = "' + "x" * 5000 + '"'), "'name' has 5,000 characters"),
        (START.replace('title = "x"', 'title = "a\\u001b[2Jb"'), "'title' has control characters"),
        (START.replace('["sitting", "walking"]', '"abcdef"'), "'data.activities' must be a list, not 'abcdef'"),
        (START.replace('"walking"', f'"{"w" * 101}"'), "names of activities have 1 to 100 characters"),
        (START + "[model]\nfine_scale = 1\n", "'model.fine_scale' must be true or false, not 1"),
        (START + "[optimiser]\nepochs = true\n", "'optimiser.epochs' must be a whole number, not True"),
        (START + "[optimiser]\nepochs = 99999999999999999999\n", "'optimiser.epochs' must be a whole number"),
    ],
)
def test_a_recipe_with_an_error_in_it_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        load_recipe(str(path))
    assert "\n" not in str(caught.value)


def test_data_sets_are_named_with_their_placements(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SEVERAL.replace('"hapt", ', '"hapt", "wisdm/wrist", '))
    data = load_recipe(str(path)).data
    assert data.sets == (("hapt", None), ("wisdm", "wrist"), ("wisdm", "pocket"))
    assert data.set_names == ("hapt", "wisdm")
    assert load_recipe("uci-har", ["data.placement='waist'"]).data.sets == (("hapt", "waist"),)


@pytest.mark.parametrize("name", ["anywhere", "anywhere-micro"])
def test_the_small_models_for_anywhere_learn_from_the_large_one_on_the_same_data(name: str) -> None:
    small, large = load_recipe(name), load_recipe("anywhere-large")
    assert small.teacher is not None
    assert replace(small.teacher, name=large.name, title=large.title) == large
    assert large.teacher is None
    assert small.data == large.data
    assert small.classifier_augment == large.classifier_augment
    assert max(small.model.filters) < max(large.model.filters)


def test_a_missing_recipe_is_reported() -> None:
    with pytest.raises(DataError, match=r"unknown recipe 'uci': give a \.toml file or one of anywhere"):
        load_recipe("uci")
    with pytest.raises(DataError, match=r"absent\.toml: no such recipe file"):
        load_recipe("absent.toml")


ODD_VALUES = ("0", "-1", "1", "3", "99999", "0.5", "-0.1", "1e300", "nan", "inf", "true", "'x'", "''", "[]", "[0]")
ODD_VALUES += ("[1]", "[3, 3, 3]", "['x']", "['a', 'b']", "[[1]]", "{x = 1}", "2020-01-01", f"'{'x' * 300}'")
SETTINGS = tuple(
    f"{name}.{key}"
    for name, table in load_recipe("uci-har").to_dict().items()
    for key in (table if isinstance(table, dict) else ())
)


@pytest.mark.parametrize("setting", (*SETTINGS, "data", "model", "optimiser", "name", "title", "method"))
def test_a_setting_with_an_odd_value_is_refused_in_one_line_or_gives_a_network_that_can_be_built(setting: str) -> None:
    for value in ODD_VALUES:
        try:
            recipe = load_recipe("hapt-robust", [f"{setting}={value}"])
        except DataError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 500
        else:
            if setting.startswith(("model.", "data.activities")):
                with torch.device("meta"):
                    HarNetwork(architecture_of(recipe))
