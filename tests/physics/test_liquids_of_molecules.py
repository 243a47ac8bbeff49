"""Liquids of molecules: which there are, how they are put into a box, and that they stay whole."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dumbbells import dumbbells, ionic, lennard_jones
from scipy.spatial import cKDTree

from cgbridge.engine.composition import crystal_beads, liquid_topology, require_beads
from cgbridge.engine.engine import Engine
from cgbridge.engine.free_run import FreeRun, FreeSimulation
from cgbridge.engine.liquid_start import crystal_density, liquid_of
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.slab import _with_vacuum
from cgbridge.errors import ConfigError, SimulationError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, StateDensity, Target
from cgbridge.structures import packing
from cgbridge.structures.lattices import Box
from cgbridge.structures.packing import packed
from cgbridge.targets.data_files import data_files
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.units import GAS_CONSTANT

SETTINGS = EngineSettings(platform="CPU", timestep=0.004)
IONIC = ionic()


def lengths(positions: FloatArray, topology: Topology) -> FloatArray:
    """Of all bonds, without any regard to images."""
    bonds = np.array(topology.bonds)
    return np.linalg.norm(positions[bonds[:, 0]] - positions[bonds[:, 1]], axis=1)


@pytest.mark.parametrize("kind", ["bulk", "slab"])
def test_a_liquid_that_the_engine_makes_is_one_of_its_molecules(tmp_path: Path, kind: str) -> None:
    """The mean length of a bond is that of r^2 exp(-k (r - r0)^2/2kT); without bonds there are none."""
    r0, k, temperature = 0.25, 50000.0, 150.0
    state = Simulation(
        kind,  # type: ignore[arg-type]
        temperature=temperature,
        beads=120 if kind == "bulk" else 360,
        equilibration=0.2,
        production=1.0,
        interval=0.1,
        density=1.0,
    )
    run = Engine(SETTINGS).run(dumbbells(r0, k), state, 1, tmp_path)
    assert run.topology is not None and run.trajectory is not None
    assert len(run.topology.bonds) == len(run.topology.exclusions) == run.topology.molecule_count
    assert run.beads == len(run.topology) == 2 * run.topology.molecule_count
    target = Target("r", "bond_distribution", r0, 0.01, "nm", options={"bond": ["P", "P"], "feature": "mean"})
    found = get_observable("bond_distribution").measure(target, [run])
    variance = GAS_CONSTANT * temperature / k
    assert found.value == pytest.approx(r0 + 2.0 * variance / r0, abs=0.002)
    # The nearest image has nothing to mend: no bond goes through the box, or through a film's vacuum.
    apart = lengths(next(iter(run.trajectory)).positions, run.topology)
    assert np.abs(apart - r0).max() < 7.0 * math.sqrt(variance)


def test_what_is_made_for_simulate_is_whole(tmp_path: Path) -> None:
    run = FreeRun(beads=120, temperature=150.0, ensemble="nvt", density=1.1, equilibration=0.0, time=0.1)
    free = FreeSimulation(dumbbells(), run, SETTINGS)
    frame = free.frame(0.0)
    assert lengths(frame.positions, free._dynamics.topology).max() < 0.31


def test_compositions_count_molecules_exactly() -> None:
    """By their names, or by their beads in their order; a bead of no molecule is one."""
    named = liquid_topology(IONIC, 100, ("cation", "A", "solvent"), seed=1)
    assert len(named) == 102  # whole repetitions of six beads
    assert Counter(named.types) == {"C": 17, "T": 34, "A": 17, "S": 34}
    assert len(named.bonds) == 17 * 3 and len(named.angles) == 17
    assert named == liquid_topology(IONIC, 100, ("C", "T", "T", "A", "S", "S"), seed=1)
    assert named != liquid_topology(IONIC, 100, ("cation", "A", "solvent"), seed=2)
    order = [part.types[0] for part in named.parts()]
    assert order[:3] * 17 != order  # mixed
    assert all(
        part in (IONIC.molecules[0].topology, IONIC.molecules[1].topology) or len(part) == 1
        for part in named.parts()
    )
    (alone,) = set(liquid_topology(dumbbells(), 7).parts())
    assert alone == dumbbells().molecules[0].topology


@pytest.mark.parametrize(
    ("composition", "words"),
    [
        ((), "molecules cation, solvent, A, and a liquid may hold any"),
        (("T", "C", "T"), "no molecule fits"),
        (("catoin",), "no bead or molecule 'catoin'; did you mean 'cation'"),
    ],
)
def test_compositions_that_are_none_are_refused(composition: tuple[str, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        liquid_topology(IONIC, 100, composition)


def test_bonded_beads_make_no_crystal_and_no_dimer() -> None:
    for state in (
        Simulation("lattice", "diamond"),  # type: ignore[arg-type]
        Simulation("dimer", "dimer"),  # type: ignore[arg-type]
        Simulation("coexistence", "diamond", temperature=100.0),  # type: ignore[arg-type]
    ):
        with pytest.raises(ConfigError, match="'P' of model 'dumbbells' is part of the molecule 'pair'"):
            require_beads(dumbbells(), state)
    assert crystal_beads(IONIC, "diamond", ("A",)) == ("A",)


@pytest.mark.parametrize("copies", [1, 6])
def test_molecules_are_put_into_the_box_whole_and_apart(copies: int) -> None:
    """With rings and chains, which relax from what grew at random, as their terms want it."""
    ring = CoarseGrainedModel.from_dict(
        dumbbells().to_dict()
        | {
            "molecules": [
                {"name": "ring", "beads": ["P"] * 6, "bonds": [[n, (n + 1) % 6] for n in range(6)]},
                {"name": "chain", "beads": ["P"] * 9, "bonds": [[n, n + 1] for n in range(8)]},
            ]
        }
    )
    topology = liquid_topology(ring, 15 * copies, ("ring", "chain"), seed=3)
    box = liquid_of(ring, topology, 1.2, 3).box
    # 10 kJ/mol/nm are left of the forces on average, over 50000 kJ/mol/nm^2, and strain of the pairs.
    assert np.abs(lengths(box.positions, topology) - 0.25).max() < 0.01
    molecule = np.array(topology.molecule_of)
    inside = box.positions - np.floor(box.positions / box.edges) * box.edges
    near = cKDTree(inside, boxsize=box.edges).query_pairs(0.35 * box.edges[0] / math.cbrt(len(topology)))
    assert all(molecule[i] == molecule[j] for i, j in near)


def test_orientations_are_random_and_places_even() -> None:
    """<u u> of the directions is 1/3, and the mean of cos(2 pi x/L) is 0, within five standard errors."""
    rod = np.array([[0.0, 0.0, 0.0], [0.2, 0.0, 0.0]])
    places = packed([rod] * 400, 4.0, 7)
    axis = (places[1::2] - places[::2]) / 0.2
    assert np.linalg.norm(axis, axis=1) == pytest.approx(np.ones(400), abs=1e-12)
    # The variance of u_x^2 is 4/45, that of a cosine 1/2.
    assert np.abs((axis.T @ axis) / 400 - np.eye(3) / 3).max() < 5.0 * math.sqrt(4.0 / 45.0 / 400)
    assert np.abs(np.cos(0.5 * math.pi * places[::2]).mean(axis=0)).max() < 5.0 * math.sqrt(0.5 / 400)


def test_where_there_is_no_room_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three clouds of 300 beads in one place: two poses of them have e^-18 of a chance."""
    monkeypatch.setattr(packing, "_ROUNDS", 1)  # how often it is tried
    monkeypatch.setattr(packing, "_POSES", 3)
    cloud = np.random.default_rng(1).uniform(0.0, 1.0, size=(300, 3))
    with pytest.raises(SimulationError, match="no room is found for 3 molecules"):
        packed([cloud] * 3, 1.0, 1)


