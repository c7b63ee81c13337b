"""Recipes are strict: what no run would use is an error, not a silent default."""

from pathlib import Path

import pytest

from har_runtime.errors import DataError
from har_train.recipe import load_recipe, recipe_from, recipe_names

START = 'name = "x"\ntitle = "x"\n[data]\ndataset = "hapt"\nactivities = ["sitting", "walking"]\n'


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
        (START + "[optimiser]\nepochs = 1.5\n", "'optimiser.epochs' must be int, not 1.5"),
        (START + "[optimiser]\nepochs = 0\n", "epochs and patience above 0"),
        (START + "[contrastive]\nreduction = 'max'\n", "it is 'mean' or 'sum'"),
        (START + "[model]\nhead = [1.5]\n", "'model.head' must be a list of int"),
        (START.replace("[data]", "[data]\ndropout = 3"), "unknown key 'data.dropout'"),
        ('name = "x"\ntitle = "x"\n', "missing 1 required positional argument: 'data'"),
        ("name = ", "not valid TOML"),
    ],
)
def test_a_recipe_with_something_wrong_in_it_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        load_recipe(str(path))
    assert "\n" not in str(caught.value)


def test_a_recipe_that_is_not_there_is_said() -> None:
    with pytest.raises(DataError, match=r"unknown recipe 'uci': give a \.toml file or one of uci-har"):
        load_recipe("uci")
    with pytest.raises(DataError, match=r"absent\.toml: no such recipe file"):
        load_recipe("absent.toml")
