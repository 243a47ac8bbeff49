"""Small neural models with random weights, for tests."""

from __future__ import annotations

import numpy as np

EDGE = 1.5


def liquid_places(seed: int = 3, beads: int = 64, edge: float = EDGE) -> np.ndarray:
    """Beads near the points of a cubic lattice in a box of ``edge`` nm."""
    rng = np.random.default_rng(seed)
    side = round(beads ** (1 / 3))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), -1).reshape(-1, 3) * edge / side
    return grid + 0.02 * rng.normal(size=grid.shape)


def small_model(
    architecture="descriptor-network",
    *,
    members=1,
    kinds=("W",),
    precision="float32",
    priors=True,
    **settings,
):
    """A neural model with an example, whose core is a repulsion so that it can be simulated."""
    import torch

    from cgbridge.models.beads import Bead
    from cgbridge.models.neural.architecture import build, network_settings
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.models.neural.priors import Repulsion
    from cgbridge.topology import Topology

    torch.set_num_threads(1)
    settings = network_settings(architecture, {"precision": precision, **settings})
    positions = liquid_places()
    types = tuple(kinds[index % len(kinds)] for index in range(len(positions)))
    potentials = []
    for seed in range(members):
        core = [Repulsion([[0.3] * len(kinds)] * len(kinds), 1.0, settings.cutoff)] if priors else []
        potential = build(architecture, settings, kinds, priors=core, seed=seed)
        # Random weights are steep landscapes; a tenth of them can be simulated with steps of femtoseconds.
        with torch.no_grad():
            for values in list(potential.network.parameters())[-2:]:
                values *= 0.1
        numbers = torch.arange(len(positions)) % len(kinds)
        potential.calibrate(torch.tensor(positions), numbers, EDGE * torch.eye(3, dtype=torch.double))
        potentials.append(potential)
    beads = [Bead(name, 18.015 + index) for index, name in enumerate(kinds)]
    model = NeuralModel.of_potentials("small", architecture, settings, beads, potentials)
    return model.with_example(positions, EDGE * np.eye(3), Topology(types))
