"""Small models whose beads make molecules."""

from __future__ import annotations

from typing import Any

from cgbridge.models.model import CoarseGrainedModel


def lennard_jones(*pairs: tuple[str, str], epsilon: float = 0.3, sigma: float = 3.0) -> dict[str, Any]:
    """One term with equal values for all pairs, cut off at 6 A."""
    values = {"epsilon": f"{epsilon} kJ/mol", "sigma": f"{sigma} A", "cutoff": "6 A"}
    return {"form": "lennard-jones", "entries": [{"types": list(pair), "values": values} for pair in pairs]}


def dumbbells(r0: float = 0.25, k: float = 50000.0) -> CoarseGrainedModel:
    """P-P, bonded at ``r0`` nm with k in kJ/mol/nm^2."""
    bond = {"types": ["P", "P"], "values": {"k": f"{k} kJ/mol/nm^2", "r0": f"{r0} nm"}}
    return CoarseGrainedModel.from_dict(
        {
            "name": "dumbbells",
            "beads": [{"name": "P", "mass": "30 amu"}],
            "terms": [lennard_jones(("P", "P")), {"form": "harmonic-bond", "entries": [bond]}],
            "molecules": [{"name": "pair", "beads": ["P", "P"], "bonds": [[0, 1]]}],
        }
    )


def ionic() -> CoarseGrainedModel:
    """A cation C-T-T of charge 1, a single anion A and a solvent S-S."""
    names, charges = ("A", "C", "S", "T"), {"A": -1.0, "C": 1.0, "S": 0.0, "T": 0.0}
    pairs = [(one, other) for n, one in enumerate(names) for other in names[n:]]
    bonds = [("C", "T"), ("T", "T"), ("S", "S")]
    spring = {"k": "5000 kJ/mol/nm^2", "r0": "3 A"}
    return CoarseGrainedModel.from_dict(
        {
            "name": "ionic",
            "beads": [{"name": name, "mass": "40 amu"} for name in names],
            "terms": [
                lennard_jones(*pairs, epsilon=1.0),
                {
                    "form": "coulomb",
                    "parameters": [{"name": "cutoff", "unit": "A", "value": 6.0}],
                    "entries": [{"types": [name], "values": {"q": q}} for name, q in charges.items()],
                },
                {
                    "form": "harmonic-bond",
                    "entries": [{"types": list(pair), "values": spring} for pair in bonds],
                },
                {
                    "form": "harmonic-angle",
                    "entries": [
                        {"types": ["C", "T", "T"], "values": {"k": "50 kJ/mol", "theta0": "160 deg"}}
                    ],
                },
            ],
            "molecules": [
                {"name": "cation", "beads": ["C", "T", "T"], "bonds": [[0, 1], [1, 2]]},
                {"name": "solvent", "beads": ["S", "S"], "bonds": [[0, 1]]},
            ],
        }
    )
