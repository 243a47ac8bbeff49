"""Methanol and hexane by OPLS-AA, as OpenMM simulates them: for tests and benchmarks of mappings.

Parameters of Jorgensen, Maxwell and Tirado-Rives, doi:10.1021/ja9621760; pairs by Lorentz and Berthelot's
rules, where OPLS has geometric means.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import openmm
from openmm import app, unit

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.structures.lattices import liquid

#: type: element, mass, charge, sigma, epsilon
TYPES = {
    "CM": ("C", 12.011, 0.145, 0.35, 0.276144),
    "HM": ("H", 1.008, 0.04, 0.25, 0.12552),
    "OM": ("O", 15.999, -0.683, 0.312, 0.71128),
    "HO": ("H", 1.008, 0.418, 0.1, 0.0),
    "C3": ("C", 12.011, -0.18, 0.35, 0.276144),
    "C2": ("C", 12.011, -0.12, 0.35, 0.276144),
    "HC": ("H", 1.008, 0.06, 0.25, 0.12552),
}
#: Elements in a bond: length, force constant.
BONDS = {"CC": (0.1529, 224262.4), "CH": (0.109, 284512.0), "CO": (0.141, 267776.0), "HO": (0.0945, 462750.4)}
#: Elements, the corner in the middle: degrees, force constant.
ANGLES = {
    "CCC": (112.7, 488.273), "CCH": (110.7, 313.8), "HCH": (107.8, 276.144), "HCO": (109.5, 292.88),
    "COH": (108.5, 460.24),
}  # fmt: skip
#: Elements: V1, V2, V3 of V/2 (1 +- cos n phi).
TORSIONS = {
    "CCCC": (7.28016, -0.656888, 1.167336), "CCCH": (0.0, 0.0, 1.531344), "HCCH": (0.0, 0.0, 1.330512),
    "HCOH": (0.0, 0.0, 1.8828),
}  # fmt: skip
#: Types of the heavy atoms, how many hydrogens of which type each has, density in g/cm^3 near 298 K.
MOLECULES = {
    "methanol": ((("CM", 3, "HM"), ("OM", 1, "HO")), 0.786),
    "hexane": ((("C3", 3, "HC"), *[("C2", 2, "HC")] * 4, ("C3", 3, "HC")), 0.655),
}


def molecule(name: str) -> tuple[list[str], list[tuple[int, int]], np.ndarray]:
    """Types, bonds and a rough shape of one molecule in nm."""
    types, bonds, places = [], [], []
    heavy: list[int] = []
    for number, (kind, hydrogens, hydrogen) in enumerate(MOLECULES[name][0]):
        place = np.array([0.127 * number, 0.04 * (-1) ** number, 0.0])
        if heavy:
            bonds.append((heavy[-1], len(types)))
        heavy.append(len(types))
        types.append(kind)
        places.append(place)
        out = np.array([0.0, (-1) ** number, 0.0])
        end = np.array([-1.0 if number == 0 else 1.0, 0.0, 0.0])
        for k, way in enumerate(([0, 0.5, 1], [0, 0.5, -1], [1, 0.3, 0])[:hydrogens]):
            direction = way[0] * end + way[1] * out + np.array([0.0, 0.0, way[2]])
            if hydrogens == 1:
                direction = out + 0.5 * end
            bonds.append((heavy[-1], len(types)))
            types.append(hydrogen)
            places.append(place + 0.109 * direction / np.linalg.norm(direction) + 1e-3 * k)
    return types, bonds, np.array(places)


def force_field() -> app.ForceField:
    """As a force-field file of OpenMM's."""
    lines = ["<ForceField><AtomTypes>"]
    lines += [
        f'<Type name="{name}" class="{element}" element="{element}" mass="{mass}"/>'
        for name, (element, mass, *_) in TYPES.items()
    ]
    lines.append("</AtomTypes><Residues>")
    for name in MOLECULES:
        types, bonds, _ = molecule(name)
        lines.append(f'<Residue name="{name[:3].upper()}">')
        lines += [f'<Atom name="{kind[0]}{n}" type="{kind}"/>' for n, kind in enumerate(types)]
        lines += [f'<Bond from="{i}" to="{j}"/>' for i, j in bonds]
        lines.append("</Residue>")
    lines.append("</Residues><HarmonicBondForce>")
    for (a, b), (length, k) in BONDS.items():
        lines.append(f'<Bond class1="{a}" class2="{b}" length="{length}" k="{k}"/>')
    lines.append("</HarmonicBondForce><HarmonicAngleForce>")
    for (a, b, c), (angle, k) in ANGLES.items():
        lines.append(f'<Angle class1="{a}" class2="{b}" class3="{c}" angle="{np.radians(angle)}" k="{k}"/>')
    lines.append("</HarmonicAngleForce><PeriodicTorsionForce>")
    for classes, constants in TORSIONS.items():
        named = " ".join(f'class{n + 1}="{c}"' for n, c in enumerate(classes))
        terms = " ".join(
            f'periodicity{n}="{n}" phase{n}="{np.pi if n == 2 else 0.0}" k{n}="{v / 2}"'
            for n, v in enumerate(constants, start=1)
        )
        lines.append(f"<Proper {named} {terms}/>")
    lines.append('</PeriodicTorsionForce><NonbondedForce coulomb14scale="0.5" lj14scale="0.5">')
    lines += [
        f'<Atom type="{name}" charge="{charge}" sigma="{sigma}" epsilon="{epsilon}"/>'
        for name, (_, _, charge, sigma, epsilon) in TYPES.items()
    ]
    lines.append("</NonbondedForce></ForceField>")
    return app.ForceField(io.StringIO("".join(lines)))


