"""A network small enough to train in a second, for tests in which its size is not the point."""

from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

CHANGES = (
    "model.filters=[8, 8]",
    "model.head=[16]",
    "model.projector_hidden=16",
    "model.projector_out=16",
    "optimiser.batch_size=64",
    "optimiser.learning_rate=3e-3",
)
ARGUMENTS = tuple(part for change in CHANGES for part in ("--set", change))
"""The same on a command line."""


def small_recipe(name: str = "uci-har", *changes: str) -> Recipe:
    """A recipe that is part of the package, with a small network and batches."""
    return load_recipe(name, (*CHANGES, *changes))
