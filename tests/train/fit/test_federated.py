"""A round of clients ends with one step by the mean of their updates, and what a round cannot have is refused."""

import pytest
import torch

from har_runtime.errors import HarError
from har_train.fit.checkpoint import architecture_of
from har_train.fit.federated import FederatedObjective
from har_train.fit.network import HarNetwork
from har_train.methods.base import Batch, Update
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe


def objective(recipe: Recipe, people: int = 20) -> FederatedObjective:
    torch.manual_seed(0)
    return FederatedObjective(HarNetwork(architecture_of(recipe)), recipe, 0, people=people)


def test_the_network_moves_at_the_end_of_a_round_by_the_weighted_mean_of_the_updates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = objective(load_recipe("zoo-protohar"))
    encoder, weights = module.network.encoder, [1.0, 2.0, 5.0]
    before = [parameter.clone() for parameter in encoder.parameters()]
    seen: list[list[torch.Tensor]] = []

    def client(encoder: torch.nn.Module, classifier: torch.nn.Module, batch: Batch, settings: object) -> Update:
        parameters = [*encoder.parameters(), *classifier.parameters()]
        seen.append([parameter.clone() for parameter in parameters])
        person = int(batch.user[0])
        return Update([torch.full_like(parameter, float(person)) for parameter in parameters], weights[person])

    monkeypatch.setattr(module.federated, "client", client)
    monkeypatch.setattr(module.federated, "end_round", lambda encoder, classifier: None)
    server = module.configure_optimizers()
    monkeypatch.setattr(module, "optimizers", lambda: server)
    for index in range(3):
        user = torch.full((4,), index)
        module.training_step((torch.randn(4, 50, 6), user, user, user), index)
    for parts in seen:
        for part, parameter in zip(parts, before, strict=False):
            torch.testing.assert_close(part, parameter)
    for parameter, start in zip(encoder.parameters(), before, strict=True):
        torch.testing.assert_close(parameter, start - (1 * 2.0 + 2 * 5.0) / 8.0)


def test_batch_norm_and_a_schedule_are_refused() -> None:
    for changes, named in (
        (("model.head=[16]",), "batch norm"),
        (('model.backbone="resnet"',), "batch norm"),
        (('optimiser.schedule="step"',), "schedule"),
        (("optimiser.averaging=0.9",), "averaging"),
    ):
        with pytest.raises(HarError, match=named):
            objective(load_recipe("zoo-protohar", changes))
