"""The beads of one molecule: which of its atoms, with which weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.mapping.graph import match_graph, parse_graph
from cgbridge.mapping.mapping import ANY_RESIDUE, CENTER_OF_MASS, GEOMETRIC_CENTER, BeadRule, MoleculeRule
from cgbridge.mapping.selection import select
from cgbridge.mapping.variants import Variant

#: Shares of an atom may miss 1 by rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class LocalBead:
    """A bead of a molecule: ``atoms`` are indices in it, with one weight each for position and force, and
    the share of the atom that is the bead's. ``mass`` is None where the shares give it."""

    rule: BeadRule
    atoms: tuple[int, ...]
    positions: tuple[float, ...]
    forces: tuple[float, ...]
    shares: tuple[float, ...]
    mass: float | None


@dataclass(frozen=True)
class _Members:
    """The atoms of a bead; ``heads`` are those that the rule itself lists, ``head_of`` is one per atom."""

    heads: tuple[int, ...]
    atoms: tuple[int, ...]
    head_of: tuple[int, ...]


def beads_of(rule: MoleculeRule, variant: Variant) -> list[LocalBead] | None:
    """The beads of a molecule; None where the rule is for others.

    Raises :class:`~cgbridge.errors.ConfigError` where it is for this one and cannot be followed.
    """
    labels: Mapping[str, tuple[int, ...]] | None = None
    if rule.graph:
        labels = match_graph(parse_graph(rule.graph), variant.elements, variant.bonds)
        if labels is None:
            return None
    elif rule.residues and not _has_residues(rule, variant):
        return None
    members = [_members(bead, variant, labels) for bead in rule.beads]
    shares = _shares(rule, variant, members)
    return [
        _local(rule, bead, found, share, variant)
        for bead, found, share in zip(rule.beads, members, shares, strict=True)
    ]


def _has_residues(rule: MoleculeRule, variant: Variant) -> bool:
    return len(rule.residues) == len(variant.residues) and all(
        name in names or ANY_RESIDUE in names
        for name, names in zip(variant.residues, rule.residues, strict=True)
    )


def _members(bead: BeadRule, variant: Variant, labels: Mapping[str, tuple[int, ...]] | None) -> _Members:
    where = f"bead {bead.name}"
    if bead.select:
        atoms = select(bead.select, variant)
        if not atoms:
            raise ConfigError(
                f"'{bead.select}' chooses no atom of {variant.label}",
                where=where,
                remedy="its atoms: " + " ".join(variant.names),
            )
        return _Members(atoms, atoms, atoms)
    groups = [_atoms_called(name, variant, labels, where) for name in bead.atoms]
    atoms = tuple(atom for group in groups for atom in group)
    if len(set(atoms)) < len(atoms):
        (twice, _), *_ = Counter(atoms).most_common(1)
        raise ConfigError(
            f"atom {variant.names[twice]} is listed twice", where=where, remedy="leave one of the two out"
        )
    heads = tuple(group[0] for group in groups)
    return _Members(heads, atoms, tuple(group[0] for group in groups for _ in group))


def _atoms_called(
    name: str | int, variant: Variant, labels: Mapping[str, tuple[int, ...]] | None, where: str
) -> tuple[int, ...]:
    if isinstance(name, int):
        if not 0 <= name < len(variant.names):
            raise ConfigError(
                f"there is no atom {name} in {variant.label}",
                where=where,
                remedy=f"indices begin at 0 and end at {len(variant.names) - 1}",
            )
        return (name,)
    if labels is not None:
        if name not in labels:
            raise ConfigError(
                f"the graph has no atom '{name}'{did_you_mean(name, labels)}",
                where=where,
                remedy="its atoms: " + ", ".join(labels),
            )
        return labels[name]
    found = [i for i in range(len(variant.names)) if _is_called(name, i, variant)]
    if len(found) == 1:
        return (found[0],)
    raise ConfigError(
        f"{variant.label} has {'several atoms' if found else 'no atom'} called '{name}'"
        + ("" if found else did_you_mean(name, variant.names)),
        where=where,
        remedy="write residue:atom or number:residue:atom, the number counted from 1"
        if found
        else "its atoms: " + " ".join(variant.names),
    )


