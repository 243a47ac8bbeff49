"""The configurations of ices that come with cgbridge: what they hold, and what models make of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.engine.engine import Engine
from cgbridge.engine.settings import EngineSettings
from cgbridge.models.database import load_model
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.target import Sampling
from cgbridge.structures.ices import ICES
from cgbridge.targets.library import load_target
from cgbridge.trajectories.configurations import read_configurations

ENERGIES, FORCES = "water/ice-energies", "water/ice-forces"


def test_all_ices_are_there_with_energies_that_are_known() -> None:
    target = load_target(ENERGIES)
    assert {Path(file.path).stem for file in target.files} == set(ICES)
    found = read_configurations(target.files)
    assert len(found) > 500
    lowest: dict[str, float] = {}
    for one in found:
        name = one.where.partition(".")[0]
        lowest[name] = min(lowest.get(name, 0.0), one.energy / len(one.topology))
    # Aragones et al., doi:10.1063/1.2774986, in kcal/mol for cells and hydrogens at rest; ours are those of
    # the experiment and of one arrangement of hydrogens, which cost up to 1 kJ/mol.
    published = {"Ih": -15.059, "II": -14.847, "III": -14.741, "V": -14.644, "VI": -14.513}
    for name, kcal in published.items():
        assert 0.0 < lowest[name] - 4.184 * kcal < 1.5, name
    assert lowest["VII"] > lowest["VI"] + 3.0


def test_a_bond_order_model_knows_ices_that_mw_does_not() -> None:
    # ML-BOP was fitted to ices of an atomistic model, mW to water and ice Ih alone.
    values = {}
    for name in (ENERGIES, FORCES):
        target = load_target(name)
        observable = get_observable("configurations")
        (simulation,) = observable.simulations(target, Sampling())
        for model in ("ml-bop", "mw"):
            run = Engine(EngineSettings()).run(load_model(model), simulation, 1, Path("unused"))
            values[name, model] = observable.measure(target, [run]).value
            assert np.isfinite(values[name, model])
    assert values[ENERGIES, "ml-bop"] < 0.5 * values[ENERGIES, "mw"]
    assert values[FORCES, "ml-bop"] < 0.8 * values[FORCES, "mw"]
    # What docs/targets.md says.
    assert values[ENERGIES, "ml-bop"] == pytest.approx(5.1, abs=0.1)
