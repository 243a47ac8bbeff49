"""Ice fraction of known structures, at several densities, and the refusals that follow from it."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, MissingDependencyError, UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.phase import (
    check_phase,
    chill_cutoff,
    crystal_fraction,
    final_crystal_fraction,
    ice_fraction,
)
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target
from cgbridge.structures.lattices import CRYSTALS as CRYSTALS_BY_NAME
from cgbridge.structures.lattices import lattice
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame, write_frames

CRYSTALS = {"diamond": (3, 3, 3), "ice-ih": (5, 5, 3)}


def make_run(path: Path, frames: list[Frame], structure: str = "liquid") -> Run:
    simulation = Simulation("bulk", structure, temperature=250.0)
    volume = abs(np.linalg.det(frames[0].box))
    series = {
        "volume": np.full(20, volume),
        "potential_energy": np.full(20, -40.0 * len(frames[0].positions)),
    }
    return Run(simulation, len(frames[0].positions), 18.015, series, trajectory=write_frames(path, frames))


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("neighbour", [0.2, 0.2766, 0.4])
def test_perfect_ice_is_ice_at_any_density(name: str, neighbour: float) -> None:
    assert ice_fraction(lattice_frame(name, neighbour, CRYSTALS[name])) == 1.0


@pytest.mark.parametrize("name", CRYSTALS)
def test_thermal_ice_is_ice(name: str) -> None:
    # 0.02 nm per axis is the thermal displacement of ice near its melting point.
    assert ice_fraction(lattice_frame(name, 0.2766, CRYSTALS[name], jitter=0.02)) > 0.8


def test_disorder_and_dense_packing_are_not_ice() -> None:
    assert ice_fraction(gas_frames(500, 2.46, 1)[0]) < 0.05
    assert ice_fraction(lattice_frame("fcc", 0.3, (4, 4, 4))) == 0.0


def test_cutoff_is_that_of_water_at_the_density_of_ice() -> None:
    # CHILL+ uses 3.5 A for water with neighbours 2.766 A apart; the ratio is given to four digits.
    assert chill_cutoff(lattice_frame("diamond", 0.2766, (3, 3, 3))) == pytest.approx(0.35, rel=1e-3)


def test_only_the_end_counts(tmp_path: Path) -> None:
    gas = gas_frames(216, 1.9, 6)
    ice = [lattice_frame("diamond", 1.9 * np.sqrt(3) / 12, (3, 3, 3))] * 6
    assert final_crystal_fraction(write_frames(tmp_path / "a.h5", gas + ice), "diamond") == 1.0
    assert final_crystal_fraction(write_frames(tmp_path / "b.h5", ice + gas), "diamond") < 0.05


@pytest.mark.parametrize("name", ["density", "enthalpy_of_vaporization", "compressibility"])
def test_a_frozen_liquid_has_no_liquid_properties(name: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "ice.h5", [lattice_frame("diamond", 0.27, (3, 3, 3))] * 3)
    unit = get_observable(name).unit
    with pytest.raises(UnstableError, match="frozen"):
        get_observable(name).measure(Target("x", name, 1, 1, unit), [run])
    unchecked = Target("x", name, 1, 1, unit, options={"check_phase": False})
    assert np.isfinite(get_observable(name).measure(unchecked, [run]).value)


def test_molten_ice_has_no_ice_density(tmp_path: Path) -> None:
    target = Target("x", "ice_density", 0.92, 0.01, "g/cm^3", temperature=250.0)
    molten = make_run(tmp_path / "gas.h5", gas_frames(216, 1.9, 3), "ice-ih")
    with pytest.raises(UnstableError, match="molten"):
        get_observable("ice_density").measure(target, [molten])
    solid = make_run(tmp_path / "ice.h5", [lattice_frame("ice-ih", 0.2766, (5, 5, 3))] * 3, "ice-ih")
    # Diamond-like lattice: number density 3 sqrt(3) / (8 r0^3); single-precision frames do not enter.
    expected = 18.015 * 1.66053906660e-3 * 3 * np.sqrt(3) / (8 * 0.2766**3)
    assert get_observable("crystal_density").measure(target, [solid]).value == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("name", CRYSTALS_BY_NAME)
def test_every_crystal_that_can_be_made_is_told_from_its_melt(name: str, tmp_path: Path) -> None:
    """With displacements of 0.15 bonds, where crystals melt by Lindemann's rule; a gas is more ordered than
    no liquid."""
    ideal = lattice(name, 0.3, (4, 4, 4))
    count, edge = len(ideal.positions), math.cbrt(ideal.volume)
    jitter = np.random.default_rng(3).normal(scale=0.15 * 0.3 / math.sqrt(3), size=(count, 3))
    warm = Frame(ideal.positions + jitter, ideal.vectors, 0.0)
    assert crystal_fraction(warm, name) > 0.8
    solid = make_run(tmp_path / "solid.h5", [warm] * 3, name)
    molten = make_run(tmp_path / "molten.h5", gas_frames(count, edge, 3), name)
    target = Target("x", "crystal_density", 1.0, 0.1, "g/cm^3", temperature=250.0, structure=name)
    assert get_observable("crystal_density").measure(target, [solid]).value > 0.0
    with pytest.raises(UnstableError, match="molten"):
        get_observable("crystal_density").measure(target, [molten])


def test_without_frames_nothing_is_checked() -> None:
    assert check_phase(Run(Simulation("bulk"), 10, 18.0), "liquid") is None
    with pytest.raises(ConfigError):
        check_phase(Run(Simulation("bulk"), 10, 18.0), "gas")


def test_missing_ovito_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ovito.data", None)
    with pytest.raises(MissingDependencyError, match="apt-get install libgl1"):
        ice_fraction(gas_frames(20, 1.0, 1)[0])
