"""Mapping files of other programs: the same beads as written down by hand, and faults with their lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError
from cgbridge.mapping.operator import MappingOperator
from cgbridge.mapping.readers import read_mapping, read_mappings
from cgbridge.mapping.resolve import resolve

MASS = {"C": 12.011, "H": 1.008, "O": 15.999}


def propane(copies: int = 3, residue: str = "ppn") -> Atoms:
    """VOTCA's example of a molecule: C1 H4 H5 H6, C2 H7 H8, C3 H9 H10 H11."""
    names = ["C1", "H4", "H5", "H6", "C2", "H7", "H8", "C3", "H9", "H10", "H11"]
    bonds = [(0, 1), (0, 2), (0, 3), (0, 4), (4, 5), (4, 6), (4, 7), (7, 8), (7, 9), (7, 10)]
    size = len(names)
    return Atoms(
        tuple(names) * copies,
        tuple(name[0] for name in names) * copies,
        tuple(MASS[name[0]] for name in names) * copies,
        (residue,) * copies,
        tuple(k for k in range(copies) for _ in range(size)),
        tuple(k for k in range(copies) for _ in range(size)),
        tuple((i + size * k, j + size * k) for k in range(copies) for i, j in bonds),
    )


def operator(tmp_path: Path, name: str, text: str, atoms: Atoms) -> MappingOperator:
    path = tmp_path / name
    path.write_text(text)
    return resolve(read_mapping(str(path)), atoms)


def weights(found: MappingOperator, matrix: str = "positions") -> np.ndarray:
    return getattr(found, matrix).toarray()


VOTCA = """<cg_molecule>
  <name>ppn</name> <ident>ppn</ident>
  <topology>
    <cg_beads>
      <cg_bead><name>A1</name><type>A</type><mapping>A</mapping>
        <beads> 1:ppn:C1 1:ppn:H4 1:ppn:H5 1:ppn:H6 </beads></cg_bead>
      <cg_bead><name>B1</name><type>B</type><symmetry>1</symmetry><mapping>B</mapping>
        <beads>1:ppn:C2 1:ppn:H7 1:ppn:H8</beads></cg_bead>
      <cg_bead><name>A2</name><type>A</type><mapping>A</mapping>
        <beads>1:ppn:C3 1:ppn:H9 1:ppn:H10 1:ppn:H11</beads></cg_bead>
    </cg_beads>
    <cg_bonded>
      <bond><name>bond</name><beads>A1 B1
        B1 A2</beads></bond>
      <angle><name>angle</name><beads>A1 B1 A2</beads></angle>
    </cg_bonded>
  </topology>
  <maps>
    <map><name>A</name><weights> 12 1 1 1 </weights></map>
    <map><name>B</name><weights> 12 1 1 </weights></map>
  </maps>
</cg_molecule>
"""


def test_votca(tmp_path: Path) -> None:
    found = operator(tmp_path, "ppn.xml", VOTCA, propane())
    assert found.topology.types == ("A", "B", "A") * 3
    assert found.topology.bonds == ((0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8))
    assert found.topology.angles == ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    np.testing.assert_allclose(weights(found)[0, :4], np.array([12, 1, 1, 1]) / 15)
    np.testing.assert_allclose(weights(found)[4, 15:18], np.array([12, 1, 1]) / 14)
    assert not found.own_forces and (weights(found, "forces")[0, :4] == 1.0).all()
    # With coefficients d the force is the sum of d_i/c_i f_i, both normalised: 3/4 / (12/15) for the carbon.
    with_d = VOTCA.replace("<weights> 12 1 1 1 </weights>", "<weights>12 1 1 1</weights><d>9 1 1 1</d>")
    found = operator(tmp_path, "ppn.xml", with_d, propane())
    assert found.own_forces
    np.testing.assert_allclose(weights(found, "forces")[0, :4], [0.9375, 1.25, 1.25, 1.25])
    np.testing.assert_allclose((weights(found, "forces") @ weights(found).T)[0], np.eye(9)[0], atol=1e-12)