def _is_called(name: str, atom: int, variant: Variant) -> bool:
    *place, last = name.split(":")
    residue = variant.residue_of[atom]
    if variant.names[atom] != last:
        return False
    if place and place[-1] != variant.residues[residue]:
        return False
    return len(place) < 2 or place[0] == str(residue + 1)


def _shares(rule: MoleculeRule, variant: Variant, members: Sequence[_Members]) -> list[tuple[float, ...]]:
    """Given fractions; what they leave of an atom is dealt out evenly to the beads that give none."""
    given: Counter[int] = Counter()
    takers: Counter[int] = Counter()
    for bead, found in zip(rule.beads, members, strict=True):
        if bead.shares is None:
            takers.update(found.atoms)
        else:
            _require_one_each(bead.shares, found, bead, "shares")
            for atom, share in zip(found.heads, bead.shares, strict=True):
                given.update({i: share for i, h in zip(found.atoms, found.head_of, strict=True) if h == atom})
    for atom, total in given.items():
        if total > 1.0 + _ROUNDING or (not takers[atom] and total < 1.0 - _ROUNDING):
            raise ConfigError(
                f"the shares of atom {variant.names[atom]} add up to {total:g}",
                where=f"molecule {rule.name}",
                remedy="let them add up to 1",
            )
    shares = []
    for bead, found in zip(rule.beads, members, strict=True):
        if bead.shares is None:
            shares.append(tuple((1.0 - given[atom]) / takers[atom] for atom in found.atoms))
        else:
            by_head = dict(zip(found.heads, bead.shares, strict=True))
            shares.append(tuple(by_head[head] for head in found.head_of))
    return shares


def _require_one_each(values: Sequence[float], found: _Members, bead: BeadRule, what: str) -> None:
    if len(values) != len(found.heads):
        raise ConfigError(
            f"{len(values)} {what} for {len(found.heads)} atoms",
            where=f"bead {bead.name}",
            remedy="give one number for every atom of the bead, in their order",
        )


def _local(
    rule: MoleculeRule, bead: BeadRule, found: _Members, shares: tuple[float, ...], variant: Variant
) -> LocalBead:
    weights = _position_weights(rule, bead, found, shares, variant)
    if bead.still:
        weights = tuple(0.0 if still else w for w, still in zip(weights, bead.still, strict=True))
    total = sum(weights)
    if not total > 0.0:
        raise ConfigError(
            f"the weights of the atoms of bead {bead.name} add up to {total:g}",
            where=f"molecule {rule.name}",
            remedy="give weights whose sum is positive; a centre of mass needs masses",
        )
    if bead.forces is None:
        forces = tuple(share if weight else 0.0 for share, weight in zip(shares, weights, strict=True))
    else:
        _require_one_each(bead.forces, found, bead, "weights of forces")
        by_head = dict(zip(found.heads, bead.forces, strict=True))
        forces = tuple(by_head[head] for head in found.head_of)
    # Forces on sites without mass have been given to the atoms that carry them.
    forces = tuple(
        0.0 if variant.masses[atom] == 0.0 and any(variant.masses) else force
        for atom, force in zip(found.atoms, forces, strict=True)
    )
    return LocalBead(bead, found.atoms, tuple(w / total for w in weights), forces, shares, bead.mass)


def _position_weights(
    rule: MoleculeRule, bead: BeadRule, found: _Members, shares: tuple[float, ...], variant: Variant
) -> tuple[float, ...]:
    if bead.position == CENTER_OF_MASS:
        return tuple(share * variant.masses[atom] for atom, share in zip(found.atoms, shares, strict=True))
    if bead.position == GEOMETRIC_CENTER:
        return shares
    if isinstance(bead.position, str):
        labels = None
        if rule.graph:
            labels = match_graph(parse_graph(rule.graph), variant.elements, variant.bonds)
        at = _atoms_called(bead.position, variant, labels, f"bead {bead.name}")[0]
        if at not in found.atoms:
            raise ConfigError(
                f"the bead lies at {bead.position}, which is none of its atoms",
                where=f"bead {bead.name}",
                remedy="list it among the atoms of the bead",
            )
        return tuple(float(atom == at) for atom in found.atoms)
    _require_one_each(bead.position, found, bead, "weights")
    by_head = dict(zip(found.heads, bead.position, strict=True))
    return tuple(by_head.get(atom, 0.0) for atom in found.atoms)
