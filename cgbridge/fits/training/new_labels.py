"""Labels for beads that came from dynamics of beads: atoms are laid on them, held, and averaged over."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from cgbridge.config.active_learning_section import ActiveLearningSection
from cgbridge.config.loader import load_atomistic
from cgbridge.engine.held_beads import LABEL_FIELDS, HeldBeads, Sampling
from cgbridge.errors import ConfigError, UnstableError
from cgbridge.fits.training.data_set import DataSet, Series
from cgbridge.fits.training.exploration import Look
from cgbridge.frames import Frame
from cgbridge.mapping.back_mapping import back_map
from cgbridge.mapping.force_maps import force_matrix
from cgbridge.mapping.readers import read_mappings
from cgbridge.mapping.resolve import resolve
from cgbridge.models.atomistic.catalogue import atomistic_system
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.versions import versions
from cgbridge.topology import Beads
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.trajectories.layout import Header


class Labeller:
    """The atoms of ``section.atoms`` under their beads.

    Raises :class:`ConfigError` where the beads are not those of the data, and what reading the files does.
    """

    def __init__(self, section: ActiveLearningSection, data: DataSet, folder: Path, seed: int) -> None:
        path = folder / section.atoms
        self._section, self._seed = section, seed
        self._config = load_atomistic(path)
        self._system = atomistic_system(self._config, path.parent)
        mapping = read_mappings(section.mapping, folder)
        self._mapping = mapping.record()
        self._operator = resolve(mapping, self._system.atoms)
        self._beads = Beads(self._operator.topology, self._operator.masses)
        for series in data.series:
            self._require_same(series, path)
        start = self._system.start
        self._template = self._operator.whole(Frame(np.asarray(start.positions), np.asarray(start.box), 0.0))

    def _require_same(self, series: Series, path: Path) -> None:
        here, there = self._operator.topology.types, series.topology.types
        if here != there:
            raise ConfigError(
                f"{path} has {len(here)} beads of {', '.join(dict.fromkeys(here))}, and {series.name} "
                f"{len(there)} of {', '.join(dict.fromkeys(there))}",
                where="active_learning.atoms",
                remedy="give the simulation that the data are from: as many molecules, in the same order",
            )

    def label(
        self, looks: Sequence[Look], out: Path, temperature: float, say: Callable[[str], None]
    ) -> list[str]:
        """Write a label at ``temperature`` K for every look that atoms can be laid under.

        Returns why the others have none. The same call goes on: a label depends on its look and its number
        alone.
        """
        record = out.with_suffix(".json")
        skipped: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        known = out.exists()
        done = (len(Trajectory(out)) if known else 0) + len(skipped)
        header = Header(self._beads, LABEL_FIELDS, self._config.dynamics.timestep, self._source(), versions())
        with (
            storage_errors(out),
            TrajectoryWriter(out, len(self._beads.topology), header, further=known) as writer,
        ):
            for number in range(done, len(looks)):
                say(f"label {number + 1} of {len(looks)}")
                try:
                    writer.append(self._labelled(looks[number], number, temperature))
                except UnstableError as error:
                    skipped[str(number)] = error.what
                    write_atomic(record, json.dumps(skipped))
        return list(skipped.values())

    def _labelled(self, look: Look, number: int, temperature: float) -> Frame:
        held = self._held(temperature)
        rng = np.random.default_rng(derive_seed(self._seed, "turn", number))
        atoms = back_map(self._operator, self._template, look.positions, rng)
        held.relax(atoms, look.box)
        plan = self._section.labels
        sampling = Sampling(plan.samples, plan.interval, plan.equilibration)
        return held.sample(held.atoms, look.box, sampling, number=number).frame(look.box, float(number))

    def _held(self, temperature: float) -> HeldBeads:
        engine = self._config.engine
        matrix = force_matrix(self._section.labels.forces, self._operator, self._system.atoms, ())
        return HeldBeads(
            self._system.system,
            self._operator.positions,
            matrix,
            temperature=temperature,
            timestep=self._config.dynamics.timestep,
            seed=derive_seed(self._seed, "held"),
            platform="CPU" if engine.platform == "auto" else engine.platform,
            threads=engine.threads,
        )

    def _source(self) -> dict[str, object]:
        return {
            "labels": "constrained",
            "model": dict(self._system.identity),
            "mapping": self._mapping,
            "sampling": asdict(Sampling(**self._section.labels.model_dump(exclude={"forces"}))),
            "seed": self._seed,
        }
