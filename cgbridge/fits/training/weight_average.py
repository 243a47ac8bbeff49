"""A running mean of the weights, which is better than the last of them while the rate is high."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """w <- d w + (1 - d) weights after every step t, d = min(decay, (1 + t)/(10 + t)): young means forget."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module, self._decay = module, decay
        self.weights = {name: value.detach().clone() for name, value in module.named_parameters()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number ``step``, counted from 0."""
        decay = min(self._decay, (1.0 + step) / (10.0 + step)) if self._decay else 0.0
        for name, value in self._module.named_parameters():
            self.weights[name].mul_(decay).add_(value.detach(), alpha=1.0 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The mean in place of the weights, for as long as the block lasts."""
        kept = {name: value.detach().clone() for name, value in self._module.named_parameters()}
        put(self._module, self.weights)
        try:
            yield
        finally:
            put(self._module, kept)


@torch.no_grad()
def put(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy weights into the parameters of a module."""
    for name, value in module.named_parameters():
        value.copy_(weights[name])