def test_a_film_is_cut_between_molecules() -> None:
    topology = dumbbells().molecules[0].topology.repeated(2)
    positions = np.array([[0.1, 0.1, 1.9], [0.1, 0.1, 2.15], [0.5, 0.5, -2.3], [0.5, 0.5, -2.05]])
    film = _with_vacuum(Box(positions, np.full(3, 2.0)), topology)
    assert lengths(film.positions, topology) == pytest.approx([0.25, 0.25])
    middles = film.positions.reshape(2, 2, 3).mean(axis=1)[:, 2]
    assert ((middles >= 2.0) & (middles <= 4.0)).all()


def test_stored_configurations_have_the_bonds_of_the_model(tmp_path: Path) -> None:
    """In a file that knows beads only. Two molecules out of reach of each other: k (r - r0)^2/2 each."""
    path, box = tmp_path / "set.h5", np.eye(3) * 4.0
    places = np.array([[0.0, 0.0, 0.0], [0.26, 0.0, 0.0], [2.0, 2.0, 2.0], [2.0, 2.0, 2.23]])
    frame = Frame(places, box, 0.0, energy=0.0)
    with TrajectoryWriter(path, 4, Header(Beads(Topology(("P",) * 4), (30.0,) * 4), ("energy",))) as out:
        out.append(frame)
    files = data_files(("set.h5",), tmp_path, "files")
    state = Simulation("configurations", "configurations", files=files)  # type: ignore[arg-type]
    energy = Engine(SETTINGS).run(dumbbells(), state, 1, tmp_path).series["potential_energy"]
    # Positions are stored in single precision.
    assert energy == pytest.approx([0.5 * 50000.0 * (0.01**2 + 0.02**2)], rel=1e-4)


