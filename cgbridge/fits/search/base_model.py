"""The base model of a fit: what supplies every value that is not searched."""

from __future__ import annotations

import warnings
from pathlib import Path

from cgbridge.config.model_section import ModelSection
from cgbridge.errors import CgbridgeWarning, ConfigError, ConfigErrors, did_you_mean
from cgbridge.fits.search.parameters import own_value
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.terms.catalogue import get_form


def base_model(section: ModelSection, folder: Path) -> CoarseGrainedModel:
    """The model that ``model.base`` names, with the beads, masses and fixed values of the section.

    Raises :class:`ConfigError` with the dotted path of the fault.
    """
    base = _loaded(section, folder)
    _require_form(base, section)
    base = _with_bead(base, section) if len(base.beads) == 1 else _with_masses(base, section)
    for bead in base.beads:
        if bead.mass is None:
            raise ConfigError(
                f"no mass is known for the bead '{bead.name}'",
                where="model.bead.mass" if len(base.beads) == 1 else "model.masses",
                remedy="give it, for example "
                + ("mass: 18.015 amu" if len(base.beads) == 1 else f"{bead.name}: 28.086 amu"),
            )
    values = {name: own_value(base, name, value, f"model.set.{name}") for name, value in section.set.items()}
    return base.with_parameters(values) if values else base


def _loaded(section: ModelSection, folder: Path) -> CoarseGrainedModel:
    # The only bead of a file may get any name; of several the name chooses one.
    wanted = section.beads or ((section.bead.name,) if section.bead.name is not None else None)
    try:
        return load_model(section.base, search_folder=folder, units=section.units, beads=wanted)
    except ConfigErrors:
        raise  # of the model's own file
    except ConfigError as error:
        where = "model.units" if error.where == "--units" else error.where or "model.base"
        raise type(error)(error.what, where=where, remedy=error.remedy) from None


def _require_form(base: CoarseGrainedModel, section: ModelSection) -> None:
    if section.form is None or section.form == base.form:
        return
    try:
        if "+" not in section.form:
            get_form(section.form)
    except ConfigError as error:
        raise ConfigError(error.what, where="model.form", remedy=error.remedy) from None
    raise ConfigError(
        f"the base model '{section.base}' has the form '{base.form}', not '{section.form}'",
        where="model.form",
        remedy=f"write form: {base.form}, or choose another base (`cgbridge models`)",
    )


def _with_bead(base: CoarseGrainedModel, section: ModelSection) -> CoarseGrainedModel:
    """The base with the bead of the section, where it gives one; what changes is announced."""
    (old,) = base.beads
    given = section.bead
    mass = given.mass if given.mass is not None else section.masses.get(given.name or old.name, old.mass)
    if old.mass is not None and mass is not None and mass != old.mass:
        warnings.warn(
            f"model.bead.mass: {mass:g} amu, where the bead {old.name} of the base model "
            f"'{section.base}' has {old.mass:g} amu: every density changes by {mass / old.mass:.4g}",
            CgbridgeWarning,
            stacklevel=2,
        )
    if given.name and given.name != old.name:
        warnings.warn(
            f"model.bead.name: the bead {old.name} of the base model '{section.base}' is called {given.name} "
            "in this fit",
            CgbridgeWarning,
            stacklevel=2,
        )
        base = base.with_bead_names({old.name: given.name})
    return base if mass is None else base.with_bead_mass(mass)


def _with_masses(base: CoarseGrainedModel, section: ModelSection) -> CoarseGrainedModel:
    if section.bead.mass is not None or section.bead.name is not None:
        raise ConfigError(
            f"the base model has the beads {', '.join(base.bead_names)}",
            where="model.bead",
            remedy="give their masses under model.masses, and choose some of them with model.beads",
        )
    for name in section.masses:
        if name not in base.bead_names:
            raise ConfigError(
                f"the base model has no bead '{name}'{did_you_mean(name, base.bead_names)}",
                where=f"model.masses.{name}",
                remedy="its beads: " + ", ".join(base.bead_names),
            )
    return base.with_masses(section.masses) if section.masses else base
