"""What a step minimises: the classes that a label allows, at the place where it was worn, and what a teacher says."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.train.toy_sets import TEACHER, toy_recipe
from torch import Tensor, nn

from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import architecture_of
from har_train.fit.network import HarNetwork
from har_train.fit.objective import Batch, MultiTask, Teacher, choice_loss, divergence
from har_train.fit.targets import Targets, targets_of
from har_train.recipe import ClassifierAugmentConfig, DistillationConfig

LOGITS = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]], requires_grad=True)


def test_the_loss_of_a_choice_is_minus_the_logarithm_of_its_summed_probability() -> None:
    allowed = torch.tensor([[True, False, True], [False, True, True]])
    probabilities = LOGITS.softmax(dim=1)
    summed = torch.stack([probabilities[0, 0] + probabilities[0, 2], probabilities[1, 1] + probabilities[1, 2]])
    assert torch.allclose(choice_loss(LOGITS, allowed), -summed.log().mean())


def test_with_one_class_allowed_it_is_the_cross_entropy_and_with_all_it_is_nothing() -> None:
    truth = torch.tensor([1, 2])
    one = choice_loss(LOGITS, nn.functional.one_hot(truth, 3).bool())
    assert torch.allclose(one, nn.functional.cross_entropy(LOGITS, truth))
    assert float(choice_loss(LOGITS, torch.ones(2, 3, dtype=torch.bool))) == pytest.approx(0, abs=1e-6)


def test_a_choice_raises_the_likelier_of_its_classes_more_and_lowers_the_others() -> None:
    logits = LOGITS.detach().clone().requires_grad_()
    choice_loss(logits[:1], torch.tensor([[True, True, False]])).backward()
    assert logits.grad is not None
    first, second, other = (-logits.grad[0]).tolist()
    assert second > first > 0 > other


def test_divergence_is_that_of_kullback_and_leibler() -> None:
    wanted = torch.tensor([[0.3, -1.0, 0.2]])
    p, q = wanted.softmax(1), LOGITS[:1].softmax(1)
    assert torch.allclose(divergence(LOGITS[:1], wanted), (p * (p / q).log()).sum(1))
    assert float(divergence(wanted, wanted)) == pytest.approx(0, abs=1e-6)


Module = Callable[..., MultiTask]


@pytest.fixture
def module(tmp_path) -> Module:
    """Makes an objective outside a trainer, on a network that is the same each time."""

    def make(*changes: str, targets: Targets, teacher: Teacher | None = None) -> MultiTask:
        recipe = toy_recipe(tmp_path, *changes, "model.dropout=0.0")
        recipe = replace(recipe, classifier_augment=ClassifierAugmentConfig())
        torch.manual_seed(0)
        network = HarNetwork(architecture_of(recipe))
        made = MultiTask(network, recipe, seed=0, targets=targets, teacher=teacher)
        made._log_mean = lambda *_: None  # type: ignore[method-assign] # There is no trainer to log to.
        return made

    return make


def batch_of(windows: WindowSet, rows: np.ndarray, place: int) -> Batch:
    chosen = windows.select(rows)
    zeros = torch.zeros(len(rows), dtype=torch.int64)
    return torch.from_numpy(chosen.x), torch.from_numpy(chosen.y), zeros, zeros + place


def trained(made: MultiTask, batch: Batch, steps: int = 60) -> HarNetwork:
    made.network.measure(batch[0])
    optimiser = torch.optim.Adam(made.parameters(), 0.03)
    for step in range(steps):
        optimiser.zero_grad()
        made.training_step(batch, step).backward()
        optimiser.step()
    return made.network.eval()


def at_place(network: HarNetwork, x: Tensor, place: int) -> Tensor:
    """Mean probability of each class there."""
    with torch.no_grad():
        return network.logits(network.features(x))[0][:, place].softmax(dim=1).mean(dim=0)


def test_an_activity_that_nobody_recorded_at_a_place_is_not_ruled_out_there(module, toy, of_toys) -> None:
    """At the wrist only standing and walking train; sitting trains at the waist."""
    standing, sitting, walking = (of_toys.labels.index(label) for label in ("standing", "sitting", "walking"))
    waist = of_toys.select((of_toys.dataset == "toy-waist") & np.isin(of_toys.y, [standing, sitting, walking]))
    wrist = of_toys.select((of_toys.dataset == "toy-wrist") & np.isin(of_toys.y, [standing, walking]))
    waist, wrist = (part.select(np.arange(0, len(part.y), 3)) for part in (waist, wrist))
    parts = [batch_of(part, np.arange(len(part.y)), place) for part, place in ((waist, 0), (wrist, 2))]
    both: Batch = tuple(torch.cat(columns) for columns in zip(*parts, strict=True))  # type: ignore[assignment]
    seen = torch.zeros(3, len(of_toys.labels), dtype=torch.bool)
    seen[0, [standing, sitting, walking]] = seen[2, [standing, walking]] = True
    targets = targets_of(of_toys, toy)
    found = {}
    for name, table in (("seen", seen), ("all", torch.ones_like(seen))):
        network = trained(module(targets=Targets(None, targets.allowed, table, targets.gait)), both)
        probabilities = at_place(network, both[0][: len(waist.y)][waist.y == sitting], 2)
        found[name] = float(probabilities[sitting] / probabilities[[standing, sitting, walking]].sum())
    assert found["seen"] > 0.9
    assert found["all"] < 0.8


def test_where_only_one_activity_was_recorded_there_is_nothing_to_learn_about_it(module, toy, of_toys) -> None:
    targets = targets_of(of_toys, toy)
    alone = torch.zeros_like(targets.seen)
    alone[:, 0] = True
    made = module(targets=Targets(None, targets.allowed, alone, targets.gait))
    rows = np.flatnonzero(of_toys.y == 0)[:32]
    made.training_step(batch_of(of_toys, rows, 1), 0).backward()
    assert made.network.heads is not None
    assert not made.network.heads.own.weight.grad.any()  # type: ignore[union-attr]
    assert made.network.heads.place.weight.grad.any()  # type: ignore[union-attr]


@pytest.mark.parametrize(("label", "share"), [("walking", 1.0), ("sitting", 0.2), ("stairs", 1.0)])
def test_gait_teaches_the_place_five_times_as_much_as_rest(module, toy, of_toys, label: str, share: float) -> None:
    """The loss of a first network is that of a label, which is the same for all, and of the place."""
    names = (*of_toys.labels, "stairs")
    rows = np.flatnonzero(of_toys.y == names.index(label))[:64]
    targets = targets_of(of_toys, toy)
    everything = Targets(None, torch.ones_like(targets.allowed), torch.ones_like(targets.seen), targets.gait)
    made = module(targets=everything)
    x, y, users, place = batch_of(of_toys, rows, 1)
    places = made.network.logits(made.network.features(x))[1]
    assert places is not None
    wanted = 0.3 * share * float(nn.functional.cross_entropy(places, place))
    assert float(made.training_step((x, y, users, place), 0).detach()) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("places", ["['torso', 'thigh', 'wrist']", "[]"])
def test_with_a_teacher_the_loss_is_the_share_of_its_own_and_of_the_distance_to_it(
    module, toy, of_toys, tmp_path, places: str
) -> None:
    changes = (f"model.places={places}", *TEACHER, f"distillation.teacher.places={places}")
    recipe = toy_recipe(tmp_path, *changes)
    torch.manual_seed(5)
    assert recipe.distillation.teacher is not None
    own = toy_recipe(tmp_path, "model.filters=[8, 16]", f"model.places={places}")
    network = HarNetwork(architecture_of(own)).eval()
    network.measure(torch.from_numpy(of_toys.x))
    batch = batch_of(of_toys, np.arange(0, len(of_toys.y), 40), 0)
    targets = targets_of(of_toys, recipe)
    losses = {
        weight: float(
            module(*changes, targets=targets, teacher=Teacher(network, DistillationConfig(None, weight, 2.0)))
            .training_step(batch, 0)
            .detach()
        )
        for weight in (0.0, 0.25, 1.0)
    }
    assert losses[0.0] == pytest.approx(float(module(*changes, targets=targets).training_step(batch, 0).detach()))
    assert losses[0.25] == pytest.approx(0.75 * losses[0.0] + 0.25 * losses[1.0], rel=1e-5)
    student = module(*changes, targets=targets).network
    with torch.no_grad():
        pairs = zip(student.logits(student.features(batch[0])), network.logits(network.features(batch[0])), strict=True)
        apart = [divergence(mine / 2, theirs / 2).mean() for mine, theirs in pairs if mine is not None]
    assert losses[1.0] == pytest.approx(4 * float(apart[0] + 0.3 * sum(apart[1:])), rel=1e-4)


def test_a_teacher_learns_nothing_and_is_no_part_of_the_checkpoint(module, toy, of_toys) -> None:
    torch.manual_seed(5)
    network = HarNetwork(architecture_of(toy)).eval()
    made = module(targets=targets_of(of_toys, toy), teacher=Teacher(network, DistillationConfig()))
    made.training_step(batch_of(of_toys, np.arange(64), 0), 0).backward()
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not {name for name in made.state_dict() if not name.startswith("network.")} - {
        *("classification_loss.weight",)
    }
    assert len(list(made.parameters())) == len(list(made.network.parameters()))


def test_targets_and_teacher_go_where_the_network_is_trained(module, toy, of_toys) -> None:
    """Torch's device without memory stands for a GPU."""
    network = HarNetwork(architecture_of(toy)).eval()
    made = module(targets=targets_of(of_toys, toy), teacher=Teacher(network, DistillationConfig()))
    made.to("meta")
    made.on_fit_start()
    batch = tuple(part.to("meta") for part in batch_of(of_toys, np.arange(64), 0))
    assert made.training_step(batch, 0).device.type == "meta"