def test_pycgtool_of_residues(tmp_path: Path) -> None:
    text = "; comment\n[ ppn ]\nA1 P1 C1 H4 H5 H6\nB1 P2 0.5 C2 H7 H8 ; with a charge\nA2 P1 C3 H9 H10 H11\n"
    found = operator(tmp_path, "ppn.map", text, propane())
    assert found.topology.types == ("P1", "P2", "P1") * 3
    np.testing.assert_allclose(weights(found)[0, :4], 0.25)  # geometric centres
    assert sum(found.masses) == pytest.approx(sum(propane().masses))
    assert found.topology.bonds == ((0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 8))


def test_martini_with_atoms_of_two_beads(tmp_path: Path) -> None:
    rows = ["C1 A", "H4 A", "H5 A", "H6 !A", "C2 A A B", "H7 A", "H8 B", "C3 B", "H9 B", "H10 B", "H11"]
    body = "".join(f" {n + 1} {row}\n" for n, row in enumerate(rows))
    text = f"[ molecule ]\nppn\n[ martini ]\nA B\n[ mapping ]\ncharmm36\n[ atoms ]\n{body}"
    found = operator(tmp_path, "ppn.map", text, propane())
    own = np.array([12.011, 1.008, 1.008, 0.0, 12.011 * 2 / 3, 1.008])
    np.testing.assert_allclose(weights(found)[0, :6], own / own.sum())
    # All but H11 is in a bead, H6 with its mass alone.
    assert sum(found.masses) == pytest.approx(sum(propane().masses) - 3 * 1.008)
    assert found.unmapped == (10, 21, 32) and "ppn H11 (3) are in no bead: 2.29 % of the mass" in found.notes
    assert found.topology.bonds == ((0, 1), (2, 3), (4, 5))


def test_index_groups_of_the_first_molecule_are_those_of_all(tmp_path: Path) -> None:
    text = "[ System ]\n1 2 3 4 5 6 7 8 9 10 11\n[ A1 ]\n1 2 3 4\n[ B1 ]\n5 6 7\n[ A2 ]\n8 9\n10 11\n"
    found = operator(tmp_path, "index.ndx", text, propane())
    assert found.topology.types == ("A1", "B1", "A2") * 3 and not found.unmapped
    # Groups across molecules are themselves, once.
    found = operator(tmp_path, "index.ndx", "[ pair ]\n1 12\n[ rest ]\n23\n", propane())
    assert found.topology.types == ("pair", "rest") and len(found.unmapped) == 30
    assert found.topology.molecules == (0, 1)
    assert found.atoms.molecule_of[0] == found.atoms.molecule_of[11] != found.atoms.molecule_of[22]


def test_openmscg_with_weights_and_groups(tmp_path: Path) -> None:
    kinds = (
        "site-types:\n"
        "  A: {index: [0, 1, 2, 3], x-weight: [12, 1, 1, 1], f-weight: [1, 1, 1, 1]}\n"
        "  B: {index: [0, 1, 2], x-weight: [12, 1, 1], f-weight: [1, 1, 0.5]}\n"
    )
    plain = kinds + "system:\n  - {anchor: 0, repeat: 3, offset: 11, sites: [[A, 0], [B, 4], [A, 7]]}\n"
    nested = kinds + (
        "system:\n  - anchor: 0\n    repeat: 3\n    offset: 11\n    groups:\n"
        "      - {anchor: 0, repeat: 2, offset: 7, sites: [[A, 0]]}\n"
        "      - {anchor: 4, sites: [[B, 0]]}\n"
    )
    for text in (plain, nested):
        found = operator(tmp_path, "map.yaml", text, propane())
        assert sorted(found.topology.types) == ["A"] * 6 + ["B"] * 3 and found.own_forces
        np.testing.assert_allclose(weights(found)[0, :4], np.array([12, 1, 1, 1]) / 15)
        bead = found.topology.types.index("B")
        np.testing.assert_allclose(weights(found, "forces")[bead, 4:7], [1, 1, 0.5])  # not normalised
        assert found.topology.molecules == (0, 0, 0, 1, 1, 1, 2, 2, 2)
        assert found.topology.types == ("A", "B", "A") * 3


