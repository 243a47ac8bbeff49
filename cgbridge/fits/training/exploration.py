"""Molecular dynamics of a committee, in which it is watched where its members disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from cgbridge.config.active_learning_section import ActiveLearningSection
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import UnstableError
from cgbridge.fits.training.data_set import DataSet, Series
from cgbridge.frames import FloatArray
from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.committee import Committee
from cgbridge.models.neural.model import NeuralModel
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box


@dataclass(frozen=True)
class Look:
    """Beads (N, 3) in a ``box`` in nm of the state of ``series``, and the largest ``disagreement`` about the
    force on one of them, in kJ/mol/nm.
    """

    positions: FloatArray
    box: FloatArray
    disagreement: float
    series: int


def explore(
    model: NeuralModel, data: DataSet, section: ActiveLearningSection, seed: int, say: Callable[[str], None]
) -> list[Look]:
    """All that was looked at, state after state; a run ends where it breaks down or leaves the liquid."""
    looks: list[Look] = []
    for number, series in enumerate(data.series):
        if series.state.temperature is None or series.independent:
            continue
        say(f"dynamics at the state of {series.name}")
        looks += _run(model, series, number, section, derive_seed(seed, series.name))
    return looks


def _run(
    model: NeuralModel, series: Series, number: int, section: ActiveLearningSection, seed: int
) -> list[Look]:
    plan, kelvin = section.explore, series.state.temperature
    assert kelvin is not None
    first = int(np.random.default_rng(seed).integers(len(series)))
    start = Box.of(series.positions[first].astype(np.float64), series.box[first], series.topology.types)
    settings = EngineSettings("auto", 1, plan.timestep, friction=plan.friction)
    judge = _Judge(model, series)
    looks: list[Look] = []
    try:
        dynamics = Dynamics(
            model, start, settings, temperature=kelvin, barostat="none", topology=series.topology, seed=seed
        )
        dynamics.heat()
        dynamics.settle()
        for _ in range(max(1, round(plan.time / plan.interval))):
            dynamics.equilibrate(plan.interval)
            box = dynamics.box()
            apart = judge(box.positions, box.vectors)
            looks.append(Look(box.positions, box.vectors, apart, number))
            if apart > plan.stop * section.threshold:
                break
    except UnstableError:
        pass  # what was seen before it is what the networks have to learn
    return looks


class _Judge:
    """The largest disagreement of a committee's members about the forces on the beads of one topology."""

    def __init__(self, model: NeuralModel, series: Series) -> None:
        assert isinstance(model.potential, Committee)
        self._committee = model.potential
        self._temperature = model.at(series.state.temperature or 0.0).state_temperature
        index = {name: number for number, name in enumerate(model.bead_names)}
        self._types = torch.tensor([index[name] for name in series.topology.types])
        topology = series.topology
        self._bonded = Bonded.of(topology, "cpu") if topology.bonds or topology.exclusions else None

    def __call__(self, positions: FloatArray, box: FloatArray) -> float:
        found = self._committee.disagreement(
            torch.from_numpy(np.ascontiguousarray(positions)),
            self._types,
            torch.from_numpy(np.ascontiguousarray(box)),
            bonded=self._bonded,
            temperature=self._temperature,
        )
        return float(found.max())


def chosen(looks: list[Look], section: ActiveLearningSection, seed: int) -> list[Look]:
    """Those that are to be labelled, at most ``section.frames``; none where nobody disagrees.

    Successive looks of one run are alike: of two neighbours only one is taken.
    """
    above = [number for number, look in enumerate(looks) if look.disagreement > section.threshold]
    if not above:
        return []
    if section.choose == "random":
        order = [int(n) for n in np.random.default_rng(seed).permutation(len(looks))]
    else:
        order = sorted(above, key=lambda number: -looks[number].disagreement)
    taken: list[int] = []
    for number in order:
        near = any(
            abs(number - other) == 1 and looks[number].series == looks[other].series for other in taken
        )
        if not near and len(taken) < section.frames:
            taken.append(number)
    return [looks[number] for number in sorted(taken)]
