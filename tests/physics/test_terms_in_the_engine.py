"""Models of several terms and beads in the engine: crystals, mixtures, molecules, pressure."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import openmm
import pytest

from cgbridge.engine.composition import crystal_beads, liquid_topology, mean_mass
from cgbridge.engine.engine import Engine
from cgbridge.engine.free_run import FreeRun, FreeSimulation
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.single_point import single_point
from cgbridge.engine.virial import Virial
from cgbridge.errors import ConfigError
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.records.simulation import Simulation
from cgbridge.structures.lattices import CRYSTALS, lattice, sublattices
from cgbridge.topology import Topology
from cgbridge.units import AMU_PER_NM3, EV

SETTINGS = EngineSettings(platform="CPU", timestep=0.001)
SIC = load_model("tersoff-sic")
ARGON = CoarseGrainedModel.from_dict(
    {
        "name": "argon",
        "beads": [{"name": "Ar", "mass": "39.95 amu"}],
        "form": "lennard-jones",
        "parameters": [
            {"name": "epsilon", "unit": "kJ/mol", "value": 0.996},
            {"name": "sigma", "unit": "A", "value": 3.4},
            {"name": "cutoff", "unit": "A", "value": 8.5},
        ],
    }
)


@pytest.mark.parametrize("crystal", CRYSTALS)
def test_neighbours_of_a_crystal_are_of_the_other_kind(crystal: str) -> None:
    """Nearest neighbours are one bond away, and in compounds on the other sublattice; 4 to 12 of them."""
    names = ("A", "B")[: sublattices(crystal)]
    box = lattice(crystal, 0.3, (3, 3, 3), names)
    difference = box.positions[:, None] - box.positions[None]
    difference -= np.round(difference / box.edges) * box.edges
    distance = np.linalg.norm(difference, axis=-1) + 9.0 * np.eye(len(box.positions))
    bonded = distance < 0.3 * 1.001
    assert distance.min() == pytest.approx(0.3, rel=1e-12)
    expected = {"rocksalt": 6, "cesium-chloride": 8, "fcc": 12}.get(crystal, 4)
    assert set(bonded.sum(axis=1)) == {expected}
    if len(names) == 2:
        types = np.array(box.types)
        assert (types[np.nonzero(bonded)[0]] != types[np.nonzero(bonded)[1]]).all()
        assert np.count_nonzero(types == "A") == len(types) / 2


def test_silicon_carbide_is_that_of_its_publication(tmp_path: Path) -> None:
    """Tersoff 1989: a = 4.32 A, 6.165 eV per atom for SiC; the files of LAMMPS round the last digit."""
    scalars = Engine(SETTINGS).run(SIC, Simulation("lattice", "zincblende"), 1, tmp_path).scalars
    assert scalars["energy_per_bead"] / EV == pytest.approx(-6.165, abs=0.002)
    assert scalars["lattice_constant"] == pytest.approx(0.432, abs=0.0005)
    silicon = Simulation("lattice", "diamond", composition=("Si",))
    alone = Engine(SETTINGS).run(SIC, silicon, 1, tmp_path)
    known = Engine(SETTINGS).run(load_model("tersoff-si"), Simulation("lattice", "diamond"), 1, tmp_path)
    # The same silicon with parameters rounded to five digits.
    assert alone.scalars["energy_per_bead"] == pytest.approx(known.scalars["energy_per_bead"], rel=2e-4)
    assert alone.bead_mass == known.bead_mass


def test_lennard_jones_lattice_is_the_sum_over_its_shells(tmp_path: Path) -> None:
    """Diamond sites, summed by brute force over all images within the cutoff."""
    scalars = Engine(SETTINGS).run(ARGON, Simulation("lattice", "diamond"), 1, tmp_path).scalars
    cell = lattice("diamond", scalars["bond_length"], (1, 1, 1))
    images = np.array(list(itertools.product(range(-3, 4), repeat=3))) * cell.edges
    distance = np.linalg.norm(cell.positions[None] + images[:, None] - cell.positions[0], axis=-1).ravel()
    near = distance[(distance > 1e-9) & (distance < ARGON.cutoff)]
    expected = 0.5 * float(np.sum(pair_energy(ARGON, 0, 0, near)))
    assert scalars["energy_per_bead"] == pytest.approx(expected, rel=1e-9)


def test_a_compound_keeps_its_beads_at_constant_pressure(tmp_path: Path) -> None:
    state = Simulation(
        "bulk", "zincblende", temperature=300.0, beads=64, equilibration=0.5, production=1.0, interval=0.1
    )
    run = Engine(SETTINGS).run(SIC, state, 3, tmp_path)
    assert run.topology is not None and run.beads == len(run.topology)
    assert run.topology.types.count("Si") == run.topology.types.count("C") == run.beads / 2
    assert run.bead_mass == pytest.approx(0.5 * (28.085 + 12.011))
    static = Engine(SETTINGS).run(SIC, Simulation("lattice", "zincblende"), 1, tmp_path).scalars["density"]
    density = run.beads * run.bead_mass * AMU_PER_NM3 / run.series["volume"].mean()
    # Thermal expansion to 300 K is below a per cent, and so is the noise of a picosecond.
    assert density == pytest.approx(static, rel=0.02)


def test_beads_of_crystals_and_liquids_are_named_or_refused() -> None:
    assert crystal_beads(SIC, "rocksalt") == ("Si", "C")
    assert crystal_beads(SIC, "rocksalt", ("C", "Si")) == ("C", "Si")
    assert crystal_beads(SIC, "zincblende", ("C",)) == ("C", "C")
    with pytest.raises(ConfigError, match="has 1 kind of sites, and 2 beads"):
        crystal_beads(SIC, "diamond")
    with pytest.raises(ConfigError, match="no bead 'si'"):
        crystal_beads(SIC, "diamond", ("si",))
    mixed = liquid_topology(SIC, 398, ("Si", "C", "C", "C"), seed=1).types
    assert mixed.count("Si") == 100 and mixed.count("C") == 300 and mixed[:8] != ("Si", "C", "C", "C") * 2
    assert mean_mass(SIC, mixed) == pytest.approx((28.085 + 3 * 12.011) / 4)
    with pytest.raises(ConfigError, match="a liquid may hold any of them"):
        liquid_topology(SIC, 10)


def test_pressure_of_pair_terms_is_the_derivative_of_the_energy(tmp_path: Path) -> None:
    """tr W/(3 V) = -dE/dV, in a box of all kinds of terms: the plugin's virial and the strained one."""
    model = load_model(Path(__file__).parents[2] / "examples/models/silicon-dispersion.yaml")
    box = lattice("diamond", 0.24, (3, 3, 3))
    places = box.positions + np.random.default_rng(2).normal(scale=0.01, size=box.positions.shape)

    def context(scale: float) -> openmm.Context:
        system = model.create_system(len(places), box.edges * scale)
        platform = openmm.Platform.getPlatformByName("Reference")
        found = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        found.setPositions(places * scale)
        return found

    step = 1e-5
    energies = [
        context(scale).getState(energy=True).getPotentialEnergy()._value for scale in (1 + step, 1 - step)
    ]
    derivative = (energies[0] - energies[1]) / (2.0 * step)  # dE/dln(L) = -tr W
    virial = Virial(context(1.0))
    assert np.trace(virial.tensor()) == pytest.approx(-derivative, rel=1e-6)
    assert virial.trace() == pytest.approx(-derivative, rel=1e-6)


