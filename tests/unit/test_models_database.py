"""Models: database, YAML files, values with units, and the force they make."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cgbridge.errors import ConfigError, SimulationError, UnitError
from cgbridge.models.closed_form import diamond_minimum
from cgbridge.models.database import list_models, load_model
from cgbridge.models.model import Bead, CoarseGrainedModel
from cgbridge.models.terms.catalogue import get_form, many_body_forms
from cgbridge.units import EV, KCAL


@pytest.fixture(params=list_models())
def model(request: pytest.FixtureRequest) -> CoarseGrainedModel:
    return load_model(request.param)


def test_database_holds_the_published_models() -> None:
    assert list_models() == [
        "cgbridge-water-1",
        "ml-bop",
        "ml-mw",
        "mw",
        "sw-si",
        "tersoff-si",
        "tersoff-sic",
    ]


def test_every_model_is_sourced_and_within_its_ranges(model: CoarseGrainedModel) -> None:
    # Ours is published on the page that says how it was made.
    assert model.source.startswith(("doi:", "cgbridge, docs/results/"))
    assert model.description
    for name, value in model.parameters.items():
        spec = model.parameter(name)
        assert spec.symbol
        assert spec.bounds is not None
        assert spec.bounds[0] <= value <= spec.bounds[1]
        if spec.range is not None:
            assert spec.range[0] < value < spec.range[1]


def test_search_ranges_never_leave_the_physical_domain(model: CoarseGrainedModel) -> None:
    """Any corner of the default search box makes a model that its form accepts."""
    for side in (0, 1):
        corner = {spec.name: spec.range[side] for spec in model.terms[0].parameters if spec.range is not None}
        assert model.with_parameters(corner).cutoff > 0


def test_loading_the_database_does_not_load_openmm() -> None:
    code = "import sys, cgbridge.models.database as d; d.load_model('mw'); sys.exit('openmm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_saved_model_is_read_back_equal(model: CoarseGrainedModel, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    model.save(path)
    assert load_model("model.yaml", tmp_path) == model
    assert CoarseGrainedModel.from_dict(model.to_dict()) == model
    assert pickle.loads(pickle.dumps(model)) == model


def test_saved_values_keep_every_bit(tmp_path: Path) -> None:
    odd = load_model("mw").with_parameters({"epsilon": 6.1 + 1e-15, "B": 1.0 / 3.0, "A": 1e-6})
    odd.save(tmp_path / "odd.yaml")
    assert load_model(tmp_path / "odd.yaml").parameters == odd.parameters


def test_with_parameters_leaves_the_original_alone() -> None:
    original = load_model("mw")
    changed = original.with_parameters({"lambda": 20.0})
    assert (original.parameters["lambda"], changed.parameters["lambda"]) == (23.15, 20.0)
    assert changed.fingerprint() != original.fingerprint()
    assert changed.with_parameters({"lambda": 23.15}).fingerprint() == original.fingerprint()


def test_fingerprint_is_of_the_physics_only() -> None:
    mw = load_model("mw")
    assert replace(mw, name="x", description="y", source="z").fingerprint() == mw.fingerprint()
    assert mw.with_bead_mass(20.0).fingerprint() != mw.fingerprint()


def test_values_reach_the_form_in_internal_units() -> None:
    mw = load_model("mw").internal_entries()[(0, 0, 0)]
    assert mw["epsilon"] == pytest.approx(6.189 * KCAL, rel=1e-15)
    assert mw["sigma"] == pytest.approx(0.23925, rel=1e-15)
    bop = load_model("ml-bop").internal_entries()[(0, 0, 0)]
    assert bop["A"] == pytest.approx(1684.301476 * EV, rel=1e-15)
    assert bop["lambda1"] == pytest.approx(27.50522, rel=1e-12)
    assert load_model("mw").cutoff == pytest.approx(1.8 * 0.23925, rel=1e-15)
    assert load_model("ml-bop").cutoff == pytest.approx(0.3553272, rel=1e-15)


def test_energy_is_proportional_to_epsilon() -> None:
    mw = load_model("mw")
    double = mw.with_parameters({"epsilon": 2 * 6.189})
    ratio = diamond_minimum(double).energy_per_bead / diamond_minimum(mw).energy_per_bead
    # A power of two scales every floating-point product exactly.
    assert ratio == pytest.approx(2.0, rel=1e-13)


@pytest.mark.parametrize(("name", "hint"), [("mlbop", "ml-bop"), ("mW", "mw"), ("tersof-si", "tersoff-si")])
def test_unknown_model_is_suggested(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean '{hint}'"):
        load_model(name)


def test_missing_file_and_unknown_form() -> None:
    with pytest.raises(ConfigError, match="not found"):
        load_model("nowhere.yaml", "/")
    with pytest.raises(ConfigError, match="did you mean 'tersoff'"):
        get_form("tersof")


def test_unknown_parameter_is_suggested() -> None:
    with pytest.raises(ConfigError, match="did you mean 'epsilon'"):
        load_model("mw").with_parameters({"epsilom": 1.0})
    with pytest.raises(ConfigError, match="did you mean 'sigma'"):
        load_model("mw").parameter("sigm")


@pytest.mark.parametrize(
    ("name", "values", "rule"),
    [
        ("ml-bop", {"D": 4.0}, "R >= D >= 0"),
        ("ml-bop", {"D": -0.1}, "R >= D >= 0"),
        ("ml-bop", {"n": 0.0}, "n > 0"),
        ("ml-bop", {"lambda2": -1.0}, "lambda2 >= 0"),
        ("ml-bop", {"m": 2.0}, "m is 1 or 3"),
        ("ml-bop", {"A": float("nan")}, "not finite"),
        ("mw", {"sigma": 0.0}, "no two beads interact"),
        ("mw", {"p": 0.0}, "p > q >= 0"),
        ("mw", {"epsilon": float("inf")}, "not finite"),
    ],
)
def test_impossible_values_are_refused(name: str, values: dict[str, float], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        load_model(name).with_parameters(values)


def _file(tmp_path: Path, change: tuple[str, str]) -> Path:
    text = (Path(load_model.__code__.co_filename).parent / "data" / "mw.yaml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(*change), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("beads:", "bead:"), "did you mean 'beads'"),
        (("mass: 18.015 amu", "mass: 18.015 nm"), "amu"),
        (("form: stillinger-weber", "form: stillinger-webber"), "did you mean 'stillinger-weber'"),
        (("name: sigma", "name: sigm"), "did you mean 'sigma'"),
        (("unit: kcal/mol", "unit: A"), "cannot be in 'A'"),
        (("unit: kcal/mol", "unit: kcl/mol"), "did you mean 'kcal'"),
        (("value: 6.189", "value: six"), "parameters.0.value"),
        (("value: 6.189", "value: 600"), "outside the bounds"),
        (("search: [5.0, 7.5]", "search: [7.5, 5.0]"), "below the maximum"),
        (("search: [5.0, 7.5]", "search: [5.0, 750]"), "leaves the bounds"),
        (("value: 2.3925,", ""), "'sigma' has no value"),
    ],
)
def test_faulty_model_file_names_the_place(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = _file(tmp_path, change)
    with pytest.raises(ConfigError) as caught:
        load_model(path)
    assert message in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_exponents_without_a_dot_are_numbers(tmp_path: Path) -> None:
    path = _file(tmp_path, ("value: 6.189", "value: 6189e-3"))
    assert load_model(path).parameters["epsilon"] == 6.189


def test_wrong_unit_is_a_unit_error(tmp_path: Path) -> None:
    with pytest.raises(UnitError):
        load_model(_file(tmp_path, ("unit: kcal/mol", "unit: A")))


def _binary(missing: int = 0) -> dict[str, object]:
    values = load_model("mw").parameters
    triplets = [[i, j, k] for i in "AB" for j in "AB" for k in "AB"]
    return {
        "name": "binary",
        "form": "stillinger-weber",
        "beads": [{"name": "A", "mass": "10 amu"}, {"name": "B", "mass": 20.0}],
        "parameters": [{"name": "epsilon", "unit": "kcal/mol"}, {"name": "sigma", "unit": "A"}],
        "entries": [{"triplet": t, "values": dict(values)} for t in triplets[missing:]],
    }


def test_model_of_two_bead_types(tmp_path: Path) -> None:
    model = CoarseGrainedModel.from_dict(_binary())
    changed = model.with_parameters({"sigma[A,B,B]": 3.0})
    assert changed.internal_entries()[(0, 1, 1)]["sigma"] == pytest.approx(0.3)
    assert changed.internal_entries()[(1, 0, 0)]["sigma"] == pytest.approx(0.23925)
    assert changed.cutoff == pytest.approx(0.54)
    assert changed.type_indices(["B", "A", 1]) == [1, 0, 1]
    changed.save(tmp_path / "two.yaml")
    assert load_model(tmp_path / "two.yaml") == changed
    for call in (lambda: model.bead_mass, lambda: model.type_indices(3), lambda: model.type_indices(["C"])):
        with pytest.raises(ConfigError):
            call()


def test_missing_and_doubled_triplets_are_refused() -> None:
    with pytest.raises(ConfigError, match="triplet A A A"):
        CoarseGrainedModel.from_dict(_binary(missing=1))
    content = _binary()
    content["entries"] = [*content["entries"], content["entries"][0]]  # type: ignore[misc, index]
    with pytest.raises(ConfigError, match="twice"):
        CoarseGrainedModel.from_dict(content)


def test_bead_checks() -> None:
    mw = load_model("mw")
    with pytest.raises(ConfigError, match="mass"):
        mw.with_bead_mass(0.0)
    with pytest.raises(ConfigError, match="differ"):
        replace(mw, beads=(Bead("W", 1.0), Bead("W", 1.0)))


class RecordingForce:
    """Stands in for a force of the plugin and remembers what it was told."""

    def __init__(self) -> None:
        self.particles: list[tuple[float, ...]] = []
        self.triplets: dict[tuple[int, ...], tuple[float, ...]] = {}
        self.periodic: bool | None = None

    def addParticle(self, *arguments: float) -> None:
        self.particles.append(arguments)

    def setTripletParameters(self, *arguments: float) -> None:
        *values, replica = arguments[3:]
        assert replica == 0
        self.triplets[tuple(int(a) for a in arguments[:3])] = tuple(values)

    def setUsesPeriodicBoundaryConditions(self, periodic: bool) -> None:
        self.periodic = periodic


@pytest.mark.parametrize("form_name", [form.name for form in many_body_forms()])
def test_force_gets_internal_values_in_lammps_column_order(
    form_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model({"tersoff": "ml-bop", "stillinger-weber": "mw"}[form_name])
    form = model.terms[0].functional_form
    monkeypatch.setattr(type(form), "new_force", lambda self, types, replicas=1: RecordingForce())
    force = model.create_force(2, periodic=False, weights=[1.0, 0.25])
    assert force.particles == [(0, 1.0), (0, 0.25)]
    assert force.periodic is False
    values = model.internal_entries()[(0, 0, 0)]
    assert force.triplets == {(0, 0, 0): tuple(values[p.name] for p in form.parameters)}
    softer = {"tersoff": {"A": 1000.0}, "stillinger-weber": {"A": 5.0}}[form_name]
    model.with_parameters(softer).update_force(force)
    assert force.triplets[(0, 0, 0)] != tuple(values[p.name] for p in form.parameters)
    with pytest.raises(ConfigError, match="weights"):
        model.create_force(2, weights=[1.0])


def test_box_narrower_than_twice_the_cutoff_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openmm")
    model = load_model("mw")
    with pytest.raises(SimulationError, match="narrower than twice the cutoff"):
        model.create_system(8, 1.99 * model.cutoff)
