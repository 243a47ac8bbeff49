"""What is known of a simulation and of a target without simulating: attributes of the thing itself."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from pathlib import Path

import pytest

import cgbridge
from cgbridge.engine.closed_form import ClosedFormEngine
from cgbridge.engine.engine import Engine, simulated_time
from cgbridge.errors import ConfigError
from cgbridge.observables.catalogue import OBSERVABLES
from cgbridge.observables.traits import is_static, state_words
from cgbridge.records.simulation import Simulation
from cgbridge.records.target import Target
from cgbridge.rng import derive_seed
from cgbridge.simulation_kind import SimulationKind

SIMULATIONS = {
    "lattice": Simulation(SimulationKind.LATTICE, "diamond"),
    "dimer": Simulation(SimulationKind.DIMER, "dimer"),
    "configurations": Simulation(SimulationKind.CONFIGURATIONS, "configurations"),
    "bulk": Simulation(SimulationKind.BULK, temperature=300.0, equilibration=1.0, production=2.0),
    "slab": Simulation(SimulationKind.SLAB, temperature=300.0, equilibration=1.0, production=2.0),
    "coexistence": Simulation(SimulationKind.COEXISTENCE, "ice-ih", 300.0, equilibration=1.0, production=2.0),
    "gas": Simulation(SimulationKind.GAS, "gas", 300.0, equilibration=1.0, production=2.0),
}
LABELS = {
    "lattice": ("lattice diamond", "diamond at rest"),
    "dimer": ("dimer", "dimer at rest"),
    "configurations": ("configurations", "stored configurations"),
    "bulk": ("bulk liquid 300 K", "liquid"),
    "slab": ("slab liquid 300 K", "film"),
    "coexistence": ("coexistence ice-ih 300 K", "ice-ih and liquid"),
    "gas": ("gas 300 K", "gas of single molecules"),
}


@pytest.mark.parametrize("kind", SimulationKind)
def test_every_kind_is_simulated_and_called_by_a_name(kind: SimulationKind) -> None:
    simulation = SIMULATIONS[kind]
    assert kind in Engine.kinds
    # What is at rest takes no time, and has a closed form where it is a perfect lattice or a dimer.
    assert simulation.static == (simulated_time(simulation) == 0.0)
    assert (kind in ClosedFormEngine.kinds) == (kind in ("lattice", "dimer"))
    assert (simulation.label, simulation.words) == LABELS[kind]
    assert simulation.is_liquid == (kind in ("bulk", "slab"))
    assert replace(simulation, structure="ice-ic").is_liquid is False


def test_a_kind_is_its_word() -> None:
    """Own observables write words; keys and seeds of earlier runs were made of words."""
    simulation = Simulation("bulk", temperature=300.0)  # type: ignore[arg-type]
    assert simulation.kind is SimulationKind.BULK
    assert simulation == pickle.loads(pickle.dumps(simulation))
    assert simulation.merged(SIMULATIONS["bulk"]) == SIMULATIONS["bulk"]
    words = ("bulk", "liquid", 300.0, 1.0, 0, 0)
    assert simulation.key == words and repr(simulation.key) == repr(words)
    assert derive_seed(7, *simulation.key) == derive_seed(7, *words)
    with pytest.raises(ConfigError, match="no kind of simulation called 'bulc'; did you mean 'bulk'"):
        Simulation("bulc")  # type: ignore[arg-type]


def test_of_a_state_only_what_plays_a_part_is_told() -> None:
    def told(observable: str, **changes: object) -> tuple[str, ...]:
        return state_words(Target("x", observable, 1.0, 1.0, "", **changes))  # type: ignore[arg-type]

    assert told("density", pressure=500.0) == ("liquid", "300 K", "500 bar")
    assert told("crystal_density", structure="ice-ic") == ("ice-ic", "300 K")
    assert told("ice_density") == ("crystal", "300 K")
    assert told("lattice_energy", structure="diamond") == ("diamond",)
    assert told("dimer_energy") == told("tmd") == ()
    assert told("melting_temperature") == ("crystal",)


def test_static_observables_are_those_that_simulate_nothing_that_moves() -> None:
    targets = [Target("x", name, 1.0, 1.0, "", structure="diamond") for name in OBSERVABLES]
    static = {name for name, place in OBSERVABLES.items() if ".static:" in place}
    assert {t.observable for t in targets if is_static(t)} == static != set()


def test_no_list_of_kinds_stands_anywhere_else() -> None:
    """A second place that knows which kinds are at rest, or liquid, is forgotten when a kind is added."""
    words = "|".join(SimulationKind)
    listed = re.compile(
        rf'\(\s*"(?:{words})",\s*"(?:{words})"|(?:kind|structure) (?:==|!=) "(?:{words}|liquid)"'
    )
    for path in Path(cgbridge.__file__).parent.rglob("*.py"):
        for found in listed.finditer(path.read_text(encoding="utf-8")):
            raise AssertionError(f"{path.name}: {found[0]}")
