"""Whether the depth of a pair is possible for its beads: the check of a file whose units are a guess.

Energies read in the wrong of LAMMPS's two unit styles are off by a factor of 23.
"""

from __future__ import annotations

from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import bound_pairs
from cgbridge.units import COULOMB, EV

#: A pair of molecules binds by less than this, kJ/mol: hydrogen bonds and stacked rings have 20 to 80, the
#: strongest pairs without charges (dimers of carboxylic acids) 80; twice that is 1.7 eV.
MOLECULE_DEPTH = 160.0
#: Two atoms bind by less than this fraction of the Coulomb energy of two unit charges at their distance.
#: Of diatomic molecules CO has 0.88, N2 0.75, HfO 0.97, LaO 1.04; of the files that come with LAMMPS the
#: most is 0.83 (the pair C C of BNC.tersoff). Water (mW) in kcal/mol read as eV has 1.16.
BOND_FRACTION = 1.1


def absurd_pair(model: CoarseGrainedModel, molecules: frozenset[str]) -> str:
    """The first pair that is deeper than its beads can be, as a sentence, or ``''``.

    ``molecules`` names the beads that are not single atoms.
    """
    for found in bound_pairs(model):
        i, j, distance, depth = found.first, found.second, found.distance, -found.energy
        pair = model.label((i, j))
        text = f"the pair {pair} would be {depth / EV:.3g} eV deep at {distance * 10:.3g} A"
        if {model.beads[i].name, model.beads[j].name} <= molecules and depth > MOLECULE_DEPTH:
            return f"{text}; molecules bind each other by less than {MOLECULE_DEPTH / EV:.2g} eV"
        if depth * distance > BOND_FRACTION * COULOMB:
            limit = BOND_FRACTION * COULOMB / distance / EV
            return f"{text}; no two atoms at that distance bind by more than {limit:.2g} eV"
    return ""
