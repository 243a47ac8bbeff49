"""Weights, their running mean and the optimiser as named tensors: part of every checkpoint of a training."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cgbridge.fits.training.weight_average import WeightAverage, put
from cgbridge.models.neural.potential import NeuralPotential


def state_tensors(
    potential: NeuralPotential, average: WeightAverage, optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """``weights.NAME``, ``average.NAME``, and ``optimizer.INDEX.KEY`` of every weight."""
    found: dict[str, Tensor] = {f"weights.{name}": value for name, value in potential.named_parameters()}
    found |= {f"average.{name}": value for name, value in average.weights.items()}
    for index, state in optimizer.state_dict()["state"].items():
        found |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    return found


def restore_state(
    tensors: Mapping[str, Tensor],
    potential: NeuralPotential,
    average: WeightAverage,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Put back what :func:`state_tensors` gave; other names are left alone."""

    def below(prefix: str) -> dict[str, Tensor]:
        return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}

    put(potential, below("weights."))
    device = next(potential.parameters()).device
    average.weights = {name: value.to(device) for name, value in below("average.").items()}
    states: dict[int, dict[str, Tensor]] = {}
    for name, value in below("optimizer.").items():
        index, _, key = name.partition(".")
        states.setdefault(int(index), {})[key] = value
    whole = optimizer.state_dict()
    optimizer.load_state_dict({"state": states, "param_groups": whole["param_groups"]})
