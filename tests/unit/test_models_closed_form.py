"""Static values in closed form against published figures and exact identities of the forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from single_bead import SINGLE_BEAD

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.models.closed_form import (
    diamond_density,
    diamond_energy,
    diamond_minimum,
    dimer_energy,
    dimer_minimum,
)
from cgbridge.models.database import load_model
from cgbridge.models.model import Bead, CoarseGrainedModel, Term
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.parameter import Parameter
from cgbridge.units import EV, KCAL

# bond / A, energy per bead / kcal/mol, density g/cm^3, dimer distance / A (mW: none given), energy / kcal/mol
WATER = {
    "ml-bop": (2.7286, -10.7045, 0.9565, 2.7087, -5.6534),
    "mw": (2.6855, -12.3780, 1.0032, None, -6.1890),
    "ml-mw": (2.7407, -12.1375, 0.9438, 2.7372, -6.1087),
}


@pytest.mark.parametrize("name", WATER)
def test_water_models_have_their_known_static_values(name: str) -> None:
    bond, energy, density, distance, pair = WATER[name]
    model = load_model(name)
    lattice, dimer = diamond_minimum(model), dimer_minimum(model)
    # The figures are given to four decimals; 2e-4 allows for the rounding of epsilon in eV.
    assert lattice.bond * 10 == pytest.approx(bond, abs=1e-4)
    assert lattice.energy_per_bead / KCAL == pytest.approx(energy, abs=2e-4)
    assert lattice.density == pytest.approx(density, abs=2e-4)
    assert dimer.energy / KCAL == pytest.approx(pair, abs=1e-4)
    if distance is not None:
        assert dimer.distance * 10 == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("name", ["mw", "sw-si"])
def test_stillinger_and_weber_normalised_their_form(name: str) -> None:
    """A and B were chosen so that the pair minimum is -epsilon at 2^(1/6) sigma, diamond -2 epsilon."""
    model = load_model(name)
    values = model.internal_entries()[(0, 0, 0)]
    dimer, lattice = dimer_minimum(model), diamond_minimum(model)
    # Ten published digits of A and B leave 1e-9 in the energy; the place of a minimum is its square root.
    assert dimer.energy == pytest.approx(-values["epsilon"], rel=1e-8)
    assert lattice.energy_per_bead == pytest.approx(-2.0 * values["epsilon"], rel=1e-8)
    for length in (dimer.distance, lattice.bond):
        assert length == pytest.approx(2.0 ** (1.0 / 6.0) * values["sigma"], rel=2e-5)


def test_tersoff_silicon_has_the_published_cohesive_energy_and_lattice() -> None:
    """Tersoff 1988, table II: 4.63 eV per atom and a = 5.432 A."""
    lattice = diamond_minimum(load_model("tersoff-si"))
    assert lattice.energy_per_bead / EV == pytest.approx(-4.63, abs=0.005)
    assert lattice.lattice_constant * 10 == pytest.approx(5.432, abs=5e-4)


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_minimum_is_stationary_and_density_consistent(name: str) -> None:
    model = load_model(name)
    lattice = diamond_minimum(model)
    step = 1e-5
    low, centre, high = diamond_energy(model, lattice.bond + step * np.array([-1.0, 0.0, 1.0]))
    assert low > centre < high
    # Central difference: error h^2 E'''/6 < 1e-4 of the curvature times h.
    assert abs(high - low) < 1e-2 * (high + low - 2.0 * centre)
    assert lattice.density == diamond_density(model, lattice.bond)
    assert lattice.lattice_constant == pytest.approx(4.0 * lattice.bond / math.sqrt(3.0), rel=1e-15)


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_pair_energy_vanishes_at_the_cutoff(name: str) -> None:
    model = load_model(name)
    r = model.cutoff * np.array([1.0 - 1e-6, 1.0, 1.01, 3.0])
    energy = dimer_energy(model, r)
    # Tersoff's sine ends with zero slope: (1e-6 cutoff/D)^2 of the energy remains just inside.
    assert abs(energy[0]) < 1e-6
    assert not energy[1:].any()


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_diamond_sum_over_explicit_neighbours(name: str) -> None:
    """A direct sum of the published formulas over a crystal bead's four neighbours."""
    model = load_model(name)
    values = model.internal_entries()[(0, 0, 0)]
    bond = diamond_minimum(model).bond * 1.01
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * bond / math.sqrt(3.0)
    direct = _tersoff_bead(values, corners) if model.form == "tersoff" else _sw_bead(values, corners)
    assert float(diamond_energy(model, bond)) == pytest.approx(direct, rel=1e-12)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def _sw_bead(v: dict[str, float], neighbours: np.ndarray) -> float:
    energy, cutoff = 0.0, v["a"] * v["sigma"]
    for i, rij in enumerate(neighbours):
        r = float(np.linalg.norm(rij))
        x = v["sigma"] / r
        pair = v["B"] * x ** v["p"] - x ** v["q"]
        energy += 0.5 * v["A"] * v["epsilon"] * pair * math.exp(v["sigma"] / (r - cutoff))
        for rik in neighbours[i + 1 :]:
            s = float(np.linalg.norm(rik))
            decay = math.exp(v["gamma"] * v["sigma"] * (1 / (r - cutoff) + 1 / (s - cutoff)))
            energy += v["lambda"] * v["epsilon"] * (_cosine(rij, rik) - v["costheta0"]) ** 2 * decay
    return energy