def box_of(
    name: str, copies: int, *, constraints: object = None, seed: int = 1
) -> tuple[openmm.System, Atoms, np.ndarray, np.ndarray]:
    """A System of a liquid, its atoms, positions and box; the molecules lie as they like."""
    types, bonds, shape = molecule(name)
    masses = [TYPES[kind][1] for kind in types]
    # Twice as wide as the liquid in all directions, so that no molecules are threaded; then compressed.
    cell = liquid(copies, sum(masses), MOLECULES[name][1] / 8.0, seed)
    random = np.random.default_rng(seed)
    positions = []
    for place in cell.positions:
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
        positions.append(place + (shape - shape.mean(axis=0)) @ turn)
    topology = app.Topology()
    chain = topology.addChain()
    for _ in range(copies):
        residue = topology.addResidue(name[:3].upper(), chain)
        own = [
            topology.addAtom(f"{kind[0]}{n}", app.Element.getBySymbol(TYPES[kind][0]), residue)
            for n, kind in enumerate(types)
        ]
        for i, j in bonds:
            topology.addBond(own[i], own[j])
    box = np.diag(np.asarray(cell.edges))
    topology.setPeriodicBoxVectors(box * unit.nanometer)
    system = force_field().createSystem(
        topology, nonbondedMethod=app.PME, nonbondedCutoff=0.75, constraints=constraints, removeCMMotion=False
    )
    return system, _atoms(topology, system, masses * copies), np.concatenate(positions), box


def _atoms(topology: app.Topology, system: openmm.System, masses: Sequence[float]) -> Atoms:
    atoms = list(topology.atoms())
    bonds = tuple(sorted((a.index, b.index) for a, b in topology.bonds()))
    held = [system.getConstraintParameters(k)[:2] for k in range(system.getNumConstraints())]
    return Atoms(
        tuple(atom.name for atom in atoms),
        tuple(atom.element.symbol for atom in atoms),
        tuple(masses),
        tuple(residue.name for residue in topology.residues()),
        tuple(atom.residue.index for atom in atoms),
        molecules_of(len(atoms), bonds),
        bonds,
        tuple(tuple(sorted(pair)) for pair in held),
    )
