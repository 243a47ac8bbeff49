"""OpenMSCG's map.yaml: site types with weights, and where in the system they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgbridge.config.document import DocumentError, parse_document
from cgbridge.errors import FileFormatError
from cgbridge.mapping.mapping import BeadRule, Copies, Mapping, MoleculeRule


@dataclass(frozen=True)
class _Site:
    """A site type: numbers of its atoms from where it stands, weights of positions and forces."""

    index: tuple[int, ...]
    positions: tuple[float, ...]
    forces: tuple[float, ...]


def read_openmscg(path: Path) -> Mapping:
    """Position weights are normalised; force weights are taken as they stand.

    Raises :class:`~cgbridge.errors.FileFormatError`.
    """
    try:
        content, _ = parse_document(path.read_text(encoding="utf-8"))
        kinds = {str(name): _site(entry) for name, entry in content["site-types"].items()}
        rules = [rule for entry in content["system"] for rule in _rules(entry, kinds, 0)]
    except DocumentError as error:
        raise _fault(path, error.what) from None
    except KeyError as error:
        raise _fault(path, f"the key {error} is missing, or names no site type") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise _fault(path, f"something stands in the wrong place: {error}") from None
    if not rules:
        raise _fault(path, "there is no site in 'system'")
    return Mapping(path.stem, tuple(rules), str(path))


def _site(entry: dict[str, Any]) -> _Site:
    index = tuple(int(number) for number in entry["index"])
    weights = [
        tuple(float(w) for w in entry.get(key, [1.0] * len(index))) for key in ("x-weight", "f-weight")
    ]
    if any(len(values) != len(index) for values in weights):
        raise ValueError("a site type needs as many weights as indices")
    return _Site(index, *weights)


def _rules(entry: dict[str, Any], kinds: dict[str, _Site], base: int) -> Iterator[MoleculeRule]:
    first = base + int(entry["anchor"])
    repeat, offset = int(entry.get("repeat", 1)), int(entry.get("offset", 0))
    if repeat > 1 and offset < 1:
        raise ValueError("'repeat' needs an 'offset'")
    if "sites" in entry:
        yield _rule(entry["sites"], kinds, Copies(first, repeat, offset))
    for group in entry.get("groups", ()):
        for copy in range(repeat):
            yield from _rules(group, kinds, first + copy * offset)


def _rule(sites: Sequence[Sequence[Any]], kinds: dict[str, _Site], copies: Copies) -> MoleculeRule:
    beads = []
    for number, (name, shift) in enumerate(sites):
        kind = kinds[str(name)]
        atoms = tuple(int(shift) + index for index in kind.index)
        beads.append(
            BeadRule(f"{name}{number + 1}", str(name), atoms, position=kind.positions, forces=kind.forces)
        )
    return MoleculeRule(f"atoms from {copies.first}", tuple(beads), copies=copies)


def _fault(path: Path, what: str) -> FileFormatError:
    return FileFormatError(what, where=str(path), remedy="see OpenMSCG's manual, 'cgmap'")