def _tersoff_bead(v: dict[str, float], neighbours: np.ndarray) -> float:
    def switch(r: float) -> float:
        if r <= v["R"] - v["D"]:
            return 1.0
        return 0.5 - 0.5 * math.sin(math.pi * (r - v["R"]) / (2 * v["D"])) if r < v["R"] + v["D"] else 0.0

    energy = 0.0
    for i, rij in enumerate(neighbours):
        r, zeta = float(np.linalg.norm(rij)), 0.0
        for k, rik in enumerate(neighbours):
            if k == i:
                continue
            s = float(np.linalg.norm(rik))
            shift = _cosine(rij, rik) - v["costheta0"]
            g = 1 + v["c"] ** 2 / v["d"] ** 2 - v["c"] ** 2 / (v["d"] ** 2 + shift**2)
            zeta += switch(s) * v["gamma"] * g * math.exp((v["lambda3"] * (r - s)) ** v["m"])
        order = (1 + (v["beta"] * zeta) ** v["n"]) ** (-1 / (2 * v["n"]))
        bonded = v["A"] * math.exp(-v["lambda1"] * r) - order * v["B"] * math.exp(-v["lambda2"] * r)
        energy += 0.5 * switch(r) * bonded
    return energy


def test_compressed_lattice_is_refused() -> None:
    model = load_model("mw")
    shortest = model.cutoff / math.sqrt(8.0 / 3.0)
    diamond_energy(model, shortest * 1.0001)
    with pytest.raises(SimulationError, match="second neighbours"):
        diamond_energy(model, shortest * 0.999)


def test_unbound_model_is_refused() -> None:
    repulsive = load_model("ml-bop").with_parameters({"B": 0.0})
    with pytest.raises(SimulationError, match="no bound minimum"):
        dimer_minimum(repulsive)
    with pytest.raises(SimulationError, match="no bound minimum"):
        diamond_minimum(repulsive)


def test_several_bead_types_are_refused() -> None:
    mw = load_model("mw")
    names = ("A", "B")
    entries = {(i, j, k): mw.parameters for i in names for j in names for k in names}
    two = CoarseGrainedModel(
        "two", (Bead("A", 1.0), Bead("B", 2.0)), (Term(mw.form, entries, mw.terms[0].parameters),)
    )
    with pytest.raises(ConfigError, match="several bead types"):
        dimer_energy(two, 0.3)


@pytest.mark.parametrize("name", ["ml-bop", "mw", "ml-mw", "sw-si"])
def test_rescaled_model_is_the_old_one_in_other_units(name: str) -> None:
    """The identity behind the rescaled children of the genetic algorithm, for both forms."""
    model = load_model(name)
    dimensioned = {k: v for k, v in model.parameters.items() if model.parameter(k).unit != "1"}
    space = SearchSpace(
        tuple(
            Parameter(k, model.parameter(k).unit, range=(min(0.5 * v, 2.0 * v), max(0.5 * v, 2.0 * v)))
            for k, v in dimensioned.items()
            if v
        )
    )
    values = {p.name: dimensioned[p.name] for p in space.parameters}
    other = model.with_parameters(space.decode(space.rescaled(space.encode(values), 1.03, 0.99)))
    before, after = diamond_minimum(model), diamond_minimum(other)
    assert after.energy_per_bead == pytest.approx(1.03 * before.energy_per_bead, rel=1e-9)
    # The place of a minimum is found to the square root of the rounding of the energy.
    assert after.bond == pytest.approx(0.99 * before.bond, rel=1e-6)
    assert after.density == pytest.approx(before.density / 0.99**3, rel=3e-6)
