"""Pairs of unlike beads by mixing rules: values, files, exports, searches, and what is refused."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import openmm
import pytest
import yaml

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import ConfigError
from cgbridge.export.writers import export_model
from cgbridge.fits.search.reading import read_fit
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.structures.structure_files import Structure

LIKE = {
    ("A", "A"): {"epsilon": 0.01, "sigma": 3.0, "cutoff": 9.0},
    ("B", "B"): {"epsilon": 0.04, "sigma": 5.0, "cutoff": 11.0},
}
#: The pair A B by hand.
BY_RULE = {
    "lorentz-berthelot": {"epsilon": 0.02, "sigma": 4.0, "cutoff": 10.0},
    "geometric": {"epsilon": 0.02, "sigma": math.sqrt(15.0), "cutoff": math.sqrt(99.0)},
}


def content(pairs: dict[tuple[str, str], dict], beads: str = "AB", **further: Any) -> dict[str, Any]:
    return {
        "name": "mixture",
        "beads": [{"name": bead, "mass": "40 amu"} for bead in beads],
        "form": "lennard-jones",
        "entries": [{"types": list(types), "values": dict(values)} for types, values in pairs.items()],
        **further,
    }


def model_of(*arguments: Any, **further: Any) -> CoarseGrainedModel:
    return CoarseGrainedModel.from_dict(content(*arguments, **further))


@pytest.mark.parametrize("rule", BY_RULE)
def test_a_mixed_pair_is_that_with_the_values_by_hand(rule: str) -> None:
    mixed, written = model_of(LIKE, mixing=rule), model_of({**LIKE, ("A", "B"): BY_RULE[rule]})
    r = np.linspace(0.3, 1.1, 60)
    for pair in ((0, 1), (1, 0), (0, 0)):
        found, expected = pair_energy(mixed, *pair, r), pair_energy(written, *pair, r)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300)
    places = np.random.default_rng(2).uniform(0, 1, (2, 3)) * 0.1 + [[0, 0, 0], [0.4, 0, 0]]
    beads = Structure(("B", "A"), places, None)
    found, expected = (evaluate_structure(m, beads, "Reference") for m in (mixed, written))
    assert found["energy_kj_mol"] == pytest.approx(expected["energy_kj_mol"], rel=1e-12)
    assert not mixed.notes
    # Values that are written are the parameters; the others have none.
    assert set(mixed.parameters) == {f"{p}[{t}]" for p in LIKE["A", "A"] for t in ("A-A", "B-B")} | {
        "smoothing"
    }


def test_a_pair_that_is_given_is_not_mixed() -> None:
    """Also where its beads stand the other way round; other pairs are."""
    own = {"epsilon": 0.0, "sigma": 3.3, "cutoff": 8.0}
    three = {**LIKE, ("C", "C"): LIKE["A", "A"], ("B", "A"): own}
    model = model_of(three, "ABC", mixing="lorentz-berthelot")
    assert set(model.terms[0].mixed) == {("A", "C"), ("B", "C")}
    assert model.terms[0].mixed["A", "C"] == LIKE["A", "A"]  # the means of equals are these
    assert model.parameters["epsilon[A-B]"] == 0.0
    assert np.all(pair_energy(model, 0, 1, np.array([0.4])) == 0.0)


@pytest.mark.parametrize("rule", BY_RULE)
def test_a_rule_outlives_file_and_restriction(tmp_path: Path, rule: str) -> None:
    three = {**LIKE, ("C", "C"): {"epsilon": 0.03, "sigma": 4.4, "cutoff": 9.5}}
    terms = [
        {"form": "lennard-jones", "name": "own", "mixing": rule} | {"entries": content(three)["entries"]}
    ]
    for model in (
        model_of(three, "ABC", mixing=rule),
        CoarseGrainedModel.from_dict({"name": "two", "beads": content({}, "ABC")["beads"], "terms": terms}),
    ):
        model.save(tmp_path / "model.yaml")
        again = load_model(tmp_path / "model.yaml")
        assert again == model and again.fingerprint() == model.fingerprint()
        assert len(again.terms[0].entries) == 4  # the like ones, and smoothing: mixed ones stay unwritten
        fewer = again.restricted({"A", "C"}).with_bead_names({"A": "Z"})
        assert set(fewer.terms[0].mixed) == {("C", "Z")}
        assert fewer.terms[0].mixed["C", "Z"] == model.terms[0].mixed["A", "C"]
    other = next(name for name in BY_RULE if name != rule)
    assert model_of(LIKE, mixing=rule).fingerprint() != model_of(LIKE, mixing=other).fingerprint()


def test_an_exported_system_has_the_mixed_pair(tmp_path: Path) -> None:
    energies = []
    for model in (
        model_of(LIKE, mixing="lorentz-berthelot"),
        model_of({**LIKE, ("A", "B"): BY_RULE["lorentz-berthelot"]}),
    ):
        path = export_model(model, "openmm", tmp_path / "system.xml", overwrite=True)
        system = openmm.XmlSerializer.deserialize(path.read_text())
        platform = openmm.Platform.getPlatformByName("Reference")
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        # A and B take turns, so that they are nearest neighbours.
        context.setPositions(np.array(list(np.ndindex(8, 8, 8)), dtype=float) * 0.4)
        energies.append(context.getState(energy=True).getPotentialEnergy()._value)
    assert energies[0] == pytest.approx(energies[1], rel=1e-12)


def test_a_search_of_like_pairs_moves_the_unlike_one(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(content(LIKE, mixing="lorentz-berthelot")))
    fit = {
        "schema": 1,
        "name": "mixture",
        "model": {"base": "base.yaml", "search": {"epsilon[A-A]": "+-50 %", "sigma[B-B]": "+-20 %"}},
        "levels": [
            {
                "name": "pair",
                "targets": [
                    {
                        "observable": "dimer_energy",
                        "value": "-2 kJ/mol",
                        "tolerance": "0.1 kJ/mol",
                        "composition": ["A", "B"],
                    }
                ],
            }
        ],
    }
    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(fit))
    problem = read_fit(tmp_path / "fit.yaml")
    best = problem.fitted({"epsilon[A-A]": 0.0144, "sigma[B-B]": 5.2})
    best.save(tmp_path / "best.yaml")
    for model in (best, load_model(tmp_path / "best.yaml")):
        assert model.terms[0].mixed["A", "B"] == pytest.approx(
            {"epsilon": 0.024, "sigma": 4.1, "cutoff": 10.0}
        )
    # Another rule is another fit: values of the one are none of the other.
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(content(LIKE, mixing="geometric")))
    assert read_fit(tmp_path / "fit.yaml").protocol != problem.protocol
    fit["model"]["search"] = {"epsilon[B-A]": "+-50 %"}
    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(fit))
    with pytest.raises(ConfigError, match=re.escape("'epsilon[B-A]' follows by mixing")) as refused:
        read_fit(tmp_path / "fit.yaml")
    assert "give the base model an entry for A B" in str(refused.value.remedy)


def test_mie_exponents_are_mixed_as_lengths_are() -> None:
    """As in LAMMPS; 12-6 with 12-6 stays 12-6."""
    pairs = {
        ("A", "A"): {"epsilon": 0.01, "sigma": 3.0, "n": 12.0, "m": 6.0, "cutoff": 9.0},
        ("B", "B"): {"epsilon": 0.01, "sigma": 3.0, "n": 9.0, "m": 6.0, "cutoff": 9.0},
    }
    (mixed,) = model_of(pairs, form="mie", mixing="lorentz-berthelot").terms[0].mixed.values()
    assert mixed == {"epsilon": 0.01, "sigma": 3.0, "n": 10.5, "m": 6.0, "cutoff": 9.0}


BUCKINGHAM = {("A", "A"): {"A": 1500.0, "rho": 0.3, "C": 40.0, "cutoff": 6.0}}


@pytest.mark.parametrize(
    ("pairs", "further", "words"),
    [
        (LIKE, {"mixing": "arithmetic"}, "unknown mixing.*LAMMPS's arithmetic is lorentz-berthelot"),
        (LIKE, {"mixing": "geometrc"}, "did you mean 'geometric'"),
        (LIKE, {"mixing": 7}, "mixing: "),
        ({("A", "A"): BUCKINGHAM["A", "A"], ("B", "B"): BUCKINGHAM["A", "A"]},
         {"form": "buckingham", "mixing": "geometric"}, "the form buckingham has no mixing rules"),
        ({**LIKE, ("A", "C"): LIKE["A", "A"]}, {"beads": "ABC", "mixing": "geometric"},
         "the pair B C cannot be mixed, for C C has no entry.*give an entry for C C, or one for B C"),
        ({**LIKE, ("B", "B"): LIKE["B", "B"] | {"epsilon": -0.01}}, {"mixing": "geometric"},
         "entry B B: physical constraint violated: epsilon >= 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_mixed_is_refused(pairs: dict, further: dict, words: str) -> None:
    further = dict(further)
    with pytest.raises(ConfigError) as refused:
        model_of(pairs, further.pop("beads", "AB"), **further)
    assert re.search(words, f"{refused.value}", re.DOTALL)


def test_mixing_beside_terms_belongs_into_one() -> None:
    whole = content(LIKE)
    terms = [{"form": whole.pop("form"), "entries": whole.pop("entries")}]
    with pytest.raises(ConfigError, match="mixing, parameters, entries and network belong into the terms"):
        CoarseGrainedModel.from_dict(whole | {"terms": terms, "mixing": "geometric"})


def test_mixing_is_named_where_a_pair_is_missing() -> None:
    (note,) = model_of(LIKE).notes
    assert note.startswith("no entry for A B: such pairs do not interact")
    assert note.endswith("; 'mixing: lorentz-berthelot' in a term makes them of the pairs of like beads")
    without = content({})
    del without["entries"]
    with pytest.raises(ConfigError, match=r"every pair of like beads \(and mixing: lorentz-berthelot"):
        CoarseGrainedModel.from_dict(without)
