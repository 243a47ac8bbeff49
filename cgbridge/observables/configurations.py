"""Energies and forces of stored configurations against those of the model that labelled them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.observables.options import StaticOptions, parse_options, reader
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.trajectories.configurations import Configuration, read_configurations

Energy = Annotated[float, BeforeValidator(reader("kJ/mol"))]
_UNITS = {"energy": "kJ/mol", "forces": "kJ/mol/nm"}


class ConfigurationsOptions(StaticOptions):
    """Options of ``configurations``."""

    feature: Literal["energy", "forces"] = Field(
        "energy", description="energies per bead, or components of forces"
    )
    window: Annotated[Energy, Field(gt=0)] | None = Field(
        None,
        description="kJ/mol per bead: configurations that lie higher above the lowest of their composition "
        "are left out; by default none",
    )


class Configurations:
    """Root mean square deviation of energies per bead, or of forces, over stored configurations.

    ``energy``: sqrt(<(E/N - E_0/N - c)^2>) in kJ/mol, E_0 the label and c the mean difference over the
    configurations of equal composition, for a coarse model has no zero of energy in common with the
    atomistic one. ``forces``: the same of all components in kJ/(mol nm), which have no constant. There is no
    statistical error. ``curves["configurations"]`` holds E/N - c against E_0/N. Raises
    :class:`~cgbridge.errors.ConfigError` for a target without files or labels.
    """

    name = "configurations"
    words = "energies and forces of stored configurations"
    unit = "kJ/mol"
    options = ConfigurationsOptions
    summary = "Deviation of energies or forces of stored configurations"
    state = ()

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation of all configurations."""
        options = parse_options(self.options, target)
        unit_factor(target, _UNITS[options.feature])
        if not target.files:
            raise ConfigError(
                "configurations are read from files, and none is named",
                where=f"targets.{target.name}.files",
                remedy="files: [water/ices/*.h5]",
            )
        kind = SimulationKind.CONFIGURATIONS
        return [Simulation(kind, kind.value, composition=target.composition, files=target.files)]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The deviation of the feature."""
        options, run = parse_options(self.options, target), one_run(runs)
        found, forces = series(run, "potential_energy"), series(run, "forces")
        stored = read_configurations(target.files)
        beads = np.array([len(one.topology) for one in stored])
        labels = np.array([one.energy for one in stored]) / beads
        kept = _within(options.window, labels, stored)
        if options.feature == "forces":
            rows = np.repeat(kept, beads)
            difference = forces[rows] - _label_forces(target, stored)[rows]
            value, curves = float(np.sqrt(np.mean(difference**2))), {}
        else:
            energies = _without_zero(found / beads, labels, stored, kept)
            value = float(np.sqrt(np.mean((energies - labels)[kept] ** 2)))
            order = np.argsort(labels[kept])
            x, y = labels[kept][order], energies[kept][order]
            curves = {"configurations": Curve(x, y, np.zeros_like(y), "kJ/mol", "kJ/mol")}
        return estimate(target, _UNITS[options.feature], value, stderr=0.0, n_eff=1.0, curves=curves)


def _groups(stored: Sequence[Configuration]) -> FloatArray:
    """The number of the composition of every configuration."""
    kinds: dict[object, int] = {}
    return np.array([kinds.setdefault(one.composition, len(kinds)) for one in stored])


def _within(window: float | None, labels: FloatArray, stored: Sequence[Configuration]) -> np.ndarray:
    kept = np.ones(len(labels), dtype=bool)
    groups = _groups(stored)
    for group in np.unique(groups) if window is not None else ():
        own = groups == group
        kept[own] = labels[own] <= labels[own].min() + window
    return kept


def _without_zero(
    energies: FloatArray, labels: FloatArray, stored: Sequence[Configuration], kept: np.ndarray
) -> FloatArray:
    """The energies with the constant of every composition that brings them nearest to the labels."""
    groups, shifted = _groups(stored), energies.copy()
    for group in np.unique(groups):
        own = groups == group
        shifted[own] -= np.mean((energies - labels)[own & kept])
    return shifted


def _label_forces(target: Target, stored: Sequence[Configuration]) -> FloatArray:
    found = []
    for one in stored:
        if one.frame.forces is None:
            where = f"targets.{target.name}.files: {one.where}"
            raise ConfigError("this configuration has no forces", where=where)
        found.append(one.frame.forces)
    return np.concatenate(found)
