"""A gas of bent molecules A - B - A: stiff bonds, softer angles, and pair forces between molecules."""

from __future__ import annotations

from cgbridge.models.model import CoarseGrainedModel
from cgbridge.topology import Topology

MOLECULES, EDGE = 27, 2.5  # nm


def bent(count: int) -> Topology:
    """A - B - A, ``count`` times."""
    bonds = tuple((3 * n + i, 3 * n + i + 1) for n in range(count) for i in (0, 1))
    angles = tuple((3 * n, 3 * n + 1, 3 * n + 2) for n in range(count))
    molecules = tuple(n for n in range(count) for _ in range(3))
    exclusions = (*bonds, *((a, c) for a, _, c in angles))
    return Topology(("A", "B", "A") * count, molecules, bonds, angles, exclusions=exclusions)


def bent_model(r0: float = 0.31, *, epsilon: float, sigma: float, cutoff: float) -> CoarseGrainedModel:
    """Bonds of ``r0`` nm, and one Lennard-Jones energy (kJ/mol, nm) for all pairs."""
    pair = {"epsilon": f"{epsilon} kJ/mol", "sigma": f"{sigma} nm", "cutoff": f"{cutoff} nm"}
    bond = {"k": "5000 kJ/mol/nm^2", "r0": f"{r0} nm"}
    angle = {"k": "40 kJ/mol", "theta0": "110 deg"}
    return CoarseGrainedModel.from_dict(
        {
            "name": "bent",
            "beads": [{"name": "A", "mass": "10 amu"}, {"name": "B", "mass": "12 amu"}],
            "molecules": [{"name": "m", "beads": ["A", "B", "A"], "bonds": [[0, 1], [1, 2]]}],
            "terms": [
                {"form": "harmonic-bond", "entries": [{"types": ["A", "B"], "values": bond}]},
                {"form": "harmonic-angle", "entries": [{"types": ["A", "B", "A"], "values": angle}]},
                {
                    "form": "lennard-jones",
                    "entries": [{"types": list(types), "values": pair} for types in ("AA", "AB", "BB")],
                },
            ],
        }
    )
