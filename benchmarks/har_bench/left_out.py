"""Activities that a network never learnt: how well each score tells their windows from the known ones.

python -m har_bench.left_out --runs DIR --out benchmarks/results/left_out.json
"""

from collections.abc import Sequence
from pathlib import Path

from har_runtime.errors import HarError
from har_runtime.model import load_model
from har_runtime.recording import Recording
from har_train.checkpoint import Checkpoint, load_checkpoint
from har_train.datasets import find
from har_train.protocols import UserSplit
from har_train.recipe import load_recipe
from har_train.stages import Run
from har_train.training import fit
from har_train.windows import cut_windows

SHORT = ("optimiser.epochs=8", 'optimiser.schedule="one-cycle"', "optimiser.learning_rate=1e-3")
"""Eight epochs come near the shipped model's macro-F1 and take two minutes."""


def train_without(activity: str, recordings: Sequence[Recording], runs: Path) -> Checkpoint:
    """The network that never learnt `activity`; trained where `runs` does not hold it yet.

    It has the shipped model's training, validation and test users.
    """
    folder = runs / activity
    if not (folder / "model.safetensors").exists():
        card = load_model("waist").card
        known = [label for label in card.labels if label != activity]
        split = UserSplit(card.training.trained_on, card.training.chosen_on, card.training.never_seen)
        recipe = load_recipe("uci-har-supervised", (*SHORT, f"data.activities={known}"))
        run = Run(folder, seed=0, resume=(folder / "run.json").exists())
        try:
            fit(recipe, find("hapt"), cut_windows(recordings, recipe.data), "waist", run, split)
        except SystemExit as error:
            raise HarError(f"{folder}: training ended early") from error
    return load_checkpoint(folder)
