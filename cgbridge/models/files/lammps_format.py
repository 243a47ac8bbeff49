"""LAMMPS parameter files of the Tersoff and Stillinger-Weber forms, read strictly and written exactly.

An entry is three element names and the form's numbers; it may go on over several lines. ``#`` starts a
comment. The tag ``UNITS: metal`` (eV, angstrom) or ``UNITS: real`` (kcal/mol, angstrom) in a comment
gives the units. Without a tag they are those that the caller gives, or else metal, LAMMPS's own
convention, which is said. As in LAMMPS only the entries are looked at whose names are needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product, takewhile
from pathlib import Path

from cgbridge.errors import ConfigError, FileFormatError, did_you_mean
from cgbridge.models.files.bead_masses import weighed_beads
from cgbridge.models.files.lammps_doubts import check_units, warn_of_differences
from cgbridge.models.files.lammps_text import ENERGY_UNITS, Word, read_header, read_text, read_words
from cgbridge.models.lammps_styles import style_of_entry, style_of_file
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.term import Key, Term
from cgbridge.models.terms.catalogue import form_of_suffix, many_body_forms
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.models.time_step import verlet_step
from cgbridge.records.parameter import Parameter
from cgbridge.units import convert

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class ModelChoices:
    """What a file of parameters leaves open.

    ``units`` are metal or real; ``beads`` names the beads that are needed, of a file that holds more;
    ``masses`` are in amu by bead name, ``bead_mass`` is that of every bead.
    """

    units: str | None = None
    beads: Collection[str] | None = None
    masses: Mapping[str, float] | None = None
    bead_mass: float | None = None


def read_lammps(path: str | Path, choices: ModelChoices = ModelChoices()) -> CoarseGrainedModel:
    """Read a ``.tersoff`` or ``.sw`` file; the suffix tells the form.

    The elements of the file, or those that ``choices.beads`` asks for, become bead types in order of
    appearance; the only element of a file serves beads of any name. Masses that are not given are those of
    the chemical elements, 18.015 for ``W`` unless it stands beside other elements, and unknown for others.

    Warns with :class:`~cgbridge.errors.CgbridgeWarning` of units that were guessed or contradict the file,
    and of entries that differ where LAMMPS would take either. Raises :class:`FileFormatError` (file, line,
    column, character) for an empty, truncated or malformed file, one of another pair style, and for
    duplicate triplets; :class:`ConfigError` for a missing triplet of ``choices.beads``, an impossible
    value, an unknown bead, or an energy that is absurd in guessed units.
    """
    path = Path(path)
    form = _form(path)
    text = read_text(path)
    tag, comment = read_header(text, path)
    units = choices.units or tag or "metal"
    groups = list(_groups(list(read_words(text, path)), form, path))
    present = list(dict.fromkeys(word.text for group in groups for word in group[:3]))
    names = _chosen(present, choices.beads, path)
    entries = _entries(groups, names, form, path)
    given = dict.fromkeys(names, choices.bead_mass) if choices.bead_mass is not None else {}
    beads, notes = weighed_beads(names, present, given | dict(choices.masses or {}))
    try:
        model = CoarseGrainedModel(
            name=path.stem,
            beads=beads,
            terms=(Term(form.name, entries, _parameters(form, units)),),
            description=comment,
            source=str(path.name),
            notes=(*notes, *_incomplete(entries, names)),
        )
        if choices.beads is not None:
            model.require_entries()
    except ConfigError as error:
        place = f"{path}: {error.where}" if error.where else str(path)
        raise ConfigError(error.what, where=place, remedy=error.remedy) from None
    check_units(model, present, tag, choices.units, path)
    warn_of_differences(model, path)
    return model


def write_lammps(model: CoarseGrainedModel, path: str | Path, *, units: str = "metal") -> None:
    """Write the model's parameters for LAMMPS in ``units`` (metal or real).

    Numbers have full precision: a model already in those units is read back exactly. Raises
    :class:`ConfigError` for an unknown unit style or another suffix than the form's.
    """
    path = Path(path)
    form = model.require_many_body("a LAMMPS file")
    if units not in ENERGY_UNITS:
        raise ConfigError(f"unknown LAMMPS units '{units}'", remedy="use " + " or ".join(ENERGY_UNITS))
    if path.suffix != form.suffix:
        raise ConfigError(
            f"a {form.name} file must end in '{form.suffix}', not '{path.suffix}'", where=str(path)
        )
    path.write_text(format_lammps(model, units=units), encoding="utf-8")


def format_lammps(model: CoarseGrainedModel, *, units: str = "metal") -> str:
    """The text that :func:`write_lammps` writes."""
    form = model.require_many_body("a LAMMPS file")
    (term,) = model.terms
    masses = ", ".join(f"{b.name} {'unknown' if b.mass is None else repr(b.mass)}" for b in model.beads)
    source = " ".join(model.source.split())
    lines = [
        f"# UNITS: {units} ({ENERGY_UNITS[units]}, angstrom). Model {model.name}, masses (amu): {masses}",
        f"# source: {source or 'none given'}",
        *_step_lines(model),
        "# e1 e2 e3 " + " ".join(parameter.name for parameter in form.parameters),
    ]
    indexed = model.internal_entries()
    for (triplet, values), indices in zip(term.entries.items(), indexed, strict=True):
        used = form.in_use(indexed, indices)
        numbers = []
        for parameter in form.parameters:
            unit, wanted = term.parameter(parameter.name).unit, _file_unit(parameter.unit, units)
            value = float(values[parameter.name])
            # LAMMPS refuses negative numbers also where it ignores them.
            value = value if parameter.name in used else max(value, 0.0)
            numbers.append(repr(value if unit == wanted else convert(value, unit, wanted)))
        lines.append(" ".join((*triplet, *numbers)))
    return "\n".join(lines) + "\n"


def _step_lines(model: CoarseGrainedModel) -> list[str]:
    """The step at which LAMMPS finds what cgbridge does, where masses tell it."""
    if any(bead.mass is None for bead in model.beads):
        return []
    step = 1000.0 * verlet_step(model)
    if not math.isfinite(step):
        return []
    digit = 10.0 ** math.floor(math.log10(step))
    return [
        "# time step: fix nvt and npt (velocity Verlet) find what cgbridge does at "
        f"{step // digit * digit:g} fs or less; longer ones are too hot in their configurations"
    ]


def _parameters(form: ManyBodyForm, units: str) -> tuple[Parameter, ...]:
    """The parameters of a form in the units of a file."""
    return tuple(
        replace(parameter, unit=_file_unit(parameter.unit, units), value=None)
        for parameter in form.parameters
    )


def _file_unit(unit: str, units: str) -> str:
    return ENERGY_UNITS[units] if unit == "eV" else unit


def _form(path: Path) -> ManyBodyForm:
    style = style_of_file(path)
    form = None if style else form_of_suffix(path.suffix)
    if form is not None:
        return form
    suffixes = ", ".join(known.suffix for known in many_body_forms())
    if style:
        raise FileFormatError(
            f"this is a file of LAMMPS's pair style {style}, which is not supported",
            where=str(path),
            remedy=f"files of the styles tersoff and sw are, with the suffixes {suffixes}",
        )
    raise FileFormatError(
        f"'{path.suffix}' is not the suffix of a known form",
        where=str(path),
        remedy=f"known suffixes: {suffixes}",
    )


def _groups(words: list[Word], form: ManyBodyForm, path: Path) -> Iterator[list[Word]]:
    """The words of one entry after the other: three names and the form's numbers."""
    if not words:
        raise FileFormatError(
            "the file holds only comments", where=str(path), remedy="check the download or copy"
        )
    _require_own_style(words, form, path)
    names = [parameter.name for parameter in form.parameters]
    width = 3 + len(names)
    for start in range(0, len(words), width):
        group = words[start : start + width]
        _check_elements(group, path)
        if len(group) < width:
            missing = names[len(group) - 3]
            raise FileFormatError(
                f"the entry has {len(group) - 3} numbers, a {form.name} entry needs {len(names)}: "
                f"'{missing}' is missing",
                where=group[-1].place(path),
                remedy="the file may be truncated; the columns are: e1 e2 e3 " + " ".join(names),
            )
        yield group