DIMERS = {
    "name": "dimers",
    "beads": [{"name": "W", "mass": "18.015 amu"}, {"name": "H", "mass": "60 amu"}],
    "terms": [
        {
            "form": "lennard-jones",
            "entries": [
                {"types": ["W", "W"], "values": {"epsilon": "1 kJ/mol", "sigma": "3 A", "cutoff": "7 A"}},
                {"types": ["W", "H"], "values": {"epsilon": "1 kJ/mol", "sigma": "3.4 A", "cutoff": "7 A"}},
                {"types": ["H", "H"], "values": {"epsilon": "1 kJ/mol", "sigma": "3.8 A", "cutoff": "7 A"}},
            ],
        },
        {
            "form": "harmonic-bond",
            "entries": [{"types": ["H", "H"], "values": {"k": "5000 kJ/mol/nm^2", "r0": "4 A"}}],
        },
    ],
    "molecules": [{"name": "w", "beads": ["W"]}, {"name": "h2", "beads": ["H", "H"], "bonds": [[0, 1]]}],
}


def test_molecules_from_a_file_stay_molecules(tmp_path: Path) -> None:
    """W, and H-H bonded, on a grid: the bonds keep their length, and the energy is that of the model."""
    model = CoarseGrainedModel.from_dict(DIMERS)
    edge, lines = 2.4, []
    for i, j, k in itertools.product(range(4), repeat=3):
        x, y, z = (6.0 * n + 1.5 for n in (i, j, k))
        if (i + j + k) % 2:
            lines += [f"W {x} {y} {z}"]
        else:
            lines += [f"H {x - 2} {y} {z}", f"H {x + 2} {y} {z}"]
    path = tmp_path / "box.xyz"
    header = f'Lattice="{10 * edge} 0 0 0 {10 * edge} 0 0 0 {10 * edge}" Properties=species:S:1:pos:R:3'
    path.write_text("\n".join([str(len(lines)), header, *lines, ""]))
    assert single_point(model, path)["energy_kj_mol"] < 0.0
    run = FreeRun(
        structure=str(path), ensemble="npt", temperature=120.0, equilibration=1.0, time=2.0, interval=0.5
    )
    free = FreeSimulation(model, run, EngineSettings(platform="CPU", timestep=0.005))
    free.equilibrate(lambda done: None)
    samples = list(free.samples())
    pairs = np.array(model.topology(free.names).bonds)
    assert len(pairs) == 32
    frame = samples[-1].frame
    apart = frame.positions[pairs[:, 0]] - frame.positions[pairs[:, 1]]
    apart -= np.round(apart / np.diag(frame.box)) * np.diag(frame.box)
    # sqrt(kT/k) is 0.014 nm; five of them.
    assert np.abs(np.linalg.norm(apart, axis=1) - 0.4).max() < 0.07


def test_beads_that_are_no_molecules_are_refused() -> None:
    model = CoarseGrainedModel.from_dict(DIMERS)
    assert model.topology(["H", "H", "W", "H", "H"]).bonds == ((0, 1), (3, 4))
    with pytest.raises(ConfigError, match="from bead 3 on"):
        model.topology(["H", "H", "H", "W"])
    assert Topology(("W",)).repeated(3).molecule_of == (0, 1, 2)
