"""Priors of a network out of its training frames: cores, bonds, angles.

A repulsion has the energy kT at the shortest distance that occurs, or at a mixed one for pairs that hardly
do; bonds and angles are harmonic about their mean with k = kT/variance (Boltzmann inversion of a normal
distribution).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.fits.training.linear_columns import Key, chain_keys
from cgbridge.fits.training.pair_geometry import minimum_image
from cgbridge.fits.training.shortest_distances import shortest_distances
from cgbridge.frames import FloatArray
from cgbridge.topology import Chains
from cgbridge.units import GAS_CONSTANT

if TYPE_CHECKING:
    from cgbridge.models.neural.priors import Prior

#: Frames that the means are taken from.
_LOOK = 200
#: Temperature in K of data that do not tell theirs.
_ROOM = 300.0


def priors_of(
    names: Sequence[str], data: DataSet, frames: Sequence[FrameAddress], cutoff: float
) -> list[Prior]:
    """The priors called ``names`` for these frames, those without anything to act on left out."""
    makers = {"repulsion": _repulsion, "bonds": _bonds, "angles": _angles}
    found = [makers[name](data, frames, cutoff) for name in names]
    return [prior for prior in found if prior is not None]


def thermal_energy(data: DataSet) -> float:
    """kT in kJ/mol, the mean over the series."""
    kelvin = [one.state.temperature for one in data.series if one.state.temperature is not None]
    return GAS_CONSTANT * (float(np.mean(kelvin)) if kelvin else _ROOM)


def _repulsion(data: DataSet, frames: Sequence[FrameAddress], cutoff: float) -> Prior | None:
    from cgbridge.models.neural.priors import Repulsion

    shortest = shortest_distances(data, frames, cutoff).every
    sigmas = [[shortest.get((min(a, b), max(a, b)), 0.0) for b in data.types] for a in data.types]
    return Repulsion(sigmas, thermal_energy(data), cutoff)


def _bonds(data: DataSet, frames: Sequence[FrameAddress], cutoff: float) -> Prior | None:
    from cgbridge.models.neural.priors import HarmonicBonds

    entries = _entries(data, frames, 2)
    return HarmonicBonds(entries, len(data.types)) if entries else None


def _angles(data: DataSet, frames: Sequence[FrameAddress], cutoff: float) -> Prior | None:
    from cgbridge.models.neural.priors import HarmonicAngles

    entries = _entries(data, frames, 3)
    return HarmonicAngles(entries, len(data.types)) if entries else None


def _entries(data: DataSet, frames: Sequence[FrameAddress], length: int) -> dict[str, tuple[float, float]]:
    """``{"0-1": (mean, k)}`` of bonds (length 2) or angles (3) by the numbers of their types."""
    values: dict[Key, list[FloatArray]] = {}
    step = max(1, len(frames) // _LOOK)
    for number, index in frames[::step]:
        series = data.series[number]
        chains = series.topology.bonds if length == 2 else series.topology.angles
        for key in chain_keys(series, chains):
            mine = tuple(c for c in chains if chain_keys(series, (c,)) == [key])
            values.setdefault(key, []).append(
                _coordinate(series.positions[index].astype(np.float64), series.box[index], mine)
            )
    found = {}
    for key, parts in values.items():
        every = np.concatenate(parts)
        if not every.var() > 0.0:
            raise ConfigError(
                f"the {'bond' if length == 2 else 'angle'} {'-'.join(key)} never moves, so that it has no "
                "force constant",
                where="model.priors",
                remedy="map the constrained atoms to one bead, or leave this prior out",
            )
        name = "-".join(str(data.types.index(part)) for part in key)
        found[name] = (float(every.mean()), thermal_energy(data) / float(every.var()))
    return found


def _coordinate(positions: FloatArray, box: FloatArray, chains: Chains) -> FloatArray:
    """Lengths of bonds in nm, or angles in rad."""
    places = np.asarray(chains)
    first = minimum_image(positions[places[:, 0]] - positions[places[:, 1]], box)
    length: FloatArray = np.linalg.norm(first, axis=1)
    if places.shape[1] == 2:
        return length
    last = minimum_image(positions[places[:, 2]] - positions[places[:, 1]], box)
    cosine = np.einsum("nd,nd->n", first, last) / (length * np.linalg.norm(last, axis=1))
    return np.arccos(np.clip(cosine, -1.0, 1.0))
