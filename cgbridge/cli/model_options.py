"""The argument MODEL and the options that say what a model file leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli.commands import read_quantity, show_notes

if TYPE_CHECKING:
    from cgbridge.models.model import CoarseGrainedModel
    from cgbridge.models.typed_beads import TypedBeads

_PANEL = "Model file"


class UnitStyle(StrEnum):
    """LAMMPS's unit styles of energies and lengths: eV and angstrom, or kcal/mol and angstrom."""

    METAL = "metal"
    REAL = "real"


Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Database name, model YAML, .tersoff, .sw, .cgnn or nep.txt file.",
        show_default=False,
    ),
]
_UNITS_HELP = "Units of a LAMMPS file without a UNITS tag: metal (eV) or real (kcal/mol)."
Units = Annotated[
    UnitStyle | None,
    typer.Option("--units", "--model-units", help=_UNITS_HELP, show_default=False, rich_help_panel=_PANEL),
]
#: Where --units are those of what is written.
ModelUnits = Annotated[
    UnitStyle | None,
    typer.Option("--model-units", help=_UNITS_HELP, show_default=False, rich_help_panel=_PANEL),
]
Mass = Annotated[
    list[str] | None,
    typer.Option(
        "--mass",
        metavar="BEAD=MASS",
        help="Mass of a bead: W=18.015 (amu), 'P=40 g/mol'; may be repeated.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Bead = Annotated[
    list[str] | None,
    typer.Option(
        "--bead",
        metavar="BEAD",
        help="Only this bead of a file that holds more; may be repeated.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class ModelOptions:
    """The options as they were given."""

    units: UnitStyle | None = None
    mass: list[str] | None = None
    bead: list[str] | None = None


def load(name: str, options: ModelOptions) -> TypedBeads:
    """The model of any kind, with a note on standard error for what was taken where its file leaves it open.

    Raises :class:`~cgbridge.errors.CgbridgeError` for a model that cannot be read.
    """
    from cgbridge.models.database import open_model

    model = open_model(
        name,
        units=None if options.units is None else options.units.value,
        masses=_masses(options.mass) if options.mass else None,
        beads=options.bead or None,
    )
    show_notes(model.notes)
    return model


def load_terms(name: str, options: ModelOptions, what: str) -> CoarseGrainedModel:
    """The same for ``what`` needs named parameters; :class:`~cgbridge.errors.ConfigError` without."""
    from cgbridge.errors import ConfigError
    from cgbridge.models.model import CoarseGrainedModel

    model = load(name, options)
    if not isinstance(model, CoarseGrainedModel):
        raise ConfigError(
            f"{what} is for models of named parameters, and '{model.name}' is {model.form}",
            where=name,
            remedy="run it in OpenMM as it is: docs/neural.md",
        )
    return model


def load_weighed(name: str, options: ModelOptions) -> TypedBeads:
    """The same; raises :class:`~cgbridge.errors.ConfigError` unless the masses of all beads are known."""
    model = load(name, options)
    for index in range(len(model.beads)):
        model.mass_of(index)
    return model


def _masses(texts: list[str]) -> dict[str, float]:
    from cgbridge.errors import ConfigError

    masses: dict[str, float] = {}
    for text in texts:
        bead, equals, mass = text.rpartition("=")
        if not (bead and equals and mass.strip()):
            raise ConfigError(
                f"'{text}' is not a bead and its mass", where="--mass", remedy="write --mass W=18.015"
            )
        value = read_quantity(mass, "amu", "--mass")
        if masses.setdefault(bead.strip(), value) != value:
            raise ConfigError(f"'{bead}' is given twice", where="--mass")
    return masses
