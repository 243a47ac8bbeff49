"""What a LAMMPS file leaves open or says twice: the units of its energies, values that ought to be equal."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from pathlib import Path

from cgbridge.errors import CgbridgeWarning, ConfigError
from cgbridge.models.files.bead_masses import WATER, element_mass, is_water
from cgbridge.models.files.pair_depth import absurd_pair
from cgbridge.models.model import CoarseGrainedModel

#: Part of an element's mass by which a bead of one atom may differ from it, beside 1 amu: no isotope that
#: lasts is further off.
_ISOTOPES = 0.15


def check_units(
    model: CoarseGrainedModel, present: Collection[str], tag: str | None, given: str | None, path: Path
) -> None:
    """Warn of units that are a guess or contradict the tag; raise :class:`ConfigError` for an absurd guess.

    ``present`` names all beads of the file, ``tag`` are its units, ``given`` those that the user gave.
    """
    if given and tag and given != tag:
        warnings.warn(
            f"{path}: the file says 'UNITS: {tag}', but is read in {given} units as asked for",
            CgbridgeWarning,
            stacklevel=3,
        )
    if given:
        return
    absurd = absurd_pair(model, _molecules(model, present))
    if tag:
        if absurd:
            warnings.warn(f"{path}: 'UNITS: {tag}' may be wrong: {absurd}", CgbridgeWarning, stacklevel=3)
        return
    if absurd:
        raise ConfigError(
            f"the file has no UNITS tag, and in metal units (eV) {absurd}",
            where=str(path),
            remedy="say what it is in: --model-units real (kcal/mol) or --model-units metal (eV), or a "
            "comment '# UNITS: real' in the file",
        )
    warnings.warn(
        f"{path}: no UNITS tag: taken to be in metal units (eV); otherwise give --model-units real "
        "(kcal/mol), or write '# UNITS: real' into the file",
        CgbridgeWarning,
        stacklevel=3,
    )


def warn_of_differences(model: CoarseGrainedModel, path: Path) -> None:
    """Say where the file gives one thing two values: LAMMPS takes either, here the mean counts."""
    found = model.require_many_body("a LAMMPS file").disagreements(model.internal_entries())
    for ordered, what in ((True, "angle"), (False, "pair")):
        these = [item for item in found if item.ordered is ordered]
        if not these:
            continue
        worst = max(these, key=lambda item: item.relative)
        pairs = {item.first for item in these}
        others = f" (the largest difference of {len(pairs)} {what}s)" if len(pairs) > 1 else ""
        warnings.warn(
            f"{path}: the entries {model.label(worst.first)} and {model.label(worst.second)} differ in "
            f"{worst.what} by {worst.relative:.1g} of it{others}: one {what} given twice, of which LAMMPS "
            "takes either and cgbridge the mean",
            CgbridgeWarning,
            stacklevel=3,
        )


def _molecules(model: CoarseGrainedModel, present: Collection[str]) -> frozenset[str]:
    """The beads that are no single atoms, by their names and masses."""
    found = set()
    for bead in model.beads:
        atom = None if bead.name == WATER and is_water(bead.name, present) else element_mass(bead.name)
        if atom is None or (bead.mass is not None and abs(bead.mass - atom) > _ISOTOPES * atom + 1.0):
            found.add(bead.name)
    return frozenset(found)
