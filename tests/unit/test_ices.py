"""Ices with disordered hydrogens: known densities, the ice rules, no dipole; their labels and files."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from cgbridge.apps.ice_configurations import Plan, coverage, label_ices
from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.errors import ConfigError
from cgbridge.mapping.mapping_file import load_named_mapping
from cgbridge.models.atomistic.force_field import ForceField
from cgbridge.report.figures.coverage import coverage_page
from cgbridge.structures.ices import ICES, ice
from cgbridge.trajectories.sources import open_source
from cgbridge.units import AMU_PER_NM3

#: g/cm^3 of the cells that genice2 has, near those of the diffraction experiments.
DENSITIES = {"Ih": 0.92, "Ic": 0.92, "II": 1.18, "III": 1.165, "V": 1.24, "VI": 1.373, "VII": 1.60}


def nearest_images(vectors: np.ndarray, box: np.ndarray) -> np.ndarray:
    fraction = vectors @ np.linalg.inv(box)
    return (fraction - np.rint(fraction)) @ box


@pytest.mark.parametrize("name", ICES)
def test_every_molecule_gives_two_hydrogens_and_takes_two(name: str) -> None:
    found = ice(name, 1.0, 3)
    oxygens, hydrogens = found.atoms[:, 0], found.atoms[:, 1:].reshape(-1, 3)
    count = len(oxygens)
    density = count * 18.015 * AMU_PER_NM3 / np.linalg.det(found.box)
    assert density == pytest.approx(DENSITIES[name], rel=0.01)
    assert np.diag(found.box).min() >= 0.999 and np.allclose(found.box, np.tril(found.box))
    distance = np.linalg.norm(nearest_images(hydrogens[:, None] - oxygens[None], found.box), axis=2)
    # A hydrogen is bonded to one oxygen, and points to one other, which it is 0.17 to 0.21 nm away from.
    assert np.allclose(np.sort(distance, axis=1)[:, 0], 0.0957, atol=1e-6)
    taken = (distance > 0.1) & (distance < 0.215)
    assert (taken.sum(axis=1) == 1).all() and (taken.sum(axis=0) == 2).all()
    # Without a dipole, but for that of bent hydrogen bonds.
    dipole = (found.atoms[:, 1:].mean(axis=1) - oxygens).mean(axis=0)
    assert np.abs(dipole).max() < 0.02 * 0.0586


def test_a_seed_is_an_ice_and_nobody_elses_numbers_change() -> None:
    states = random.getstate(), np.random.get_state()[1].copy()
    first, again, other = (ice("Ic", 1.0, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.atoms, again.atoms)
    assert not np.allclose(first.atoms[:, 1:], other.atoms[:, 1:], atol=0.01)
    assert random.getstate() == states[0] and np.array_equal(np.random.get_state()[1], states[1])


def test_no_such_ice() -> None:
    with pytest.raises(ConfigError, match="no ice is called 'XX'"):
        ice("XX", 1.0, 1)


def test_labels_of_an_ice(tmp_path: Path) -> None:
    potential = ForceField(PotentialSection(forcefield="TIP4P/2005", cutoff=0.55), Path())
    told: list[tuple[int, int]] = []

    def show(done: int, total: int) -> None:
        told.append((done, total))

    plan = Plan(2, ("Ic",), seed=4)
    (path,) = label_ices(potential, load_named_mapping("water-1bead"), plan, tmp_path / "ices", show)
    assert told == [(1, 2), (2, 2)]
    perfect, other = open_source(path)
    assert perfect.energy is not None and other.energy is not None and perfect.forces is not None
    # Aragones et al., doi:10.1063/1.2774986: -15.06 kcal/mol for ice Ih at rest in its own cell; that of the
    # experiment, which is used here, and the arrangement of hydrogens cost some 0.4 kJ/mol.
    assert perfect.energy / len(perfect.positions) == pytest.approx(-63.0, abs=0.7)
    assert other.energy > perfect.energy
    assert np.sqrt(np.mean(other.forces**2)) > np.sqrt(np.mean(perfect.forces**2))
    covered = coverage([path])
    assert covered["Ic"]["density"][0] == pytest.approx(DENSITIES["Ic"], rel=0.01)
    assert "Energies and densities" in coverage_page(covered, "Ices")
    with pytest.raises(ConfigError, match="this file exists"):
        label_ices(potential, load_named_mapping("water-1bead"), plan, tmp_path / "ices")
    with pytest.raises(ConfigError, match="1 configurations for 2 ices"):
        label_ices(potential, load_named_mapping("water-1bead"), Plan(1, ("Ic", "II")), tmp_path)
