"""Force maps: rules, closed forms, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.mapping.force_maps import (
    FORCE_MAPS,
    ForceMap,
    compare_force_maps,
    force_map,
    force_matrix,
    require_valid,
)
from cgbridge.topology import Topology

WATER_MASSES = (15.999, 1.008, 1.008)
WATER_BONDS = ((0, 1), (0, 2))
RIGID_WATER = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class _Mapping:
    positions: csr_array
    topology: Topology


def _atoms(names: str, masses: Any, bonds: Any = (), constraints: Any = (), copies: int = 1) -> Atoms:
    own = tuple(names.split())
    n = len(own)

    def repeated(pairs: Any) -> Any:
        return tuple((i + n * k, j + n * k) for k in range(copies) for i, j in pairs)

    molecule_of = tuple(k for k in range(copies) for _ in own)
    return Atoms(
        own * copies,
        own * copies,
        tuple(masses) * copies,
        ("MOL",) * copies,
        molecule_of,
        molecule_of,
        repeated(bonds),
        repeated(constraints),
    )


def _mapping(rows: Any, types: str, copies: int = 1) -> _Mapping:
    block = np.array(rows, dtype=float)
    return _Mapping(csr_array(np.kron(np.eye(copies), block)), Topology(tuple(types.split()) * copies))


def _frames(forces: Any) -> list[Frame]:
    return [Frame(np.zeros_like(f), np.eye(3), float(i), forces=f) for i, f in enumerate(forces)]


def _random_frames(n: int, frames: int = 50, seed: int = 3, scale: Any = 1.0) -> list[Frame]:
    noise = np.random.default_rng(seed).normal(size=(frames, n, 3))
    return _frames(noise * np.broadcast_to(scale, (n,))[None, :, None])


def _centre(masses: Any) -> list[list[float]]:
    total = sum(masses)
    return [[mass / total for mass in masses]]


def test_two_atoms_joined_by_a_constraint() -> None:
    # Closed form: one rigid body has one weight, and B M^T = 1 makes it 1, whatever the forces are and
    # wherever between the atoms the bead lies.
    atoms = _atoms("A B", (3.0, 1.0), constraints=((0, 1),))
    for share in (0.75, 0.5, 0.1):
        mapping = _mapping([[share, 1.0 - share]], "X")
        for kind in FORCE_MAPS:
            found = force_matrix(kind, mapping, atoms, _random_frames(2)).toarray()
            # An identity in exact arithmetic: a few roundings.
            np.testing.assert_allclose(found, [[1.0, 1.0]], atol=1e-13)


def test_two_free_atoms_are_weighted_by_their_noise() -> None:
    # Minimise b1^2 s1 + b2^2 s2 under w1 b1 + w2 b2 = 1: b_i = (w_i / s_i) / sum_k w_k^2 / s_k (Lagrange).
    weights, variances = np.array([0.75, 0.25]), np.array([4.0, 9.0])
    # Forces whose sample moments are exactly diagonal.
    patterns = np.array([[2.0, 3.0], [2.0, -3.0]])
    frames = _frames([np.repeat(pattern[:, None], 3, axis=1) for pattern in patterns])
    found = force_map("optimal", _mapping([weights], "X"), _atoms("A B", (3.0, 1.0)), frames)
    expected = weights / variances / np.sum(weights**2 / variances)
    # Rounding of a two by two problem.
    np.testing.assert_allclose(found.matrix.toarray()[0], expected, rtol=1e-12)
    assert found.rms["X"] == pytest.approx(1.0 / np.sqrt(np.sum(weights**2 / variances)), rel=1e-12)


def test_a_free_dimer_whose_atoms_pull_at_each_other() -> None:
    # A strong internal force +-g beside a weak external one: the sum loses g, any other map keeps part of it.
    random = np.random.default_rng(5)
    internal, external = 100.0 * random.normal(size=(400, 1, 3)), random.normal(size=(400, 2, 3))
    forces = external + internal * np.array([1.0, -1.0])[None, :, None]
    atoms = _atoms("A B", (3.0, 1.0), ((0, 1),))
    table = compare_force_maps(_mapping([[1.0, 0.0]], "X"), atoms, _frames(forces))
    rms = {kind: found.rms["X"] for kind, found in table.items() if isinstance(found, ForceMap)}
    assert rms["basic"] > 50.0
    # The sum of two unit normals: sqrt(2), known to 1/sqrt(2 * 1200).
    assert rms["sum"] == pytest.approx(np.sqrt(2.0), rel=0.1)
    assert rms["optimal"] <= rms["sum"] * (1 + 1e-12)


def test_a_map_is_judged_on_frames_that_it_was_not_made_of() -> None:
    # Forces that know nothing of each other: the best map is the bead's own atom, the rest is learnt noise.
    random = np.random.default_rng(6)
    forces = random.normal(size=(8 + 400, 6, 3))
    atoms = _atoms("A B C D E F", (1.0,) * 6, tuple((i, i + 1) for i in range(5)))
    mapping = _mapping([[1.0, 0, 0, 0, 0, 0]], "X")
    few, many = _frames(forces[:8]), _frames(forces[8:])
    own = compare_force_maps(mapping, atoms, few)["optimal"]
    other = compare_force_maps(mapping, atoms, few, judged_on=many)["optimal"]
    assert isinstance(own, ForceMap) and isinstance(other, ForceMap)
    np.testing.assert_array_equal(own.matrix.toarray(), other.matrix.toarray())
    assert own.rms["X"] < other.rms["X"]
    mapped = np.array([other.matrix @ one for one in forces[8:]])
    assert other.rms["X"] == pytest.approx(np.sqrt(np.mean(mapped**2)), rel=1e-10)


@pytest.mark.parametrize("copies", [1, 5])
def test_maps_of_rigid_water(copies: int) -> None:
    # One rigid body: the summed force for the centre of mass and for the oxygen alike.
    atoms = _atoms("O H1 H2", WATER_MASSES, WATER_BONDS, RIGID_WATER, copies)
    frames = _random_frames(3 * copies)
    for rows in (_centre(WATER_MASSES), [[1.0, 0.0, 0.0]], [[0.0, 0.5, 0.5]]):
        mapping = _mapping(rows, "W", copies)
        for kind in ("sum", "optimal"):
            found = force_matrix(kind, mapping, atoms, frames).toarray()  # type: ignore[arg-type]
            np.testing.assert_allclose(found, np.kron(np.eye(copies), np.ones((1, 3))), atol=1e-12)


def test_the_oxygen_alone_of_rigid_water_is_refused() -> None:
    atoms = _atoms("O H1 H2", WATER_MASSES, WATER_BONDS, RIGID_WATER)
    with pytest.raises(ConfigError, match=r"force of O without that of H1 .* constraint") as caught:
        force_matrix("basic", _mapping([[1.0, 0.0, 0.0]], "W"), atoms, _random_frames(3))
    assert "sum, or optimal" in (caught.value.remedy or "")


def test_the_oxygen_alone_of_flexible_water_is_allowed() -> None:
    atoms = _atoms("O H1 H2", WATER_MASSES, WATER_BONDS)
    found = force_matrix("basic", _mapping([[1.0, 0.0, 0.0]], "W"), atoms, _random_frames(3))
    assert found.toarray().tolist() == [[1.0, 0.0, 0.0]]


def test_a_site_without_mass_has_no_weight() -> None:
    atoms = _atoms("O H1 H2 M", (*WATER_MASSES, 0.0), WATER_BONDS, RIGID_WATER, 2)
    mapping = _mapping([[*_centre(WATER_MASSES)[0], 0.0]], "W", 2)
    for kind in FORCE_MAPS:
        # A force that stands at the site although it was handed on must not count twice.
        found = force_matrix(kind, mapping, atoms, _random_frames(8, scale=[1, 1, 1, 1e6] * 2))
        np.testing.assert_allclose(found.toarray(), np.kron(np.eye(2), [[1.0, 1.0, 1.0, 0.0]]), atol=1e-9)
    with pytest.raises(ConfigError, match="site M has no mass"):
        force_matrix("sum", _mapping([[0.5, 0.0, 0.0, 0.5]], "W", 2), atoms, _random_frames(8))


#: Names and masses of methanol and hexane, their bonds, and those constrained when bonds to hydrogen are.
METHANOL = ("C HA HB HC O HO", (12.011, 1.008, 1.008, 1.008, 15.999, 1.008))
METHANOL_BONDS = ((0, 1), (0, 2), (0, 3), (0, 4), (4, 5))
METHANOL_HYDROGENS = ((0, 1), (0, 2), (0, 3), (4, 5))


def _two_beads() -> list[list[float]]:
    masses = np.array(METHANOL[1])
    rows = np.zeros((2, 6))
    rows[0, :4], rows[1, 4:] = masses[:4] / masses[:4].sum(), masses[4:] / masses[4:].sum()
    return rows.tolist()


@pytest.mark.parametrize("constraints", [(), METHANOL_HYDROGENS], ids=["flexible", "hydrogens held"])
@pytest.mark.parametrize(
    "rows",
    [_two_beads(), [[1.0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0, 0]], [[1.0, 0, 0, 0, 0, 0]]],
    ids=["groups", "C and O", "C alone"],
)
def test_every_map_keeps_both_rules_and_optimal_is_the_quietest(rows: Any, constraints: Any) -> None:
    atoms = _atoms(*METHANOL, METHANOL_BONDS, constraints, 7)
    mapping = _mapping(rows, "A B" if len(rows) == 2 else "A", 7)
    mixing = np.random.default_rng(8).normal(size=(6, 6))
    forces = np.einsum("ij,fkjx->fkix", mixing, np.random.default_rng(9).normal(size=(30, 7, 6, 3)))
    table = compare_force_maps(mapping, atoms, _frames(forces.reshape(30, 42, 3)))
    found = {kind: one for kind, one in table.items() if isinstance(one, ForceMap)}
    assert {"sum", "optimal"} <= set(found) or len(rows) == 1
    for one in found.values():
        # 1e-10: the solution of a small system of equations in double precision.
        np.testing.assert_allclose(
            (one.matrix @ mapping.positions.T).toarray(), np.eye(7 * len(rows)), atol=1e-10
        )
        dense = one.matrix.toarray()
        for i, j in atoms.constraints:
            np.testing.assert_allclose(dense[:, i], dense[:, j], atol=1e-10)
        for bead, rms in one.rms.items():
            assert found["optimal"].rms[bead] <= rms * (1 + 1e-10)
            # The number that is told is that of the mapped forces themselves.
            rows_of = [k for k, name in enumerate(mapping.topology.types) if name == bead]
            mapped = np.array([one.matrix @ f for f in forces.reshape(30, 42, 3)])[:, rows_of]
            assert rms == pytest.approx(np.sqrt(np.mean(mapped**2)), rel=1e-10)


def test_sum_loses_no_force() -> None:
    atoms = _atoms(*METHANOL, METHANOL_BONDS, METHANOL_HYDROGENS, 3)
    found = force_matrix("sum", _mapping([[1.0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0, 0]], "A B", 3), atoms, [])
    assert found.sum(axis=0).tolist() == [1.0] * 18
    assert found.toarray()[0, :6].tolist() == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]


def test_an_atom_between_two_beads_is_halved() -> None:
    atoms = _atoms("A L B", (1.0, 1.0, 1.0), ((0, 1), (1, 2)))
    found = force_matrix("sum", _mapping([[1.0, 0, 0], [0, 0, 1.0]], "X Y"), atoms, [])
    assert found.toarray().tolist() == [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]


def test_a_shared_atom_is_left_to_the_others() -> None:
    # The bead's own atoms by 1 / (their weight): 0.5 of X is at A alone.
    atoms = _atoms("A L B", (1.0, 1.0, 1.0), ((0, 1), (1, 2)))
    mapping = _mapping([[0.5, 0.5, 0], [0, 0.25, 0.75]], "X Y")
    found = force_matrix("basic", mapping, atoms, [])
    np.testing.assert_allclose(found.toarray(), [[2.0, 0.0, 0.0], [0.0, 0.0, 4.0 / 3.0]], rtol=1e-14)
    optimal = force_matrix("optimal", mapping, atoms, _random_frames(3))
    np.testing.assert_allclose((optimal @ mapping.positions.T).toarray(), np.eye(2), atol=1e-12)


def test_two_beads_on_one_rigid_body_have_no_map() -> None:
    atoms = _atoms("O H1 H2", WATER_MASSES, WATER_BONDS, RIGID_WATER)
    with pytest.raises(ConfigError, match="do not move independently"):
        force_matrix("optimal", _mapping([[1.0, 0, 0], [0, 0.5, 0.5]], "O H"), atoms, _random_frames(3))


def test_weights_of_a_users_own() -> None:
    atoms = _atoms("O H1 H2", WATER_MASSES, WATER_BONDS, RIGID_WATER, 2)
    mapping = _mapping(_centre(WATER_MASSES), "W", 2)
    require_valid(csr_array(np.kron(np.eye(2), np.ones((1, 3)))), mapping, atoms)
    with pytest.raises(ConfigError, match=r"force of O without that of H1"):
        require_valid(csr_array(np.kron(np.eye(2), [[1.0, 0.5, 0.5]])), mapping, atoms)
    with pytest.raises(ConfigError, match="weight 2, where 1 is right"):
        require_valid(csr_array(np.kron(np.eye(2), [[2.0, 2.0, 2.0]])), mapping, atoms)


def test_frames_that_cannot_tell() -> None:
    atoms, mapping = _atoms("A B", (1.0, 1.0)), _mapping([[0.5, 0.5]], "X")
    with pytest.raises(ConfigError, match="no forces") as caught:
        force_matrix("optimal", mapping, atoms, [Frame(np.zeros((2, 3)), np.eye(3), 0.0)])
    assert caught.value.where == "frame 0"
    bad = _random_frames(2)
    assert bad[7].forces is not None
    bad[7].forces[1, 2] = np.nan
    with pytest.raises(FileFormatError, match="not a finite number") as nan:
        force_matrix("optimal", mapping, atoms, bad)
    assert nan.value.where == "frame 7"


def test_few_frames_for_many_weights_are_told() -> None:
    atoms = _atoms(*METHANOL, METHANOL_BONDS)
    found = force_map("optimal", _mapping(_centre(METHANOL[1]), "A"), atoms, _random_frames(6, frames=3))
    assert "give more frames" in found.notes[0]


def test_molecules_of_several_kinds_and_orders() -> None:
    # Water, methanol, water, of which the last has its hydrogens first: each finds its own atoms.
    names = ["O", "H1", "H2", "C", "HA", "HB", "HC", "O", "HO", "H1", "H2", "O"]
    masses = (*WATER_MASSES, *METHANOL[1], 1.008, 1.008, 15.999)
    bonds = ((0, 1), (0, 2), *((i + 3, j + 3) for i, j in METHANOL_BONDS), (9, 11), (10, 11))
    molecule = molecules_of(12, bonds)
    atoms = Atoms(tuple(names), tuple(names), masses, ("A", "B", "C"), molecule, molecule, bonds)
    rows = np.zeros((3, 12))
    for bead, own in enumerate((range(3), range(3, 9), range(9, 12))):
        own_masses = np.array(masses)[list(own)]
        rows[bead, list(own)] = own_masses / own_masses.sum()
    mapping = _Mapping(csr_array(rows), Topology(("W", "M", "W")))
    found = force_matrix("sum", mapping, atoms, [])
    np.testing.assert_allclose(found.toarray(), (rows > 0).astype(float), atol=1e-14)  # 1 / sum of weights
