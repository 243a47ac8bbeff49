"""Which bead of a model every particle of a structure is."""

from __future__ import annotations

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.structures.structure_files import Structure, shown


def bead_names(model: TypedBeads, structure: Structure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bead names of the particles of ``structure``, and notes of what was taken.

    A model of one bead type takes every particle, whatever its name. Raises :class:`ConfigError` for names
    that a model of several does not have.
    """
    names = structure.names
    if len(model.beads) == 1:
        (bead,) = model.bead_names
        others = [name for name in shown(names) if name not in ("", bead)]
        taken = (bead,) * len(names)
        if not others:
            return taken, ()
        what = f"type {', '.join(others)}" if structure.numbered else f"named {', '.join(others)}"
        return taken, (f"particles {what} are taken as bead '{bead}', the only one of '{model.name}'",)
    renamed, notes = _whole_names(model, structure)
    for name in dict.fromkeys(renamed):
        if name not in model.bead_names:
            raise _unknown(model, structure, name)
    return renamed, notes


def _whole_names(model: TypedBeads, structure: Structure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that the format has cut, where only one bead can be meant."""
    whole = {}
    for name in set(structure.names) - set(model.bead_names):
        if len(name) == structure.letters:
            fits = [bead for bead in model.bead_names if bead.startswith(name)]
            if len(fits) == 1:
                whole[name] = fits[0]
    notes = tuple(f"'{name}' is taken as bead '{bead}', cut by the format" for name, bead in whole.items())
    return tuple(whole.get(name, name) for name in structure.names), notes


def _unknown(model: TypedBeads, structure: Structure, name: str) -> ConfigError:
    beads = ", ".join(model.bead_names)
    if not name:
        return ConfigError(
            f"the file names no particles, and '{model.name}' has the beads {beads}",
            where=structure.source,
            remedy="name them with --topology FILE, a structure file of the same particles",
        )
    if structure.numbered:
        example = ",".join(
            f"{kind}={bead}" for kind, bead in zip(shown(structure.names), model.bead_names, strict=False)
        )
        return ConfigError(
            f"the file has type numbers only, and '{model.name}' has the beads {beads}",
            where=structure.source,
            remedy=f'tell which is which, for example --types "{example}"',
        )
    hint = did_you_mean(name, model.bead_names)
    return ConfigError(
        f"'{model.name}' has no bead called '{name}'{hint}",
        where=structure.source,
        remedy=f"its beads are {beads}; --rename {name}=BEAD takes a particle as one of them",
    )
