"""What a bead weighs that a file without masses names, and what is said about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.beads import Bead

#: One water molecule, amu.
WATER_MASS = 18.015
#: The name that is an element to a chemist and a water molecule in one-bead models.
WATER = "W"

_LABELLED = re.compile(r"([A-Z][a-z]?)\(.*\)")


def element_mass(name: str) -> float | None:
    """Atomic mass in amu of a chemical element; also of one with a label in brackets, ``Si(D)``."""
    from ase.data import atomic_masses, atomic_numbers

    labelled = _LABELLED.fullmatch(name)
    symbol = labelled.group(1) if labelled else name
    return (
        float(atomic_masses[atomic_numbers[symbol]]) if symbol in atomic_numbers and symbol != "X" else None
    )


def is_water(name: str, others: Collection[str]) -> bool:
    """Whether a bead is a water molecule: W is, unless it stands beside chemical elements."""
    return name == WATER and all(element_mass(other) is None for other in others if other != WATER)


def default_mass(name: str, others: Collection[str]) -> tuple[float | None, str]:
    """Mass in amu of the bead ``name`` in a file that names ``others`` too, and a note where it is a guess.

    None where the name says nothing: such a bead has an energy, but no dynamics and no density.
    """
    if name != WATER:
        return element_mass(name), ""
    if is_water(name, others):
        return WATER_MASS, (
            f"the bead W is taken for a water molecule ({WATER_MASS} amu); tungsten needs its mass given"
        )
    mass = element_mass(name)
    beside = ", ".join(sorted(other for other in others if other != WATER))
    return mass, f"the bead W is taken for tungsten ({mass:g} amu), as it stands beside {beside}"


def weighed_beads(
    names: Sequence[str], present: Collection[str], given: Mapping[str, float]
) -> tuple[tuple[Bead, ...], tuple[str, ...]]:
    """The beads ``names`` of a file that has ``present`` ones, and what was taken for want of better.

    Masses in amu that are ``given`` go before those of :func:`default_mass`; raises :class:`ConfigError` for
    one of another bead.
    """
    beads, notes = [], []
    for name in names:
        mass, note = (given[name], "") if name in given else default_mass(name, present)
        beads.append(Bead(name, mass))
        notes += [note] if note else []
    for name in given:
        if name not in names:
            raise ConfigError(
                f"there is no bead '{name}'{did_you_mean(name, names)}",
                where="--mass",
                remedy="the beads: " + ", ".join(names),
            )
    return tuple(beads), tuple(notes)