OURS = """
molecules:
  propane:
    {match}
    beads:
      A1: {{type: A, {first}}}
      A2: {{type: A, select: name C3 H9 H10 H11}}
"""


@pytest.mark.parametrize(
    "match",
    ["graph: C1H3-C2H2-C3H3", "residues: [ppn|PROP]", "residue: ppn", "copies: {count: 3, stride: 11}"],
)
def test_every_way_to_tell_molecules_and_atoms(match: str, tmp_path: Path) -> None:
    first = "atoms: [C1, C2], position: C1, mass: 50"
    if "copies" in match:
        first = "atoms: [0, 1, 2, 3, 4, 5, 6], position: [1, 0, 0, 0, 0, 0, 0], mass: 50"
    elif "graph" not in match:
        first = "atoms: [C1, H4, H5, 'ppn:H6', '1:ppn:C2', H7, H8], position: C1, mass: 50 g/mol"
    found = operator(tmp_path, "own.yaml", OURS.format(match=match, first=first), propane())
    assert found.topology.types == ("A",) * 6 and not found.unmapped
    assert weights(found)[0, 0] == 1.0 and found.masses[0] == 50.0
    assert found.notes[0] == "bead A1 is given 50 amu, its atoms weigh 29.062"
    own = np.array([12.011, 1.008, 1.008, 1.008])
    np.testing.assert_allclose(weights(found)[1, 7:11], own / own.sum())
    assert found.topology.bonds == ((0, 1), (2, 3), (4, 5))


def test_several_mappings_and_what_is_in_none(tmp_path: Path) -> None:
    one, two = propane(2), propane(1, "other")
    both = Atoms(
        one.names + two.names,
        one.elements + two.elements,
        one.masses + two.masses,
        one.residue_names + two.residue_names,
        one.residue_of + (2,) * 11,
        one.molecule_of + (2,) * 11,
        one.bonds + tuple((i + 22, j + 22) for i, j in two.bonds),
    )
    for name in ("ppn", "other"):
        (tmp_path / f"{name}.yaml").write_text(
            f"molecules: {{m: {{residue: {name}, beads: {{{name}: {{select: all}}}}}}}}"
        )
    found = resolve(read_mappings([str(tmp_path / "other.yaml"), str(tmp_path / "ppn.yaml")]), both)
    assert found.topology.types == ("ppn", "ppn", "other")  # in the order of the atoms
    alone = resolve(read_mapping(str(tmp_path / "ppn.yaml")), both)
    assert len(alone) == 2 and alone.unmapped == tuple(range(22, 33))
    assert "other C1 (1)" in alone.notes[0] and "33.3 % of the mass" in alone.notes[0]


