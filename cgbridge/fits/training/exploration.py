"""Molecular dynamics of a committee, in which it is watched where its members disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

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

#: Looks at the interval in which a run broke down: its last frames are those that the networks lack most.
_CLOSELY = 16


@dataclass(frozen=True)
class Look:
    """Beads (N, 3) in a ``box`` in nm of the state of ``series``, and the largest ``disagreement`` about the
    force on one of them, in kJ/mol/nm (NaN: a force that is no number). A run that broke down was ``doomed``
    in its last looks, whatever the networks said of them.
    """

    positions: FloatArray
    box: FloatArray
    disagreement: float
    series: int
    doomed: bool = False

    def is_wanted(self, threshold: float) -> bool:
        """Whether the networks have something to learn of it: no number is no agreement."""
        return self.doomed or not self.disagreement <= threshold


@dataclass(frozen=True)
class Exploration:
    """All ``looks``, state after state, and of every run that ``broke`` down where and why."""

    looks: list[Look]
    broke: list[str]


def explore(
    model: NeuralModel, data: DataSet, section: ActiveLearningSection, seed: int, say: Callable[[str], None]
) -> Exploration:
    """Look at a run of every state; it ends where it breaks down or leaves the liquid."""
    found = Exploration([], [])
    for number, series in enumerate(data.series):
        if not series.is_state:
            continue
        say(f"dynamics at the state of {series.name}")
        run = _Run(model, series, number, section, derive_seed(seed, series.name))
        try:
            run.go()
        except UnstableError as error:
            found.broke.append(f"{series.name}: {error.what}")
        found.looks.extend(run.looks)
    return found


class _Run:
    """Dynamics at one state, from one of its frames."""

    def __init__(
        self, model: NeuralModel, series: Series, number: int, section: ActiveLearningSection, seed: int
    ) -> None:
        plan, kelvin = section.explore, series.state.temperature
        assert kelvin is not None
        self._plan, self._number, self._limit = plan, number, plan.stop * section.threshold
        self._judge = _Judge(model, series)
        first = int(np.random.default_rng(seed).integers(len(series)))
        start = Box.of(series.positions[first].astype(np.float64), series.box[first], series.topology.types)
        settings = EngineSettings("auto", 1, plan.timestep, friction=plan.friction)
        self._dynamics = Dynamics(
            model, start, settings, temperature=kelvin, barostat="none", topology=series.topology, seed=seed
        )
        self.looks: list[Look] = []

    def go(self) -> None:
        """Look at the beginning, then every interval; raises :class:`UnstableError` where it breaks down."""
        plan, dynamics = self._plan, self._dynamics
        dynamics.heat()
        dynamics.settle()
        if not self._look():
            return
        for _ in range(max(1, round(plan.time / plan.interval))):
            before = dynamics.context.getState(positions=True, velocities=True)
            try:
                dynamics.equilibrate(plan.interval)
                goes_on = self._look()
            except UnstableError:
                self._again(before)
                raise
            if not goes_on:
                return

    def _look(self, *, doomed: bool = False) -> bool:
        """Look at the beads as they are; whether the run is still near the liquid."""
        box = self._dynamics.box()
        apart = self._judge(box.positions, box.vectors)
        self.looks.append(Look(box.positions, box.vectors, apart, self._number, doomed))
        if not np.isfinite(apart):
            raise UnstableError("a force of the networks is not a number")
        return apart <= self._limit

    def _again(self, before: Any) -> None:
        """From the last look on, closely, to where the run breaks down."""
        numbers = [number for number, look in enumerate(self.looks) if np.isfinite(look.disagreement)]
        if numbers[-1] > 0:  # the beginning is a frame of the data
            self.looks[numbers[-1]] = replace(self.looks[numbers[-1]], doomed=True)
        context = self._dynamics.context
        context.setPositions(before.getPositions())
        context.setVelocities(before.getVelocities())
        try:
            for _ in range(_CLOSELY):
                self._dynamics.equilibrate(max(self._plan.interval / _CLOSELY, self._plan.timestep))
                if not self._look(doomed=True):
                    return
        except UnstableError:
            return  # as it did before: what was seen on the way is what is wanted


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

    Successive looks of one run are alike: of two neighbours only one is taken. One whose forces are no
    numbers cannot be labelled.
    """
    can_be = [number for number, look in enumerate(looks) if np.isfinite(look.disagreement)]
    wanted = [number for number in can_be if looks[number].is_wanted(section.threshold)]
    if section.choose == "random" and wanted:
        order = [int(n) for n in np.random.default_rng(seed).permutation(can_be)]
    else:
        order = sorted(wanted, key=lambda number: -looks[number].disagreement)
    taken: list[int] = []
    for number in order:
        near = any(
            abs(number - other) == 1 and looks[number].series == looks[other].series for other in taken
        )
        if not near and len(taken) < section.frames:
            taken.append(number)
    return [looks[number] for number in sorted(taken)]
