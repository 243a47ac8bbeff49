"""An engine whose liquids are correlated noise of known mean and spread, and can be gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.interfaces import Model
from cgbridge.records.simulation import Run, Simulation
from cgbridge.rng import derive_seed
from cgbridge.testing.made_up_runs import BEAD_MASS
from cgbridge.units import AMU_PER_NM3

TIMESTEP = 0.01


class NoisyLiquids:
    """Densities of a state with mean ``mean`` and standard deviation ``spread`` in g/cm^3, 1 ps apart, with
    the correlation x(t+1) = ``memory`` x(t) + noise. A longer run begins with the shorter one.

    ``mean`` may depend on the temperature. ``asked`` are the simulations begun, ``extended`` those gone on
    with; ``together``: all states share a Context.
    """

    def __init__(
        self, mean: Any = 1.0, spread: float = 0.01, memory: float = 0.0, *, together: bool = False
    ) -> None:
        self._mean, self._spread, self._memory, self._together = mean, spread, memory, together
        self.asked: list[Simulation] = []
        self.extended: list[Simulation] = []
        self._made: dict[Any, Run] = {}

    def run(self, model: Model, simulation: Simulation, seed: int, scratch: Path) -> Run:
        self.asked.append(simulation)
        self._made[simulation.key] = run = self._run(simulation, seed)
        return run

    def extend(self, model: Model, simulation: Simulation, seed: int) -> list[Run]:
        self.extended.append(simulation)
        moved = [simulation.key] if not self._together else list(self._made)
        for key in moved:
            longer = replace(self._made[key].simulation, production=simulation.production)
            self._made[key] = self._run(longer, seed)
        return [self._made[key] for key in moved]

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        return [list(simulations)] if self._together and simulations else []

    def run_together(self, model: Model, simulations: Any, seed: int, folders: Any) -> list[Run]:
        return [self.run(model, s, seed, folder) for s, folder in zip(simulations, folders, strict=True)]

    def _run(self, simulation: Simulation, seed: int) -> Run:
        count = round(simulation.production / simulation.interval)
        rng = np.random.default_rng(derive_seed(seed, *simulation.key))
        kicks = rng.standard_normal(count)
        kicks[1:] *= np.sqrt(1.0 - self._memory**2)
        noise = np.empty(count)
        last = 0.0
        for index, kick in enumerate(kicks):
            noise[index] = last = self._memory * last + kick
        mean = self._mean(simulation.temperature) if callable(self._mean) else self._mean
        density = mean + self._spread * noise
        volume = simulation.beads * BEAD_MASS * AMU_PER_NM3 / density
        steps = round((simulation.equilibration + simulation.production) / TIMESTEP)
        return Run(
            simulation,
            simulation.beads,
            BEAD_MASS,
            {"time": np.arange(count) * simulation.interval, "volume": volume},
            md_steps=steps,
            timestep=TIMESTEP,
        )