# --- faults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.xml", "<cg_molecule>", "this is no XML"),
        ("a.xml", "<molecule/>", "expected <cg_molecule>"),
        ("a.xml", VOTCA.replace("12 1 1 1", "12 1 1"), "bead A1 has 4 atoms, and map 'A' 3 weights"),
        ("a.xml", VOTCA.replace("12 1 1 1", "12 1 one 1"), "something else than numbers: '12 1 one 1'"),
        ("a.xml", VOTCA.replace("1:ppn:C1", "C1"), "'C1' is no atom"),
        ("a.xml", VOTCA.replace("<name>B</name>", "<name>X</name>"), "wants the map 'B', which is not there"),
        ("a.xml", VOTCA.replace("1:ppn:C1", "1:ppn:CX"), "ppn has no atom called '1:ppn:CX'"),
        (
            "a.xml",
            VOTCA.replace("B1 A2</beads></bond>", "B1 A7</beads></bond>"),
            "no bead 'A7' to bond",
        ),
        ("a.map", "W P4 OW\n", "line 1: expected a name in brackets"),
        ("a.map", "[ ppn ]\nA1 P1\n", "line 2: expected name, type and atoms"),
        ("a.map", "[ ppn ]\n@v V P1 A1 A2\n", "virtual beads"),
        ("a.map", "[ molecule ]\nppn\n[ atoms ]\nC1 A\n", "line 4: expected number, atom and beads"),
        ("a.ndx", "1 2 3\n", "line 1: expected numbers of atoms"),
        ("a.ndx", "[ A ]\n1 x\n", "line 2: expected numbers of atoms"),
        ("a.ndx", "[ System ]\n1 2\n", "no group besides those"),
        ("a.ndx", "[ A ]\n0 1\n", "atoms are numbered from 1"),
        ("a.ndx", "[ A ]\n99\n", "the mapping speaks of atom 99, and the topology has 33"),
        ("a.ndx", "[ A ]\n1 2\n[ B ]\n3 3\n", "atom H5 is listed twice"),
        (
            "a.yaml",
            "site-types: {A: {index: [0]}}\nsystem: [{anchor: 0, sites: [[B, 0]]}]",
            "the key 'B' is missing",
        ),
        (
            "a.yaml",
            "site-types: {A: {index: [0]}}\nsystem: [{anchor: 0, repeat: 2, sites: [[A, 0]]}]",
            "an 'offset'",
        ),
        ("a.yaml", "molecules: {m: {residue: ppn, beads: {A: {}}}}", "give atoms, or select"),
        (
            "a.yaml",
            "molecules: {m: {beads: {A: {atoms: [C1]}}}}",
            "give one of graph, residues, residue and copies",
        ),
        ("a.yaml", "molecules: {m: {graph: CH3, beads: {A: {atoms: [C1]}}}}", "'CH3' is no atom of a graph"),
        ("a.yaml", "molecules: {m: {residue: ppn, beeds: {}}}", "unknown key 'beeds'; did you mean 'beads'"),
        ("a.yaml", "molecules: {m: {residue: ppx, beads: {A: {atoms: [C1]}}}}", "there is no such molecule"),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {select: nam C1}}}}",
            "unknown word 'nam'; did you",
        ),
        ("a.yaml", "molecules: {m: {residue: ppn, beads: {A: {select: name X}}}}", "chooses no atom of ppn"),
        ("a.yaml", "molecules: {m: {residue: ppn, beads: {A: {select: (all}}}}", "it ends too early"),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {atoms: [C1], shares: [0.5]}}}}",
            "the shares of atom C1 add up to 0.5",
        ),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {atoms: [C1, C2], position: [1]}}}}",
            "1 weights for 2 atoms",
        ),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {atoms: [C1, C2], position: [1, -1]}}}}",
            "the weights of the atoms of bead A add up to 0",
        ),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {atoms: [C1], position: C2}}}}",
            "which is none of its atoms",
        ),
        (
            "a.yaml",
            "molecules: {m: {residue: ppn, beads: {A: {atoms: [C1]}}}, "
            "n: {residue: ppn, beads: {B: {atoms: [C1]}}}}",
            "is mapped twice",
        ),
        (
            "a.yaml",
            "molecules: {m: {copies: {count: 3, stride: 10}, beads: {A: {atoms: [0]}}}}",
            "atom 0 of copy 2 weighs 1.008 amu, that of the first copy 12.011",
        ),
        ("a.txt", "", "unknown mapping format '.txt'"),
    ],
)
def test_a_fault_is_told_with_its_file(name: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CgbridgeError) as fault:
        operator(tmp_path, name, text, propane())
    assert message in str(fault.value), str(fault.value)
    assert fault.value.remedy or "YAML" in str(fault.value)
    assert ".txt" in name or str(tmp_path / name) in str(fault.value)


def test_names_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown mapping 'water-1beads'; did you mean 'water-1bead'"):
        read_mapping("water-1beads")
    with pytest.raises(ConfigError, match="no such mapping file"):
        read_mapping(str(tmp_path / "none.xml"))
    (tmp_path / "bytes.map").write_bytes(bytes(range(256)))
    with pytest.raises(FileFormatError):
        read_mapping(str(tmp_path / "bytes.map"))


def test_a_mapping_of_the_user_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/water-1bead.yaml").write_text(
        "molecules: {m: {graph: O1H2, beads: {OX: {atoms: [O1], position: O1}}}}"
    )
    assert read_mapping("water-1bead", tmp_path).molecules[0].beads[0].type == "OX"
    assert read_mapping("methanol-1bead", tmp_path).name == "methanol-1bead"
