"""Values that an entry never uses may be anything; those that it uses are checked, by the names of beads."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import CgbridgeWarning, ConfigError, SimulationError
from cgbridge.models.closed_form import dimer_energy
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps
from cgbridge.models.model import Bead, CoarseGrainedModel, Term
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.structures.structure_files import Structure

SW = {"epsilon": 2.0, "sigma": 2.0, "a": 1.8, "lambda": 21.0, "gamma": 1.2, "costheta0": -1 / 3,
      "A": 7.05, "B": 0.6, "p": 4.0, "q": 0.0, "tol": 0.0}  # fmt: skip
TERSOFF = {"m": 3.0, "gamma": 1.0, "lambda3": 0.5, "c": 100.0, "d": 10.0, "costheta0": -0.5, "n": 0.8,
           "beta": 1e-3, "lambda2": 1.7, "B": 470.0, "R": 2.8, "D": 0.2, "lambda1": 2.5,
           "A": 1800.0}  # fmt: skip
MODELS = {"stillinger-weber": ("sw-si", SW), "tersoff": ("tersoff-si", TERSOFF)}


def two_beads(form: str, changes: dict[str, dict[str, float]] | None = None) -> CoarseGrainedModel:
    """A model of beads A and B; ``changes`` by triplet, such as ``A A B``."""
    base, values = MODELS[form]
    entries = {t: dict(values) for t in itertools.product("AB", repeat=3)}
    for triplet, new in (changes or {}).items():
        entries[tuple(triplet.split())].update(new)  # type: ignore[index]
    known = load_model(base)
    return CoarseGrainedModel(
        "two", (Bead("A"), Bead("B")), (Term(form, entries, known.terms[0].parameters),)
    )


def mixture() -> Structure:
    random = np.random.default_rng(3)
    grid = np.array(list(itertools.product(range(3), repeat=3))) * 0.25
    return Structure(tuple("ABB" * 9), grid + random.uniform(-0.03, 0.03, grid.shape), None)


@pytest.mark.parametrize("platform", ["Reference", "CPU", "CPUSerial"])
@pytest.mark.parametrize("junk", [0.0, -3.0, 1e30])
@pytest.mark.parametrize("form", MODELS)
def test_unused_values_change_nothing(form: str, junk: float, platform: str) -> None:
    """Every number of every entry that is not in use is replaced, one model for all of them."""
    inert = {"B B B": {"sigma": 0.0} if form == "stillinger-weber" else {"R": 0.0, "D": 0.0}}
    clean = two_beads(form, inert)
    (term,), indexed = clean.terms, clean.internal_entries()
    used = dict(zip(term.entries, (term.functional_form.in_use(indexed, t) for t in indexed), strict=True))
    entries = {t: {n: v if n in used[t] else junk for n, v in e.items()} for t, e in term.entries.items()}
    assert sum(v != term.entries[t][n] for t, e in entries.items() for n, v in e.items()) > 20
    spoiled = replace(clean, terms=(replace(term, entries=entries),))
    found = evaluate_structure(spoiled, mixture(), platform)
    expected = evaluate_structure(clean, mixture(), platform)
    # Threads of the platform CPU add single-precision forces up in the order in which they finish.
    rounding = 1e-5 if platform == "CPU" else 0.0
    assert found["energy_kj_mol"] == pytest.approx(expected["energy_kj_mol"], rel=rounding, abs=0.0)
    assert expected["energy_kj_mol"] != 0.0
    largest = np.max(np.abs(expected["forces_kj_mol_nm"]))
    np.testing.assert_allclose(
        found["forces_kj_mol_nm"], expected["forces_kj_mol_nm"], rtol=0.0, atol=rounding * largest
    )
    # LAMMPS refuses negative numbers even there.
    for line in format_lammps(spoiled).splitlines():
        numbers = line.split()[3:] if not line.startswith("#") else []
        cosine = 5 if numbers else 0
        assert all(float(x) >= 0 for n, x in enumerate(numbers) if n != cosine)


@pytest.mark.parametrize(
    ("form", "triplet", "change", "rule"),
    [
        ("stillinger-weber", "A A B", {"epsilon": -1.0}, "epsilon >= 0"),
        ("stillinger-weber", "A B B", {"p": 0.0, "q": 4.0}, "p > q"),
        ("stillinger-weber", "A B B", {"p": 4.0, "q": 4.0}, "B >= 1"),
        ("stillinger-weber", "B A A", {"gamma": -1.0}, "gamma >= 0"),
        ("tersoff", "A B B", {"n": 0.0}, "n > 0"),
        ("tersoff", "A A B", {"d": 0.0}, "d > 0"),
        ("tersoff", "A A B", {"m": 2.0}, "m is 1 or 3"),
        ("tersoff", "A A B", {"R": 0.1}, "R >= D >= 0"),
    ],
)
def test_used_values_are_checked_by_the_names_of_beads(
    form: str, triplet: str, change: dict[str, float], rule: str
) -> None:
    with pytest.raises(ConfigError, match=rule) as caught:
        two_beads(form, {triplet: change})
    assert f"entry {triplet}" in str(caught.value)


@pytest.mark.parametrize(
    ("form", "triplet", "change"),
    [
        ("stillinger-weber", "A A B", {"sigma": 0.0, "a": 0.0, "gamma": 0.0, "p": 0.0}),
        ("stillinger-weber", "B B B", {"epsilon": 0.0, "sigma": 1.0, "a": 0.0, "p": 0.0}),
        ("stillinger-weber", "B B B", {"epsilon": 0.0, "p": 0.0, "q": 2.0}),
        ("stillinger-weber", "B B B", {"A": 0.0, "B": 0.0, "p": 1.0, "q": 1.0}),
        ("stillinger-weber", "B B B", {"p": 3.0, "q": 3.0, "B": 1.5}),
        ("tersoff", "A A B", {"n": 0.0, "beta": 0.0, "lambda1": 0.0, "lambda2": 0.0, "A": 0.0, "B": 0.0}),
        ("tersoff", "B B B", {"B": 0.0, "n": 0.0, "d": 0.0}),
        ("tersoff", "B B B", {"beta": 0.0, "n": 0.0, "d": 0.0}),
        ("tersoff", "B B B", {"c": 0.0, "d": 0.0}),
        ("tersoff", "B B B", dict.fromkeys(TERSOFF, 0.0)),
    ],
)
def test_zeros_of_real_files_are_taken_on_every_platform(
    form: str, triplet: str, change: dict[str, float]
) -> None:
    model = two_beads(form, {triplet: change})
    reference = np.array(evaluate_structure(model, mixture(), "Reference")["forces_kj_mol_nm"])
    assert np.isfinite(reference).all()
    for platform in ("CPU", "CPUSerial"):
        forces = np.array(evaluate_structure(model, mixture(), platform)["forces_kj_mol_nm"])
        # Single precision of positions and forces.
        assert np.max(np.abs(forces - reference)) < 2e-5 * np.sqrt(np.mean(reference**2))


def test_a_purely_repulsive_pair_is_what_it_says() -> None:
    """p = q leaves (B - 1) A epsilon (sigma/r)^p exp(...), by its formula."""
    mw = load_model("mw").with_parameters({"p": 3.0, "q": 3.0, "B": 1.5})
    v = mw.internal_entries()[(0, 0, 0)]
    r = 0.3
    decay = math.exp(v["sigma"] / (r - v["a"] * v["sigma"]))
    expected = 0.5 * v["A"] * v["epsilon"] * (v["sigma"] / r) ** 3 * decay
    assert float(dimer_energy(mw, r)) == pytest.approx(expected, rel=1e-14)


def test_an_angle_given_twice_with_other_digits_acts_as_the_mean(tmp_path: Path) -> None:
    lines = []
    for i, j, k in itertools.product("WC", repeat=3):
        strength = "20.00001" if (i, j, k) == ("W", "C", "W") else "20"
        lines.append(f"{i} {j} {k} 0.3 2.3 1.8 {strength} 1.2 -0.333333 7.05 0.6 4 0 0")
    path = tmp_path / "wc.sw"
    path.write_text("\n".join(["# UNITS: metal", *lines, ""]))
    with pytest.warns(
        CgbridgeWarning, match=r"W W C and W C W differ in lambda\*epsilon by 5e-07 .* the mean"
    ):
        uneven = load_model(path)
    path.write_text(
        path.read_text().replace("20.00001", "20").replace("0.3 2.3 1.8 20 ", "0.3 2.3 1.8 20.0 ")
    )
    equal = load_model(path)
    (term,) = equal.terms
    changed = {t: dict(v) for t, v in term.entries.items()}
    for triplet in (("W", "W", "C"), ("W", "C", "W")):
        changed[triplet]["lambda"] = 20.000005
    mean = replace(equal, terms=(replace(term, entries=changed),))
    structure = replace(mixture(), names=tuple("WCC" * 9))
    assert evaluate_structure(uneven, structure, "Reference")["energy_kj_mol"] == pytest.approx(
        evaluate_structure(mean, structure, "Reference")["energy_kj_mol"], rel=1e-14
    )


def test_an_angle_with_two_strengths_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"A A B and A B A differ in lambda\*epsilon"):
        two_beads("stillinger-weber", {"A A B": {"lambda": 22.0}})
    with pytest.raises(ConfigError, match="A A B and A B A differ in costheta0"):
        two_beads("stillinger-weber", {"A A B": {"costheta0": -0.3}})


def test_a_sharp_cutoff_ends_at_r() -> None:
    """D = 0: all of the energy below R, nothing from R on, as LAMMPS has it (r >= R + D is out)."""
    sharp = load_model("tersoff-si").with_parameters({"D": 0.0, "R": 2.7})
    v = sharp.internal_entries()[(0, 0, 0)]
    below, end = np.nextafter(v["R"], 0.0), v["R"]
    bare = v["A"] * math.exp(-v["lambda1"] * below) - v["B"] * math.exp(-v["lambda2"] * below)
    for platform in ("Reference", "CPU"):
        for distance, expected in ((below - 1e-6, bare), (end, 0.0), (end + 1e-6, 0.0)):
            pair = Structure(("Si", "Si"), np.array([[0.0, 0, 0], [distance, 0, 0]]), None)
            found = evaluate_structure(sharp, pair, platform)["energy_kj_mol"]
            # The energy over 1e-6 nm, and single precision.
            assert found == pytest.approx(expected, rel=1e-4)
    assert float(dimer_energy(sharp, below)) == pytest.approx(bare, rel=1e-14)
    assert float(dimer_energy(sharp, end)) == 0.0


def test_what_openmm_refuses_names_beads_and_is_no_traceback() -> None:
    force = load_model("mw").terms[0].functional_form.new_force(2)
    with (
        pytest.raises(SimulationError, match=r"the triplet of A B A has no parameters"),
        openmm_faults("energy", ("A", "B")),
    ):
        force.getTripletParameters(0, 1, 0)
