"""Parts of a model that seem to be forgotten: what acts on nothing, and what nothing acts on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import combinations_with_replacement

from cgbridge.errors import CgbridgeWarning
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.terms.bonded import BondedForm
from cgbridge.models.terms.coulomb import Coulomb
from cgbridge.models.terms.pair import PairForm
from cgbridge.models.terms.table import Table

_CHAINS = {2: "bonds", 3: "angles", 4: "torsions"}


def warn_of_forgotten_bonds(model: CoarseGrainedModel, where: str) -> None:
    """Warn with :class:`CgbridgeWarning` of bonded terms without bonds, and of bonds without a term."""
    for text in _forgotten_bonds(model):
        warnings.warn(f"{where}: {text}", CgbridgeWarning, stacklevel=2)


def _forgotten_bonds(model: CoarseGrainedModel) -> Iterator[str]:
    held = False
    for term in model.terms:
        form = term.functional_form
        if not isinstance(form, BondedForm):
            continue
        held = held or form.bodies == 2
        if not any(form.chains(molecule.topology) for molecule in model.molecules):
            yield (
                f"the term '{term.name}' acts on nothing, for no molecule has {_CHAINS[form.bodies]}: "
                "are the molecules and their bonds forgotten?"
            )
    for molecule in model.molecules:
        if molecule.bonds and not held:
            yield (
                f"nothing holds the molecule '{molecule.name}' together, for no term acts on bonds: they "
                "only leave out pairs"
            )


def silent_pairs(model: CoarseGrainedModel) -> tuple[str, ...]:
    """A note of the pairs of beads that do not interact; none where no bead of the model is like that.

    Charges do not count: two charged beads with nothing else fall into each other, or through each other.
    """
    acting: set[tuple[str, str]] = set()
    for term in model.terms:
        form = term.functional_form
        if isinstance(form, BondedForm | Coulomb):
            continue
        if isinstance(form, PairForm | Table):
            acting |= {(key[0], key[1]) for key in term.all_entries if len(key) == 2}
        else:
            acting |= {(one, other) for one in term.beads for other in term.beads}
    silent = [
        (one, other)
        for one, other in combinations_with_replacement(model.bead_names, 2)
        if not {(one, other), (other, one)} & acting
    ]
    if not silent or not acting:
        return ()
    mixable = any(
        one != other and {(one, one), (other, other)} <= term.entries.keys()
        for term in model.terms
        if term.functional_form.mixes
        for one, other in silent
    )
    remedy = (
        "; 'mixing: lorentz-berthelot' in a term makes them of the pairs of like beads" if mixable else ""
    )
    pairs = ", ".join(map(" ".join, silent))
    return (f"no entry for {pairs}: such pairs do not interact, but by charges and bonds{remedy}",)
