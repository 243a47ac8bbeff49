"""What every term must do, run over the whole catalogue; and conventions, against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from pathlib import Path

import nep_models
import numpy as np
import pytest
import yaml

from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError
from cgbridge.models.database import load_model
from cgbridge.models.files.network_entry import network_to_dict
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.models.terms.catalogue import FORMS, list_forms
from cgbridge.models.terms.network import NetworkData
from cgbridge.testing.terms import CHECKS, ConformanceError, Sample, cluster
from cgbridge.topology import Topology
from cgbridge.units import COULOMB, EV

BEADS = [{"name": "W", "mass": "18 amu"}, {"name": "C-1", "mass": "56 amu"}]
PAIRS = [("W", "W"), ("C-1", "W"), ("C-1", "C-1")]


def pair_term(form: str, values: dict, **shared: float) -> dict:
    """Three pairs with different values of everything but exponents."""
    scaled = [
        {k: v if k in ("n", "m") else v * (1.0 + 0.07 * number) for k, v in values.items()}
        for number in range(3)
    ]
    return {
        "form": form,
        "parameters": [{"name": k, "unit": "1", "value": v} for k, v in shared.items()],
        "entries": [{"types": list(pair), "values": v} for pair, v in zip(PAIRS, scaled, strict=True)],
    }


def triplet_term(name: str) -> dict:
    """The values of a model of one bead for all triplets of two."""
    term = load_model(name).terms[0]
    (values,) = term.entries.values()
    return {
        "form": term.form,
        "parameters": [{"name": p.name, "unit": p.unit} for p in term.parameters],
        "entries": [{"types": list(t), "values": dict(values)} for t in product(("W", "C-1"), repeat=3)],
    }


R = np.linspace(0.2, 0.6, 41)
TABLE = {"distance": R.tolist(), "energy": (5.0 * (0.6 - R) ** 3 * (R - 0.3) * 100).tolist()}
MIE = {"epsilon": 0.02, "sigma": 2.5, "n": 9.0, "m": 5.0, "cutoff": 6.0}
#: One term of every form, for beads W and C-1.
TERMS = {
    "tersoff": triplet_term("tersoff-si"),
    "stillinger-weber": triplet_term("mw"),
    "lennard-jones": pair_term("lennard-jones", {"epsilon": 0.02, "sigma": 2.5, "cutoff": 6.0}),
    "mie": pair_term("mie", MIE, smoothing=0.7),
    "buckingham": pair_term("buckingham", {"A": 1500.0, "rho": 0.3, "C": 40.0, "cutoff": 6.0}),
    "morse": pair_term("morse", {"D": 0.3, "alpha": 1.5, "r0": 2.7, "cutoff": 5.0}),
    "table": {
        "form": "table",
        "entries": [
            {"types": ["W", "W"], "table": TABLE},
            {"types": ["W", "C-1"], "values": {"scale": 0.5}, "table": TABLE},
            {"types": ["C-1", "C-1"], "table": TABLE},
        ],
    },
    "harmonic-bond": {
        "form": "harmonic-bond",
        "entries": [
            {"types": ["W", "C-1"], "values": {"k": "1000 kJ/mol/nm^2", "r0": "2.6 A"}},
            {"types": ["C-1", "C-1"], "values": {"k": 3.0, "r0": 2.4}},
        ],
    },
    "harmonic-angle": {
        "form": "harmonic-angle",
        "entries": [
            {"types": ["W", "C-1", "C-1"], "values": {"k": 2.0, "theta0": "120 deg"}},
            {"types": ["C-1", "C-1", "C-1"], "values": {"k": 1.0, "theta0": 100.0}},
        ],
    },
    "periodic-torsion": {
        "form": "periodic-torsion",
        "entries": [
            {"types": ["W", "C-1", "C-1", "C-1"], "values": {"k": 0.1, "n": 3, "phi0": 20.0}},
        ],
    },
    "coulomb": {
        "form": "coulomb",
        "parameters": [
            {"name": "permittivity", "unit": "1", "value": 2.5},
            {"name": "cutoff", "unit": "A", "value": 7.0},
            {"name": "accuracy", "unit": "1", "value": 1e-6},
        ],
        "entries": [{"types": ["W"], "values": {"q": 0.4}}, {"types": ["C-1"], "values": {"q": -0.4}}],
    },
}


def network_term() -> dict:
    """A random network of two types, with a repulsion and a change with the temperature."""
    sigma = 0.25 + 0.02 * np.array([[0.0, 1.0], [1.0, 2.0]])
    network = replace(nep_models.network("two types"), repulsion=sigma**12)
    change = nep_models.network("two types").changed(energy=0.3, radial=0.7)
    data = NetworkData(("W", "C-1"), network, change, (280.0, 340.0))
    factors = {
        "energy": 0.9,
        "length": 1.02,
        "radial": 1.1,
        "angular": 0.95,
        "repulsion": 1.2,
        "entropy": 0.8,
    }
    return {
        "form": "descriptor-network",
        "parameters": [{"name": k, "unit": "1", "value": v} for k, v in factors.items()],
        "network": network_to_dict(data),
    }


TERMS["descriptor-network"] = network_term()
CHAIN = {"name": "chain", "beads": ["W", "C-1", "C-1", "C-1"], "bonds": [[0, 1], [1, 2], [2, 3]]}
BONDED = ("harmonic-bond", "harmonic-angle", "periodic-torsion")


def model_of(*forms: str, **further: object) -> CoarseGrainedModel:
    return CoarseGrainedModel.from_dict(
        {"name": "-".join(forms), "beads": BEADS, "terms": [TERMS[form] for form in forms], **further}
    )


def sample_of(form: str, edge: float | None) -> Sample:
    if form in BONDED:
        model = model_of(form, molecules=[CHAIN])
        line = np.array([[0.0, 0, 0], [0.26, 0, 0], [0.38, 0.22, 0], [0.62, 0.25, 0.12]])
        places = np.concatenate([line, line[:, [1, 2, 0]] + 1.0])
        return Sample(model, model.topology(["W", "C-1", "C-1", "C-1"] * 2), places, edge)
    places = cluster(16, 0.29 if edge is None else edge / 3.0, seed=4)
    if edge is not None and form in ("tersoff", "stillinger-weber"):
        places = cluster(64, edge / 4.0, seed=4)
    types = tuple(("W", "C-1")[index % 2] for index in range(len(places)))
    mesh = 1e-5 if form == "coulomb" and edge is not None else 0.0
    return Sample(model_of(form), Topology(types), places, edge, mesh=mesh)


def test_every_form_has_a_term_here() -> None:
    assert set(TERMS) == set(FORMS) == set(list_forms())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("edge", [None, 1.45], ids=["isolated", "periodic"])
@pytest.mark.parametrize("form", FORMS)
def test_term(form: str, edge: float | None, check) -> None:
    check(sample_of(form, edge))


@pytest.mark.parametrize("form", FORMS)
def test_several_terms_add(form: str) -> None:
    """E of a sum of terms is the sum of their energies, whatever the order."""
    one, other = ("lennard-jones", form) if form != "lennard-jones" else ("morse", form)
    molecules = {"molecules": [CHAIN]} if form in BONDED else {}
    types = ["W", "C-1", "C-1", "C-1"] * 4
    places = cluster(16, 0.29, seed=8)
    alone = [model_of(name, **(molecules if form in BONDED else {})) for name in (one, other)]
    both, swapped = model_of(one, other, **molecules), model_of(other, one, **molecules)
    energies = [
        Sample(model, model.topology(types), places).energy_and_forces()[0]
        for model in (*alone, both, swapped)
    ]
    assert energies[2] == pytest.approx(energies[0] + energies[1], rel=1e-12)
    assert energies[3] == pytest.approx(energies[2], rel=1e-12)


class TestConventions:
    """Numbers that another convention would not give."""

    def energy(self, model: CoarseGrainedModel, types: list[str], places: list) -> float:
        return Sample(model, model.topology(types), np.array(places, dtype=float)).energy_and_forces()[0]

    def test_lennard_jones_minimum(self) -> None:
        distance = np.array([2 ** (1 / 6) * 0.25])
        assert pair_energy(model_of("lennard-jones"), 0, 0, distance)[0] == pytest.approx(-0.02 * EV)

    def test_mie_of_12_and_6_is_lennard_jones(self) -> None:
        values = {"epsilon": 0.02, "sigma": 2.5, "cutoff": 6.0}
        mie, lj = (
            CoarseGrainedModel.from_dict({"name": "m", "beads": BEADS, "terms": [term]})
            for term in (pair_term("mie", values | {"n": 12.0, "m": 6.0}), pair_term("lennard-jones", values))
        )
        r = np.linspace(0.22, 0.6, 50)
        assert np.allclose(pair_energy(mie, 0, 1, r), pair_energy(lj, 0, 1, r), rtol=1e-12)

    def test_bond_has_the_half(self) -> None:
        model = model_of("harmonic-bond", molecules=[{"name": "p", "beads": ["W", "C-1"], "bonds": [[0, 1]]}])
        found = self.energy(model, ["W", "C-1"], [[0, 0, 0], [0.27, 0, 0]])
        assert found == pytest.approx(0.5 * 1000.0 * 0.01**2, rel=1e-9)

    def test_angle_and_torsion(self) -> None:
        bent = [[0.25, 0, 0], [0, 0, 0], [0, 0.25, 0]]
        three = {"name": "a", "beads": ["W", "C-1", "C-1"], "bonds": [[0, 1], [1, 2]]}
        model = model_of("harmonic-angle", molecules=[three])
        expected = 0.5 * 2.0 * EV * math.radians(30.0) ** 2
        assert self.energy(model, ["W", "C-1", "C-1"], bent) == pytest.approx(expected, rel=1e-9)
        cis = [[0.25, 0.0, 0], [0, 0, 0], [0, 0.25, 0], [0.25, 0.25, 0]]
        expected = 0.1 * EV * (1.0 + math.cos(-math.radians(20.0)))
        model = model_of("periodic-torsion", molecules=[CHAIN])
        assert self.energy(model, CHAIN["beads"], cis) == pytest.approx(expected, rel=1e-9)

    def test_two_charges(self) -> None:
        found = self.energy(model_of("coulomb"), ["W", "C-1"], [[0, 0, 0], [0.5, 0, 0]])
        assert found == pytest.approx(-COULOMB * 0.4**2 / 2.5 / 0.5, rel=1e-6)  # OpenMM's own constant

    def test_rocksalt_has_madelungs_constant(self) -> None:
        """-1.747564594633 q^2/(4 pi eps0 r) per ion pair (doi:10.1098/rspa.1980.0014, Table 1)."""
        from cgbridge.structures.lattices import lattice

        # The edge must hold two cutoffs of 0.7 nm.
        box = lattice("rocksalt", 0.4, (2, 2, 2), ("W", "C-1"))
        model = model_of("coulomb")
        sample = Sample(model, Topology(box.types), box.positions, float(box.edges[0]))
        expected = -1.747564594633 * COULOMB * 0.4**2 / 2.5 / 0.4 * len(box.types) / 2
        assert sample.energy_and_forces()[0] == pytest.approx(expected, rel=1e-5)  # of the mesh

    def test_a_net_charge_is_told(self) -> None:
        charged = Sample(model_of("coulomb"), Topology(("W",)), np.zeros((1, 3)), 1.5)
        with pytest.warns(CgbridgeWarning, match=r"net charge of 0\.4 e"):
            charged.energy_and_forces()

    def test_excluded_pairs_do_not_interact(self) -> None:
        model = model_of("harmonic-bond", "lennard-jones", "coulomb", molecules=[CHAIN])
        line = [[0.26 * i, 0.05 * (i % 2), 0] for i in range(4)]
        bonds = model_of("harmonic-bond", molecules=[CHAIN])
        assert self.energy(model, CHAIN["beads"], line) == pytest.approx(
            self.energy(bonds, CHAIN["beads"], line), rel=1e-12
        )
        nearer = replace(model, molecules=(replace(model.molecules[0], excluded=1),))
        assert self.energy(nearer, CHAIN["beads"], line) != pytest.approx(
            self.energy(bonds, CHAIN["beads"], line), rel=1e-3
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["terms"].append(c["terms"][0]), "different names"),
        (lambda c: c["terms"][0]["entries"][0].update(types=["W"]), "for 2 bead types"),
        (lambda c: c["terms"][0]["entries"][0].update(types=["W", "X"]), "no bead 'X'"),
        (lambda c: c["terms"][0]["entries"].append({"types": ["W", "C-1"], "values": {}}), "given twice"),
        (lambda c: c["terms"][0]["entries"][0]["values"].update(sigma=-1.0), "sigma > 0"),
        (lambda c: c["terms"][0]["entries"][0]["values"].update(sigma="2 eV"), "cannot convert"),
        (lambda c: c["terms"][0]["entries"][0]["values"].update(sigme=1.0), "did you mean 'sigma'"),
        (lambda c: c["terms"][0]["entries"][0]["values"].pop("sigma"), "'sigma' has no value"),
        (
            lambda c: c["terms"][0]["parameters"].append({"name": "smoothing", "unit": "1", "value": 0}),
            "smoothing",
        ),
        (lambda c: c["terms"][0].update(form="lenard-jones"), "did you mean 'lennard-jones'"),
        (
            lambda c: c["terms"][0]["entries"].__delitem__(slice(1, 3)),
            "no term has an entry for the bead 'C-1'",
        ),
        (
            lambda c: c.update(molecules=[{"name": "m", "beads": ["W"], "bonds": [[0, 1]]}]),
            "two different beads",
        ),
        (lambda c: c.update(molecules=[{"name": "m", "beads": ["X"]}]), "no bead type 'X'"),
    ],
)
def test_faulty_terms_are_refused_with_words(change, words: str) -> None:
    content = yaml.safe_load(yaml.safe_dump({"name": "m", "beads": BEADS, "terms": [TERMS["lennard-jones"]]}))
    change(content)
    with pytest.raises(CgbridgeError) as caught:
        CoarseGrainedModel.from_dict(content)
    assert words in str(caught.value)


def test_bonds_without_parameters_are_refused() -> None:
    terms = [TERMS["harmonic-bond"] | {"entries": TERMS["harmonic-bond"]["entries"][1:]}, TERMS["morse"]]
    with pytest.raises(ConfigError, match="no parameters for the pair C-1 W"):
        CoarseGrainedModel.from_dict({"name": "m", "beads": BEADS, "terms": terms, "molecules": [CHAIN]})


def test_names_of_parameters() -> None:
    model = model_of("tersoff", "lennard-jones")
    assert "lj.epsilon[C-1-W]" in model.parameters and "lj.smoothing" in model.parameters
    for name in ("lj.epsilon[W,C-1]", "lj.epsilon[C-1,W]", "epsilon[W-C-1]", "lj.epsilon[C-1-W]"):
        assert model.parameter(name).name == "lj.epsilon[C-1-W]"
    assert model.parameter("smoothing").value == 0.9
    with pytest.raises(ConfigError, match=r"'epsilon' may be any of 3 parameters") as caught:
        model.parameter("epsilon")
    assert "lj.epsilon[W-W]" in str(caught.value)
    with pytest.raises(ConfigError, match=r"did you mean 'lj\.smoothing'"):
        model.parameter("lj.smothing")
    # For triplets the order counts.
    assert model.parameter("A[W,C-1,C-1]").name == "tersoff.A[W-C-1-C-1]"
    changed = model.with_parameters({"lj.epsilon[W-C-1]": 0.5})
    assert changed.parameters["lj.epsilon[C-1-W]"] == 0.5 and model.parameters["lj.epsilon[C-1-W]"] != 0.5


def test_a_term_that_is_wrong_is_found() -> None:
    """An expression that is not the closed form is seen: OpenMM's forces are gradients of whatever it is."""
    from cgbridge.models.terms.lennard_jones import LennardJones

    sample = sample_of("lennard-jones", None)
    original = LennardJones.expression
    failed = set()
    for wrong in ("4*epsilon*((sigma/r)^12 - (sigma/r)^7)", "4*epsilon*((sigma/r)^12 - 2*(sigma/r)^6)"):
        LennardJones.expression = wrong
        try:
            for check in CHECKS:
                try:
                    check(sample)
                except ConformanceError:
                    failed.add(check.__name__)
        finally:
            LennardJones.expression = original
    assert "pairs_agree_with_openmm" in failed


def test_a_model_of_several_terms_is_written_and_read(tmp_path: Path) -> None:
    model = model_of("tersoff", "lennard-jones", "harmonic-bond", "table", molecules=[CHAIN])
    model.save(tmp_path / "model.yaml")
    assert load_model(tmp_path / "model.yaml").fingerprint() == model.fingerprint()
