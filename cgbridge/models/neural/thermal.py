"""The part of a free energy that changes with the temperature.

The energy of beads is a potential of mean force W = E - T S, with an entropy of what was averaged over. With
x = (T - T_m)/h, from -1 at the lowest to 1 at the highest of the temperatures that it is trained at (middle
T_m, half of the range h), W(R, T) = W_m(R) + x G(R): S = -G/h, E = W_m + T_m S.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Thermal(nn.Module):
    """``network`` gives G; beyond its ``temperatures`` the free energy stays what it is at the nearer one."""

    temperatures: Tensor

    def __init__(self, network: nn.Module, temperatures: tuple[float, float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("temperatures", torch.tensor(temperatures, dtype=torch.float64))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest temperature in K."""
        lowest, highest = self.temperatures.tolist()
        return lowest, highest

    @property
    def middle(self) -> float:
        """T_m in K."""
        return float(self.temperatures.mean())

    def place(self, temperature: float | Tensor | None) -> float | Tensor:
        """x of a temperature in K, or of those of several frames; 0 where none is given."""
        if temperature is None:
            return 0.0
        lowest, highest = self.temperatures
        values = torch.as_tensor(temperature, dtype=torch.float64, device=lowest.device)
        return (2.0 * (values - lowest) / (highest - lowest) - 1.0).clamp(-1.0, 1.0)
