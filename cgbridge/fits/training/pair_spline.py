"""Linear force matching: a spline for every pair of bead types (multiscale coarse-graining).

Izvekov and Voth, doi:10.1021/jp044629q. The forces are linear in the coefficients, so that the best model is
found at once: the baseline of every other. Bonds and angles of a topology are harmonic, linear as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydantic import Field

from cgbridge.config.quantities import Length
from cgbridge.config.section import Section
from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_priors import thermal_energy
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.linear_columns import (
    HarmonicAngles,
    HarmonicBonds,
    Interaction,
    Key,
    PairSplines,
    SplineGrid,
    chain_keys,
)
from cgbridge.fits.training.molecules import molecules_in
from cgbridge.fits.training.normal_equations import NormalEquations, accumulate
from cgbridge.fits.training.shortest_distances import ShortestDistances, shortest_distances
from cgbridge.fits.training.trainer import Rows, Task, Trained
from cgbridge.frames import FloatArray
from cgbridge.models.beads import Bead
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.term import Term
from cgbridge.models.terms.catalogue import get_form
from cgbridge.models.terms.table import PairTable

#: Spacing in nm of the table that the spline becomes: a cubic spline through it is off by 1e-6 of the energy.
_TABLE = 0.002
#: The core below the shortest distance goes down to this fraction of it, and its power.
_CORE, _POWER = 0.7, 12
#: Where the core of a pair without a spline ends, in shortest distances.
_CORE_END = 1.5
_BLOCKS = 10


class PairSplineSettings(Section):
    """A spline for every pair of bead types, by linear least squares; bonds and angles are harmonic."""

    cutoff: Length = Field(0.9, gt=0, description="Where the splines end; bare number in nm.")
    spacing: Length = Field(0.02, gt=0, description="Distance of the knots; bare number in nm.")
    smoothness: float = Field(
        1e-6,
        ge=0,
        description="Penalty of second differences of the coefficients, relative to the data: it decides "
        "where there are hardly any.",
    )


class PairSplineTrainer:
    """Solves the normal equations of all training frames, with errors over blocks of them."""

    settings = PairSplineSettings
    takes = frozenset({"loss.pressure"})

    def __init__(self, task: Task, settings: PairSplineSettings) -> None:
        self._task, self._settings = task, settings
        widest = task.data.least_half_width
        if settings.cutoff > widest:
            raise ConfigError(
                f"the cutoff ({settings.cutoff:g} nm) is longer than half the smallest box ({widest:.4g} nm)",
                where="model.cutoff",
                remedy="shorten it, or give frames of larger boxes",
            )
        missing = [name for name in task.data.types if name not in task.data.masses]
        if missing:
            raise ConfigError(
                f"no mass is known for {', '.join(missing)}",
                where="data.files",
                remedy="map again: `cgbridge map` writes masses",
            )
        if task.config.training.loss.pressure > 0.0:
            task.data.require_pressures()
        self._shortest = _distances(task, settings.cutoff)
        # Down to the rarest distances, whose large forces other terms would have to explain otherwise.
        self._pairs = PairSplines(
            {
                key: SplineGrid(near, settings.cutoff, settings.spacing)
                for key, near in self._shortest.nearest.items()
            }
        )
        series = task.data.series
        bonds = dict.fromkeys(key for one in series for key in chain_keys(one, one.topology.bonds))
        angles = dict.fromkeys(key for one in series for key in chain_keys(one, one.topology.angles))
        self._bonds, self._angles = HarmonicBonds(tuple(bonds)), HarmonicAngles(tuple(angles))

    @property
    def _interactions(self) -> tuple[Interaction, ...]:
        return self._pairs, self._bonds, self._angles

    @property
    def notes(self) -> tuple[str, ...]:
        """Cores that nothing is known of, and what the model leaves out of chains."""
        return (*self._shortest.notes, *_chain_notes(self._task.data.series))

    def describe(self) -> Rows:
        return [
            ("pairs", ", ".join("-".join(key) for key in self._pairs.grids)),
            ("bonds", ", ".join("-".join(key) for key in self._bonds.keys) or "none"),
            ("angles", ", ".join("-".join(key) for key in self._angles.keys) or "none"),
            ("coefficients", str(sum(one.size for one in self._interactions))),
        ]

    def run(self, folder: Path, display: Callable[[Rows], None]) -> Trained:
        train, done = self._task.split.train, 0

        def seen() -> None:
            nonlocal done
            done += 1
            display([("doing", "adding up normal equations"), ("frames", f"{done} of {len(train)}")])

        blocks = [b for b in np.array_split(np.arange(len(train)), min(_BLOCKS, len(train))) if len(b)]
        parts = [
            accumulate(self._task.data, [train[int(i)] for i in block], self._interactions, seen)
            for block in blocks
        ]
        whole = reduce(NormalEquations.__add__, parts)
        coefficients = self._solve(whole)
        others = (reduce(NormalEquations.__add__, [*parts[:k], *parts[k + 1 :]]) for k in range(len(parts)))
        left_out = [self._solve(part) for part in others] if len(parts) > 1 else []
        tables, curves = self._tables(coefficients, left_out)
        return Trained(
            self._model(coefficients, tables),
            summary={"coefficients": len(coefficients), "frames": len(train)},
            curves=curves,
        )

    def write(self, trained: Trained, folder: Path) -> None:
        assert isinstance(trained.model, CoarseGrainedModel)
        trained.model.save(folder / "model.yaml")

    def _solve(self, equations: NormalEquations) -> FloatArray:
        size = sum(one.size for one in self._interactions)
        penalty, start = np.zeros((size, size)), 0
        for grid in self._pairs.grids.values():
            second = np.diff(np.eye(grid.size), 2, axis=0)
            penalty[start : start + grid.size, start : start + grid.size] = second.T @ second
            start += grid.size
        weight = self._task.config.training.loss.pressure
        return equations.solve(self._settings.smoothness * penalty, weight)

    def _tables(
        self, coefficients: FloatArray, left_out: Sequence[FloatArray]
    ) -> tuple[dict[Key, PairTable], dict[str, tuple[FloatArray, FloatArray, FloatArray]]]:
        tables, curves, start = {}, {}, 0
        for key, grid in self._pairs.grids.items():
            mine = slice(start, start + grid.size)
            start += grid.size
            shortest = self._shortest.seen[key]
            tables[key] = _table(grid, coefficients[mine], shortest, thermal_energy(self._task.data))
            r = np.arange(shortest, grid.end, _TABLE)
            values = grid.values(r)
            others = np.array([values @ c[mine] for c in left_out])
            error = (
                np.sqrt((len(others) - 1) * others.var(axis=0)) if len(others) else np.full(len(r), np.nan)
            )
            curves[f"energy {'-'.join(key)}"] = (r, values @ coefficients[mine], error)
        for key, size in self._shortest.mixed.items():
            tables[key] = _core(size, thermal_energy(self._task.data), self._settings.cutoff)
        return tables, curves

    def _model(self, coefficients: FloatArray, tables: dict[Key, PairTable]) -> CoarseGrainedModel:
        form = get_form("table")
        terms = [Term("table", {key: {"scale": 1.0} for key in tables}, form.parameters, "", tables)]
        start = self._pairs.size
        for name, interaction in (("harmonic-bond", self._bonds), ("harmonic-angle", self._angles)):
            if interaction.keys:
                terms.append(_harmonic(name, interaction.keys, coefficients[start:]))
            start += interaction.size
        data, name = self._task.data, self._task.config.name
        return CoarseGrainedModel(
            name=re.sub(r"[^\w.-]+", "-", name),
            beads=tuple(Bead(bead, data.masses[bead]) for bead in data.types),
            terms=tuple(terms),
            molecules=molecules_in(data),
            description=f"Pair splines by linear force matching (fit '{name}').",
            source=f"cgbridge {version('cgbridge')}",
        )


def _distances(task: Task, cutoff: float) -> ShortestDistances:
    found = shortest_distances(task.data, task.split.train, cutoff)
    if not found.seen:
        raise ConfigError(
            "hardly any beads of the training frames are within the cutoff",
            where="model.cutoff",
            remedy="raise it, or give more frames",
        )
    return found


def _chain_notes(series: Sequence[Series]) -> tuple[str, ...]:
    """Beads of a chain that no term of the model sees: it has no torsions."""
    unseen: set[Key] = set()
    for one in series:
        excluded = {tuple(sorted(pair)) for pair in one.topology.exclusions}
        free = tuple(t for t in one.topology.torsions if tuple(sorted((t[0], t[3]))) in excluded)
        unseen.update(chain_keys(one, free))
    if not unseen:
        return ()
    kinds = ", ".join("-".join(key) for key in sorted(unseen))
    return (
        f"no torsion is fitted, and beads three bonds apart have no pair energy: {kinds} turn freely; "
        "`excluded: 2` in the mapping gives them the pair's",
    )


def _core(size: float, energy: float, cutoff: float) -> PairTable:
    """(size/r)^12 times ``energy``, from which value and slope are taken away where it ends."""
    end = min(_CORE_END * size, cutoff)
    r = np.linspace(_CORE * size, end, max(4, round((end - _CORE * size) / _TABLE) + 1))
    last = (size / end) ** _POWER
    u = energy * ((size / r) ** _POWER - last * (1.0 - _POWER * (r - end) / end))
    u[-1] = 0.0
    return PairTable(tuple(map(float, r)), tuple(map(float, u)))


def _table(grid: SplineGrid, coefficients: FloatArray, shortest: float, thermal: float) -> PairTable:
    """The spline with a core r^-12 below the distances that occur.

    Its force is that of the spline where they meet, at least that of ``thermal`` (nearest/r)^12.
    """
    start = _joint(grid, coefficients, shortest)
    joint = grid.values(np.array([start])) @ coefficients, grid.slopes(np.array([start])) @ coefficients
    steps = int((1.0 - _CORE) * start / _TABLE)
    count = round((grid.end - start) / _TABLE)
    distance = np.linspace(start - steps * (grid.end - start) / count, grid.end, steps + count + 1)
    inside = distance >= start - 1e-12
    energy = grid.values(distance) @ coefficients
    least = _POWER * thermal * (min(grid.begin, start) / start) ** _POWER / start
    force = max(float(-joint[1][0]), least)
    core = joint[0][0] + force * start / _POWER * ((start / distance) ** _POWER - 1.0)
    energy = np.where(inside, energy, core)
    energy[-1] = 0.0
    return PairTable(tuple(map(float, distance)), tuple(map(float, energy)))


def _joint(grid: SplineGrid, coefficients: FloatArray, shortest: float) -> float:
    """Where the core begins: forces at rare distances, below ``shortest``, are noisy.

    It is where the beads are pushed apart from ``shortest`` on inwards without a break. Where they are pulled
    together there, they may be pushed farther in, or else farther out.
    """
    inwards = np.arange(shortest, grid.begin - 1e-9, -_TABLE, dtype=np.float64)
    pushed = grid.slopes(inwards) @ coefficients < 0.0
    if pushed.any():
        first = int(np.argmax(pushed))
        pulled = np.flatnonzero(~pushed[first:])
        return float(inwards[first + int(pulled[0]) - 1] if len(pulled) else inwards[-1])
    outwards = np.arange(shortest, shortest + 0.25 * (grid.end - shortest), _TABLE, dtype=np.float64)
    pushing = np.flatnonzero(grid.slopes(outwards) @ coefficients < 0.0)
    return float(outwards[pushing[0]]) if len(pushing) else shortest


def _harmonic(form: str, keys: Sequence[Key], coefficients: FloatArray) -> Term:
    """A harmonic term from its linear coefficients k and k times the value at rest."""
    from cgbridge.units import parse_unit

    parameters = get_form(form).parameters
    units = [parse_unit(parameter.unit).factor for parameter in parameters]
    entries = {}
    for number, key in enumerate(keys):
        k, product = (float(c) for c in coefficients[2 * number : 2 * number + 2])
        if not k > 0.0:
            raise ConfigError(
                f"the {form.replace('-', ' ')} {'-'.join(key)} gets a force constant of {k:.3g}, which binds "
                "nothing",
                where="model",
                remedy="give more frames, or a model with other terms",
            )
        values = (k, product / k)
        entries[key] = {p.name: v / u for p, v, u in zip(parameters, values, units, strict=True)}
    return Term(form, entries, parameters)