def _require_own_style(words: list[Word], form: ManyBodyForm, path: Path) -> None:
    """Refuse a file whose first entry has the columns of another pair style."""
    numbers = len(list(takewhile(lambda word: _NUMBER.fullmatch(word.text), words[3:])))
    follow = [word.text for word in words[3 + numbers :]]
    style = style_of_entry(numbers, follow)
    if style:
        raise FileFormatError(
            f"an entry looks as in files of LAMMPS's pair style {style}, which is not supported",
            where=words[0].place(path),
            remedy=f"the style {form.pair_style} has three names and {len(form.parameters)} numbers",
        )


def _check_elements(group: list[Word], path: Path) -> None:
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


def _chosen(present: list[str], wanted: Collection[str] | None, path: Path) -> list[str]:
    """The beads to read: all, the only one, or those that are wanted."""
    if wanted is None or len(present) == 1:
        return present
    for name in sorted(wanted):
        if name not in present:
            raise ConfigError(
                f"the file has no bead '{name}'{did_you_mean(name, present)}",
                where=str(path),
                remedy="its beads: " + ", ".join(present),
            )
    return [name for name in present if name in wanted]


def _entries(
    groups: Sequence[list[Word]], names: Collection[str], form: ManyBodyForm, path: Path
) -> dict[Key, dict[str, float]]:
    columns = [parameter.name for parameter in form.parameters]
    entries: dict[Key, dict[str, float]] = {}
    for group in groups:
        triplet = (group[0].text, group[1].text, group[2].text)
        if not set(triplet) <= set(names):
            continue
        if triplet in entries:
            raise FileFormatError(
                f"the triplet {' '.join(triplet)} is given twice",
                where=group[0].place(path),
                remedy="remove one",
            )
        numbers = [_number(word, name, path) for word, name in zip(group[3:], columns, strict=True)]
        entries[triplet] = dict(zip(columns, numbers, strict=True))
    return entries


def _number(word: Word, name: str, path: Path) -> float:
    if _NUMBER.fullmatch(word.text):
        return float(word.text)
    match = _NUMBER.match(word.text)
    offset = match.end() if match else 0
    raise FileFormatError(
        f"'{word.text}' is not a number for {name}: unexpected character '{word.text[offset : offset + 1]}'",
        where=f"{path}, line {word.line}, column {word.column + offset}",
        remedy="the entry may lack a number, or the number holds a stray character",
    )


def _incomplete(entries: Mapping[Key, object], names: Sequence[str]) -> tuple[str, ...]:
    """A note on beads that cannot be in one structure, for lack of entries."""
    missing = [triplet for triplet in product(names, repeat=3) if triplet not in entries]
    if not missing:
        return ()
    return (
        f"{len(missing)} of {len(names) ** 3} triplets of {', '.join(names)} have no entry, the first "
        f"{' '.join(missing[0])}: not all of these beads can be in one structure",
    )
