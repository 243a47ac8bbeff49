"""What every observable must do, run over the whole catalogue."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError
from cgbridge.interfaces import Observable
from cgbridge.observables import options as options_module
from cgbridge.observables.catalogue import OBSERVABLES, get_observable, list_observables
from cgbridge.records.target import Curve, Sampling, Target
from cgbridge.testing.made_up_runs import synthetic_run, write_frames
from cgbridge.testing.observables import check_observable
from cgbridge.units import parse_unit

SAMPLING = Sampling(beads=216, equilibration=10.0, production=100.0, interval=1.0)


def curve(x, x_unit: str, y_unit: str = "1") -> Curve:
    x = np.asarray(x, dtype=float)
    return Curve(x, np.ones_like(x), np.zeros_like(x), x_unit, y_unit)


# name -> fields of a target that it can measure
TARGETS = {
    "lattice_energy": {"value": -45.0, "unit": "kJ/mol", "structure": "diamond"},
    "lattice_density": {"value": 0.95, "unit": "g/cm^3", "structure": "diamond"},
    "lattice_constant": {"value": 0.64, "unit": "nm", "structure": "diamond"},
    "dimer_energy": {"value": -24.0, "unit": "kJ/mol"},
    "dimer_distance": {"value": 0.27, "unit": "nm"},
    "density": {"value": 1.0, "unit": "g/cm^3"},
    "crystal_density": {"value": 0.92, "unit": "g/cm^3", "temperature": 250.0},
    "rdf": {"value": 0.0, "unit": "1", "reference": curve(np.arange(2, 8, 0.1), "A")},
    "adf": {"value": 0.0, "unit": "1/deg", "reference": curve(range(30, 180), "deg", "1/deg")},
    "tetrahedral_order": {"value": 0.6, "unit": "1"},
    "enthalpy_of_vaporization": {"value": 44.0, "unit": "kJ/mol"},
    "enthalpy_of_fusion": {"value": 6.0, "unit": "kJ/mol", "temperature": 273.0},
    "heat_capacity": {"value": 75.0, "unit": "J/mol/K"},
    "compressibility": {"value": 0.45, "unit": "1/GPa"},
    "diffusion": {"value": 2.3e-5, "unit": "cm^2/s"},
    "surface_tension": {"value": 72.0, "unit": "mN/m"},
    "tmd": {"value": 277.0, "unit": "K"},
    "melting_temperature": {"value": 273.0, "unit": "K"},
}
STATIC = tuple(name for name, place in OBSERVABLES.items() if ".static:" in place)


def make_target(name: str, **changes) -> Target:
    fields = {"tolerance": 1.0, **TARGETS[name], **changes}
    return Target(name=f"my_{name}", observable=name, **fields)


def make_runs(name: str, folder: Path, **changes):
    target = make_target(name, **changes)
    simulations = get_observable(name).simulations(target, SAMPLING)
    return [synthetic_run(s, folder, seed=index) for index, s in enumerate(simulations)]


def test_every_observable_is_held_to_the_contract() -> None:
    """Here, or by the test that came with it."""
    assert set(TARGETS) <= set(OBSERVABLES)
    for name in set(OBSERVABLES) - set(TARGETS):
        module = OBSERVABLES[name].partition(":")[0].rpartition(".")[2]
        own = Path(__file__).parents[1] / "unit" / f"test_observables_{module}.py"
        assert own.is_file() and "check_observable(" in own.read_text(), f"{own.name} holds {name} to nothing"


@pytest.mark.parametrize("name", TARGETS)
def test_conforms(name: str, tmp_path: Path) -> None:
    check_observable(make_target(name), tmp_path)


@pytest.mark.parametrize("name", OBSERVABLES)
def test_documented(name: str) -> None:
    observable = get_observable(name)
    assert isinstance(observable, Observable)
    assert observable.name == name
    assert parse_unit(observable.unit).factor > 0
    assert len(type(observable).__doc__ or "") > 60
    assert (import_module(type(observable).__module__).__doc__ or "").strip()
    module = import_module(type(observable).__module__)
    models = [
        m for m in vars(module).values() if isinstance(m, type) and issubclass(m, options_module.Options)
    ]
    assert models, "no options model"
    for model in models:
        assert model.model_config["extra"] == "forbid"
        for field, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{field} has no description"


def test_list_agrees_with_the_classes() -> None:
    entries = {entry.name: entry for entry in list_observables()}
    assert list(entries) == list(OBSERVABLES)
    for name, entry in entries.items():
        assert entry.unit == get_observable(name).unit
        assert 15 < len(entry.description) < 110 and "\n" not in entry.description


def test_unknown_name_teaches() -> None:
    with pytest.raises(ConfigError, match="did you mean 'density'"):
        get_observable("densty")


def test_import_is_light() -> None:
    heavy = ["freud", "ovito", "pymbar", "openmm", "mdtraj", "torch", "matplotlib", "PySide6"]
    code = (
        "import sys\nfrom cgbridge.observables.catalogue import *\nlist_observables()\n"
        "[get_observable(name) for name in OBSERVABLES]\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(set(TARGETS) - set(STATIC)))
def test_sampling_overrides(name: str) -> None:
    times = {"beads": 1000, "equilibration": "0.1 ns", "production": "2 ns", "interval": "500 fs"}
    for simulation in get_observable(name).simulations(make_target(name, options=times), SAMPLING):
        assert (simulation.beads, simulation.equilibration) == (1000, 100.0)
        assert (simulation.production, simulation.interval) == (2000.0, 0.5)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - set(STATIC)))
@pytest.mark.parametrize("wrong", [{"production": "-1 ns"}, {"interval": "3 kJ"}, {"beads": 0}])
def test_bad_option_names_the_field(name: str, wrong: dict) -> None:
    with pytest.raises(ConfigError, match=f"targets.my_{name}.options.{next(iter(wrong))}"):
        get_observable(name).simulations(make_target(name, options=wrong), SAMPLING)


def test_bulk_liquids_of_one_state_share_one_run() -> None:
    names = [
        "density", "rdf", "adf", "tetrahedral_order", "enthalpy_of_vaporization", "compressibility",
        "diffusion",
    ]  # fmt: skip
    keys = {
        simulation.key
        for name in names
        for simulation in get_observable(name).simulations(make_target(name, temperature=300.0), SAMPLING)
    }
    assert len(keys) == 1
    tmd = get_observable("tmd").simulations(make_target("tmd"), SAMPLING)
    heat = get_observable("heat_capacity").simulations(make_target("heat_capacity"), SAMPLING)
    assert keys <= {s.key for s in tmd} and keys <= {s.key for s in heat}
    fusion = get_observable("enthalpy_of_fusion").simulations(
        make_target("enthalpy_of_fusion", temperature=250.0), SAMPLING
    )
    ice = get_observable("crystal_density").simulations(make_target("crystal_density"), SAMPLING)
    assert fusion[1].key == ice[0].key


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("density", {}),
        ("crystal_density", {}),
        ("enthalpy_of_vaporization", {}),
        ("tetrahedral_order", {}),
        ("surface_tension", {}),
        ("rdf", {"options": {"feature": "coordination_number", "r_max": 0.5}}),
    ],
)
def test_accumulation_is_concatenation(name: str, changes: dict, tmp_path: Path) -> None:
    (run,) = make_runs(name, tmp_path, **changes)
    frames = list(run.trajectory)
    halves = [
        replace(
            run,
            series={key: value[part] for key, value in run.series.items()},
            trajectory=write_frames(tmp_path / f"half{index}.h5", frames[part]),
        )
        for index, part in enumerate((slice(0, 50), slice(50, 100)))
    ]
    observable, target = get_observable(name), make_target(name, **changes)
    whole = observable.measure(target, [run]).value
    parts = [observable.measure(target, [half]).value for half in halves]
    # Plain averages over equally many frames: rounding only.
    assert whole == pytest.approx(np.mean(parts), rel=1e-10)