def test_molecules_of_a_file_are_made_whole_for_the_barostat(tmp_path: Path) -> None:
    """A bond across the face of the box, which OpenMM's barostat would stretch with the box."""
    path, edge, lines = tmp_path / "box.xyz", 16.0, []
    for i, j, k in itertools.product(range(4), repeat=3):
        x, y, z = (4.0 * n for n in (i, j, k))
        lines += [f"P {(x - 1.25) % edge} {y} {z}", f"P {x + 1.25} {y} {z}"]
    header = f'Lattice="{edge} 0 0 0 {edge} 0 0 0 {edge}" Properties=species:S:1:pos:R:3'
    path.write_text("\n".join([str(len(lines)), header, *lines, ""]))
    free = FreeSimulation(dumbbells(), FreeRun(structure=str(path), time=0.1), SETTINGS)
    assert lengths(free.frame(0.0).positions, free._dynamics.topology) == pytest.approx(np.full(64, 0.25))


def test_the_density_of_a_liquid_starts_from_is_that_of_its_own_substance() -> None:
    """Targets of two substances at one state; in any order of the names; else it is not known."""
    sampling = Sampling(
        densities=(
            StateDensity(115.0, 1.0, 1.2, ("Ar",)),
            StateDensity(115.0, 1.0, 2.45, ("Kr",)),
            StateDensity(110.0, 1.0, 1.8, ("Ar", "Kr")),
        )
    )
    assert sampling.liquid_density(116.0, 1.0, composition=("Kr",)) == 2.45
    assert sampling.liquid_density(116.0, 1.0, composition=("Kr", "Ar")) == 1.8
    assert sampling.liquid_density(116.0, 1.0) == 0.0
    wish = Target("x", "density", 2.4, 0.1, "g/cm^3", composition=("Xe",), options={"density": "3 g/cm^3"})
    (simulation,) = get_observable("density").simulations(wish, sampling)
    assert simulation.density == pytest.approx(3.0)


def test_beads_of_a_mixture_have_the_room_of_their_own_crystals() -> None:
    """Ideal volumes: one of A and three of B, each with the volume per bead of its own lattice."""
    mixture = CoarseGrainedModel.from_dict(
        {
            "name": "mixture",
            "beads": [{"name": "A", "mass": "40 amu"}, {"name": "B", "mass": "80 amu"}],
            "terms": [
                lennard_jones(("A", "A"), sigma=2.5),
                lennard_jones(("B", "B"), sigma=2.7) | {"name": "b"},
            ],
        }
    )
    alone = {name: crystal_density(mixture, liquid_topology(mixture, 1, (name,))) for name in ("A", "B")}
    found = crystal_density(mixture, liquid_topology(mixture, 4, ("A", "B", "B", "B")))
    assert found == pytest.approx((40.0 + 240.0) / (40.0 / alone["A"] + 240.0 / alone["B"]))
    with pytest.raises(UnstableError, match="of A, C, S, T from: the beads A are charged") as caught:
        crystal_density(IONIC, liquid_topology(IONIC, 1, ("cation", "A", "solvent")))
    assert "engine.density: 1.2 g/cm^3, the option density of the target" in str(caught.value)


def test_molecules_evaporate_to_a_gas_of_them(tmp_path: Path) -> None:
    """A dumbbell alone has the energy k (r - r0)^2/2 of three dimensions, kT/2 + 2 (kT)^2/(k r0^2); and the
    gas feels nothing of the pairs' energy, which is 0.3 kJ/mol for each pair of beads."""
    k, temperature = 50000.0, 150.0
    kt = GAS_CONSTANT * temperature
    wish = Target("h", "enthalpy_of_vaporization", 5.0, 1.0, "kJ/mol", temperature=temperature)
    observable = get_observable("enthalpy_of_vaporization")
    pair = dumbbells().molecules[0].topology.repeated(50)
    state = Simulation("bulk", temperature=temperature, equilibration=1.0, production=4.0, interval=0.05)
    series = {"potential_energy": np.full(80, 50 * -7.0)}
    liquid = Run(state, 100, 30.0, series, topology=pair)
    (wanted,) = observable.follow_up(wish, [liquid])
    gas = Engine(SETTINGS).run(dumbbells(0.25, k), wanted, 1, tmp_path)
    assert gas.topology is not None and gas.topology.molecule_count == 60 and gas.trajectory is None
    assert not observable.follow_up(wish, [liquid, gas])
    found = observable.measure(wish, [liquid, gas])
    # 60 bonds, some two independent values of each in a picosecond: an error of 0.04 kT; five of them.
    assert found.value == pytest.approx(7.0 + 0.5 * kt + kt, abs=0.2 * kt)
    single = replace(liquid, topology=Topology(("P",) * 100))
    assert not observable.follow_up(wish, [single])
    assert observable.measure(wish, [single]).value == pytest.approx(3.5 + kt)
