"""Molecular dynamics with the finished model, beside the frames that it was made of.

A small force error is no proof of a good liquid (Fu et al., arXiv:2210.07237): structure, pressure, density
and stability are looked at where they matter.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgbridge.config.training_validation_section import DynamicsValidationSection
from cgbridge.engine.molecular_dynamics import Barostat, Dynamics
from cgbridge.engine.reference_speed import rigid_water_speed
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.virial import Virial
from cgbridge.errors import UnstableError
from cgbridge.fits.catalogue import Rows
from cgbridge.fits.training.data_set import Series, State
from cgbridge.fits.training.folder import TrainingFolder
from cgbridge.fits.training.linear_columns import Key
from cgbridge.fits.training.structure import (
    Grid,
    Structure,
    bonded_edges,
    jackknife_error,
    overlap,
    rdf_difference,
    shared,
    structure_of,
)
from cgbridge.fits.training.trainer import Task, Trained
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.compressibility import of_volumes
from cgbridge.observables.statistics import mean_error
from cgbridge.observables.tension import tears
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal import content_key
from cgbridge.structures.lattices import Box
from cgbridge.units import AMU_PER_NM3, BAR_NM3, GAS_CONSTANT

_BLOCKS = 5
#: Volumes below which nothing is said of their fluctuations.
_FEWEST = 8
#: Frames that the members of a committee are asked about.
_LOOK = 50
#: Mass of a molecule of water in amu.
_WATER = 18.015


@dataclass
class Recorded:
    """Frames of one run, and its series of pressures in bar, volumes in nm^3 and energies in kJ/mol.

    ``stable`` is the time in ps until it broke down, or all of it; ``reason`` says why it did.
    """

    frames: list[Frame]
    pressure: list[float]
    volume: list[float]
    stable: float
    seconds: float
    reason: str = ""


def validate_by_dynamics(
    task: Task, trained: Trained, folder: TrainingFolder, display: Callable[[Rows], None]
) -> list[dict[str, Any]]:
    """What every state gave, one record for each series whose temperature is known.

    States that were done before, with the same model and settings, are taken from the folder.
    """
    section = task.config.validation
    assert section is not None
    key = content_key({"model": trained.model.fingerprint(), "settings": section.model_dump(mode="json")})
    kept = _kept(folder, key)
    for number, series in enumerate(task.data.series):
        if not series.is_state or str(number) in kept:
            continue

        def say(text: str, number: int = number) -> None:
            display([("doing", f"dynamics of {task.data.series[number].name}: {text}")])

        kept[str(number)] = run_beside(series, trained, section, say)
        write_atomic(folder.dynamics, json.dumps({"key": key, "states": kept}))
    return [kept[number] for number in sorted(kept, key=int)]


def run_beside(
    series: Series, trained: Trained, section: DynamicsValidationSection, say: Callable[[str], None]
) -> dict[str, Any]:
    """What dynamics at the state of ``series`` give beside its frames; its temperature must be known."""
    return _State(trained, series, section).measure(say)


def _kept(folder: TrainingFolder, key: str) -> dict[str, Any]:
    if not folder.dynamics.exists():
        return {}
    content = json.loads(folder.dynamics.read_text(encoding="utf-8"))
    return dict(content["states"]) if content.get("key") == key else {}


class _State:
    """One state: reference frames, and runs of the model."""

    def __init__(self, trained: Trained, series: Series, section: DynamicsValidationSection) -> None:
        self._model, self._series, self._section = trained.model, series, section
        self._spread = trained.spread
        kelvin = series.state.temperature
        assert kelvin is not None
        self._kelvin = kelvin
        width = float(np.diagonal(series.box, axis1=1, axis2=2).min())
        reach = min(section.range or np.inf, 0.5 * width)
        self._grid = Grid(reach, section.bin_width, min(section.shell, reach))
        self._mass = float(sum(self._model.masses(series.topology)))

    @property
    def _is_water(self) -> bool:
        """Whether every bead is one molecule of water, by its mass."""
        alone = len(set(self._series.topology.molecule_of)) == self._series.particles
        return alone and bool(abs(self._mass / self._series.particles - _WATER) < 0.01)

    def measure(self, say: Callable[[str], None]) -> dict[str, Any]:
        say("structure of the reference")
        series = self._series
        reference = structure_of(_frames_of(series), series.topology, self._grid)
        run = self._run("none", say)
        found: dict[str, Any] = {
            "series": series.name,
            "temperature": self._kelvin,
            "timestep": self._section.timestep,
            "stable_ps": run.stable,
            "asked_ps": self._section.equilibration + self._section.time,
            "reason": run.reason,
            "ns_per_day": 86.4 * len(run.frames) * self._section.interval / max(run.seconds, 1e-9),
            "pressure": _mean(run.pressure),
            "reference_pressure": _reference_pressure(series.state),
            "atomistic_speed": series.atomistic_speed,
        }
        if self._spread is not None and run.frames:
            parts = [
                self._spread(frame, series.topology, self._kelvin)
                for frame in run.frames[:: max(1, len(run.frames) // _LOOK)]
            ]
            found["committee_spread"] = float(np.sqrt(np.mean(np.square(parts))))
        if self._is_water:
            settings = EngineSettings(threads=self._section.threads)
            edge = float(series.volume.mean() ** (1.0 / 3.0))
            found["rigid_water_ns_per_day"] = rigid_water_speed(series.particles, edge, settings)
        if len(run.frames) >= 2 * _BLOCKS:
            model = structure_of(run.frames, series.topology, self._grid)
            found |= self._compared(reference, model)
        pressure = series.state.pressure
        if self._section.constant_pressure and pressure is not None and not run.reason:
            mean = float(series.volume.mean())
            if tears(pressure, series.particles, mean, self._kelvin):
                found["npt_reason"] = f"no liquid is held at the {pressure:.0f} bar of its atoms"
            else:
                found |= self._at_constant_pressure(pressure, say)
        return found

    def _compared(self, reference: Structure, model: Structure) -> dict[str, Any]:
        halves = reference.blocks(2)
        rdf = {}
        for key, g in reference.rdf.items():
            mean = g.mean(axis=0)
            parts = model.blocks(_BLOCKS)
            left_out = [
                rdf_difference(
                    np.mean([p.mean_rdf(key) for p in parts if p is not part], axis=0), mean, self._grid
                )
                for part in parts
            ]
            spread = np.std([part.mean_rdf(key) for part in parts], axis=0) / np.sqrt(len(parts) - 1)
            rdf["-".join(key)] = {
                "difference": rdf_difference(model.mean_rdf(key), mean, self._grid),
                "error": jackknife_error(left_out),
                "halves": rdf_difference(halves[0].mean_rdf(key), halves[1].mean_rdf(key), self._grid)
                if len(halves) == 2
                else None,
                "r": self._grid.centres.tolist(),
                "reference": mean.tolist(),
                "model": model.mean_rdf(key).tolist(),
                "stderr": spread.tolist(),
            }
        return {
            "rdf": rdf,
            "bonded": {_chain_name(key): _bonded_record(key, reference, model) for key in reference.bonded},
            "angles": {
                "overlap": overlap(reference.angle_density, model.angle_density),
                "halves": overlap(halves[0].angle_density, halves[1].angle_density)
                if len(halves) == 2
                else None,
                "theta": self._grid.angles.tolist(),
                "reference": reference.angle_density.tolist(),
                "model": model.angle_density.tolist(),
            },
        }

    def _at_constant_pressure(self, pressure: float, say: Callable[[str], None]) -> dict[str, Any]:
        """Density, and the compressibility from fluctuations of the volume."""
        run = self._run("isotropic", say)
        if not run.volume:
            return {"npt_reason": run.reason}
        volume = np.array(run.volume)
        reference = self._mass * AMU_PER_NM3 / self._series.volume
        return {
            "density": _mean(list(self._mass * AMU_PER_NM3 / volume)),
            "reference_density": float(reference.mean()),
            "compressibility": self._compressibility(volume),
            "reference_compressibility": self._compressibility(self._series.volume)
            if self._series.state.npt
            else None,
            "npt_reason": run.reason,
            "npt_pressure": pressure,
        }

    def _compressibility(self, volume: FloatArray) -> dict[str, float] | None:
        """In 1/bar, with its standard error."""
        if len(volume) < _FEWEST or not volume.var() > 0.0:
            return None
        value, error, _ = of_volumes(volume, self._kelvin)
        return {"value": value, "stderr": error}

    def _run(self, barostat: Barostat, say: Callable[[str], None]) -> Recorded:
        section, series = self._section, self._series
        settings = EngineSettings(
            section.platform, section.threads, section.timestep, friction=section.friction
        )
        start = typical_start(series)
        done, found = 0.0, Recorded([], [], [], 0.0, 0.0)
        what = "constant volume" if barostat == "none" else "constant pressure"
        try:
            dynamics = Dynamics(
                self._model, start, settings, temperature=self._kelvin, barostat=barostat,
                pressure=series.state.pressure or 1.0, topology=series.topology,
                seed=derive_seed(section.seed, series.name, barostat),
            )  # fmt: skip
            virial = Virial(dynamics.context) if barostat == "none" else None
            dynamics.heat()
            for _ in range(round(section.equilibration / section.interval)):
                dynamics.equilibrate(section.interval)
                done += section.interval
                say(f"{what}, {done:.3g} ps of equilibration")
            dynamics.settle()
            for _ in range(max(1, round(section.time / section.interval))):
                began = time.monotonic()
                dynamics.equilibrate(section.interval)
                found.seconds += time.monotonic() - began
                done += section.interval
                self._record(found, dynamics.box(), None if virial is None else virial.trace())
                say(f"{what}, {done:.3g} of {section.equilibration + section.time:g} ps")
        except UnstableError as error:
            found.reason = error.what
        found.stable = done
        return found

    def _record(self, found: Recorded, box: Box, trace: float | None) -> None:
        found.volume.append(box.volume)
        if trace is not None:
            ideal = self._series.particles * GAS_CONSTANT * self._kelvin
            found.pressure.append((ideal + trace / 3.0) / box.volume / BAR_NM3)
            found.frames.append(Frame(box.positions, box.vectors, 0.0))


def _chain_name(key: Key) -> str:
    return f"{'bond' if len(key) == 2 else 'angle'} {'-'.join(key)}"


def _bonded_record(key: Key, reference: Structure, model: Structure) -> dict[str, Any]:
    """Bond lengths or angles of molecules: what is shared with the data, and by halves of the data."""
    edges, wanted, found = bonded_edges(key), reference.share(key), model.share(key)
    parts, halves = model.blocks(_BLOCKS), reference.blocks(2)
    counts = model.bonded[key].sum(axis=0)
    without = (counts - part.bonded[key].sum(axis=0) for part in parts)
    left_out = [shared(rest / max(float(rest.sum()), 1e-300), wanted) for rest in without]
    filled = np.flatnonzero(wanted + found)
    # Two empty bins on either side, so that the curve begins and ends at zero.
    inside = slice(max(0, int(filled[0]) - 2), int(filled[-1]) + 3) if len(filled) else slice(0, 0)
    width, centres = edges[1], 0.5 * (edges[1:] + edges[:-1])
    return {
        "overlap": shared(found, wanted),
        "error": jackknife_error(left_out),
        "halves": shared(halves[0].share(key), halves[1].share(key)) if len(halves) == 2 else None,
        "unit": "nm" if len(key) == 2 else "°",
        "x": centres[inside].tolist(),
        "reference": (wanted / width)[inside].tolist(),
        "model": (found / width)[inside].tolist(),
    }


def typical_start(series: Series) -> Box:
    """The frame whose volume is nearest the mean one, scaled to exactly that: by a thousandth or less.

    The volume of any other frame of a run at constant pressure belongs to another pressure.
    """
    mean = float(series.volume.mean())
    nearest = int(np.argmin(np.abs(series.volume - mean)))
    scale = float((mean / series.volume[nearest]) ** (1.0 / 3.0))
    positions = series.positions[nearest].astype(np.float64)
    return Box.of(scale * positions, scale * series.box[nearest], series.topology.types)


def _frames_of(series: Series) -> list[Frame]:
    return [
        Frame(series.positions[i].astype(np.float64), series.box[i], float(series.time[i]))
        for i in range(len(series))
    ]


def _reference_pressure(state: State) -> dict[str, float] | None:
    """In bar; of a barostat without an error."""
    if state.pressure is None:
        return None
    return {"value": state.pressure, "stderr": state.pressure_error or 0.0}


def _mean(values: list[float]) -> dict[str, float] | None:
    """Mean and standard error of a correlated series."""
    if len(values) < 4:
        return None
    found = mean_error(np.array(values))
    return {"value": found.mean, "stderr": found.stderr}
