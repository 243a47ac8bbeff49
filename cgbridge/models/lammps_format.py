"""LAMMPS parameter files of the Tersoff and Stillinger-Weber forms, read strictly and written exactly.

An entry is three element names and the form's numbers; it may go on over several lines. ``#`` starts a
comment. The tag ``UNITS: metal`` (eV, angstrom) or ``UNITS: real`` (kcal/mol, angstrom) in a comment
gives the units; without a tag the file is taken to be in metal units, LAMMPS's own convention.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.models.form import FunctionalForm
from cgbridge.models.forms import FORMS, form_of_suffix, get_form
from cgbridge.models.model import Bead, CoarseGrainedModel, ParameterSpec, Triplet
from cgbridge.units import convert

#: Energy unit of a LAMMPS unit style; lengths are in angstrom in both.
ENERGY_UNITS = {"metal": "eV", "real": "kcal/mol"}
#: Mass of a bead called W when a file gives none: one water molecule, amu.
WATER_MASS = 18.015

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_UNITS_TAG = re.compile(r"\bUNITS:\s*(\w+)")


@dataclass(frozen=True)
class _Word:
    text: str
    line: int
    column: int

    def place(self, path: Path) -> str:
        return f"{path}, line {self.line}, column {self.column}"


def read_lammps(path: str | Path, *, bead_mass: float | None = None) -> CoarseGrainedModel:
    """Read a ``.tersoff`` or ``.sw`` file; the suffix tells the form.

    All elements of the file become bead types, in order of appearance. ``bead_mass`` in amu is the mass
    of every bead; by default 18.015 for ``W``, the atomic mass for a chemical element.

    Raises :class:`FileFormatError` (file, line, column, character) for an empty, truncated or malformed
    file and for duplicate or missing triplets; :class:`ConfigError` when no mass is known or a value
    is impossible.
    """
    path = Path(path)
    form = form_of_suffix(path.suffix)
    if form is None:
        suffixes = ", ".join(get_form(name).suffix for name in FORMS)
        raise FileFormatError(
            f"'{path.suffix}' is not the suffix of a known form",
            where=str(path),
            remedy=f"known suffixes: {suffixes}",
        )
    text = _read_text(path)
    units, comment = _header(text, path)
    entries = _entries(list(_words(text, path)), form, path)
    names = list(dict.fromkeys(name for triplet in entries for name in triplet))
    for triplet in product(names, repeat=3):
        if triplet not in entries:
            raise FileFormatError(
                f"no entry for the triplet {' '.join(triplet)}",
                where=str(path),
                remedy=f"give all {len(names) ** 3} ordered triplets of {', '.join(names)}",
            )
    try:
        return CoarseGrainedModel(
            name=path.stem,
            form=form.name,
            beads=tuple(Bead(name, bead_mass or _default_mass(name, path)) for name in names),
            entries=entries,
            specs=tuple(
                ParameterSpec(p.name, _file_unit(p.unit, units), symbol=p.symbol) for p in form.parameters
            ),
            description=comment,
            source=str(path.name),
        )
    except ConfigError as error:
        place = f"{path}: {error.where}" if error.where else str(path)
        raise ConfigError(error.what, where=place, remedy=error.remedy) from None


def write_lammps(model: CoarseGrainedModel, path: str | Path, *, units: str = "metal") -> None:
    """Write the model's parameters for LAMMPS in ``units`` (metal or real).

    Numbers have full precision: a model already in those units is read back exactly. Raises
    :class:`ConfigError` for an unknown unit style or another suffix than the form's.
    """
    path = Path(path)
    form = model.functional_form
    if units not in ENERGY_UNITS:
        raise ConfigError(f"unknown LAMMPS units '{units}'", remedy="use " + " or ".join(ENERGY_UNITS))
    if path.suffix != form.suffix:
        raise ConfigError(
            f"a {form.name} file must end in '{form.suffix}', not '{path.suffix}'", where=str(path)
        )
    path.write_text(format_lammps(model, units=units), encoding="utf-8")


def format_lammps(model: CoarseGrainedModel, *, units: str = "metal") -> str:
    """The text that :func:`write_lammps` writes."""
    form = model.functional_form
    masses = ", ".join(f"{bead.name} {bead.mass!r}" for bead in model.beads)
    source = " ".join(model.source.split())
    lines = [
        f"# UNITS: {units} ({ENERGY_UNITS[units]}, angstrom). Model {model.name}, masses (amu): {masses}",
        f"# source: {source or 'none given'}",
        "# e1 e2 e3 " + " ".join(parameter.name for parameter in form.parameters),
    ]
    for triplet, values in model.entries.items():
        numbers = []
        for parameter in form.parameters:
            unit, wanted = model.spec(parameter.name).unit, _file_unit(parameter.unit, units)
            value = values[parameter.name]
            numbers.append(repr(float(value) if unit == wanted else convert(value, unit, wanted)))
        lines.append(" ".join((*triplet, *numbers)))
    return "\n".join(lines) + "\n"


def _file_unit(unit: str, units: str) -> str:
    return ENERGY_UNITS[units] if unit == "eV" else unit


def _read_text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"byte {error.start + 1} is not UTF-8 text", where=str(path), remedy="save the file as plain text"
        ) from None
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error.strerror}", where=str(path)) from error
    if not text.strip():
        raise FileFormatError("the file is empty", where=str(path), remedy="check the download or copy")
    return text


def _header(text: str, path: Path) -> tuple[str, str]:
    """Units and the first comment; a units tag counts only inside comments."""
    units, comment, seen = "metal", "", False
    for number, line in enumerate(text.splitlines(), start=1):
        _, hash_sign, note = line.partition("#")
        if not hash_sign:
            continue
        comment = comment or note.strip()
        tag = _UNITS_TAG.search(note)
        if tag is None:
            continue
        place = f"{path}, line {number}"
        if tag.group(1) not in ENERGY_UNITS:
            raise FileFormatError(
                f"units '{tag.group(1)}' are not supported",
                where=place,
                remedy="convert to metal or real units",
            )
        if seen and tag.group(1) != units:
            raise FileFormatError("two different UNITS tags", where=place, remedy="keep the right one")
        units, seen = tag.group(1), True
    return units, comment


def _words(text: str, path: Path) -> Iterator[_Word]:
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0]
        for column, character in enumerate(content, start=1):
            if not (" " <= character <= "~" or character in "\t\r"):
                name = unicodedata.name(character, "control character")
                raise FileFormatError(
                    f"character '{character}' (U+{ord(character):04X}, {name}) is not plain ASCII",
                    where=f"{path}, line {number}, column {column}",
                    remedy="replace it by an ASCII '-'"
                    if unicodedata.category(character) in ("Pd", "Sm")
                    else "replace or remove it",
                )
        for match in re.finditer(r"\S+", content):
            yield _Word(match.group(), number, match.start() + 1)


def _entries(words: list[_Word], form: FunctionalForm, path: Path) -> dict[Triplet, dict[str, float]]:
    names = [parameter.name for parameter in form.parameters]
    width = 3 + len(names)
    if not words:
        raise FileFormatError(
            "the file holds only comments", where=str(path), remedy="check the download or copy"
        )
    entries: dict[Triplet, dict[str, float]] = {}
    for start in range(0, len(words), width):
        group = words[start : start + width]
        _check_elements(group, path)
        numbers = [_number(word, name, path) for word, name in zip(group[3:], names, strict=False)]
        if len(group) < width:
            raise FileFormatError(
                f"the entry has {len(numbers)} numbers, a {form.name} entry needs {len(names)}: "
                f"'{names[len(numbers)]}' is missing",
                where=group[-1].place(path),
                remedy="the file may be truncated; the columns are: e1 e2 e3 " + " ".join(names),
            )
        triplet = (group[0].text, group[1].text, group[2].text)
        if triplet in entries:
            raise FileFormatError(
                f"the triplet {' '.join(triplet)} is given twice",
                where=group[0].place(path),
                remedy="remove one",
            )
        entries[triplet] = dict(zip(names, numbers, strict=True))
    return entries


def _check_elements(group: list[_Word], path: Path) -> None:
    for word in group[:3]:
        if _NUMBER.fullmatch(word.text):
            raise FileFormatError(
                f"expected an element name, found the number '{word.text}'",
                where=word.place(path),
                remedy="this or the entry before has too many numbers or too few names",
            )
    if len(group) < 3:
        raise FileFormatError(
            "the entry ends after its names", where=group[-1].place(path), remedy="complete it"
        )


def _number(word: _Word, name: str, path: Path) -> float:
    if _NUMBER.fullmatch(word.text):
        return float(word.text)
    match = _NUMBER.match(word.text)
    offset = match.end() if match else 0
    raise FileFormatError(
        f"'{word.text}' is not a number for {name}: unexpected character '{word.text[offset : offset + 1]}'",
        where=f"{path}, line {word.line}, column {word.column + offset}",
        remedy="the entry may lack a number, or the number holds a stray character",
    )


def _default_mass(name: str, path: Path) -> float:
    # W is tungsten to a chemist and water in one-bead models; water is the documented default here.
    if name == "W":
        return WATER_MASS
    from ase.data import atomic_masses, atomic_numbers

    if name in atomic_numbers and name != "X":
        return float(atomic_masses[atomic_numbers[name]])
    raise ConfigError(
        f"no mass is known for the bead '{name}'", where=str(path), remedy="give the bead's mass"
    )
