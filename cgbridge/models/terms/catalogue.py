"""Names of functional forms -> classes, imported on use; those of other packages by entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from cgbridge.errors import ConfigError
from cgbridge.models.lammps_styles import explain_style
from cgbridge.models.terms.form import Form
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.registry import Registry

_TERMS = "cgbridge.models.terms"
#: Import path ``module:class`` of every built-in form.
FORMS: dict[str, str] = {
    "tersoff": f"{_TERMS}.tersoff:Tersoff",
    "stillinger-weber": f"{_TERMS}.stillinger_weber:StillingerWeber",
    "lennard-jones": f"{_TERMS}.lennard_jones:LennardJones",
    "mie": f"{_TERMS}.mie:Mie",
    "buckingham": f"{_TERMS}.buckingham:Buckingham",
    "morse": f"{_TERMS}.morse:Morse",
    "table": f"{_TERMS}.table:Table",
    "descriptor-network": f"{_TERMS}.network:Network",
    "harmonic-bond": f"{_TERMS}.bonded:HarmonicBond",
    "harmonic-angle": f"{_TERMS}.bonded:HarmonicAngle",
    "periodic-torsion": f"{_TERMS}.bonded:PeriodicTorsion",
    "coulomb": f"{_TERMS}.coulomb:Coulomb",
}
_REGISTRY = Registry("functional form", "cgbridge.terms", FORMS)


@cache
def list_forms() -> tuple[str, ...]:
    """The names of all forms, the built-in ones first."""
    return tuple(entry.name for entry in _REGISTRY)


@cache
def get_form(name: str) -> Form:
    """The form called ``name``; raises :class:`ConfigError` with a suggestion for an unknown one."""
    try:
        place = _REGISTRY.find(name).place
    except ConfigError as error:
        style = explain_style(name, {form.pair_style: form.name for form in many_body_forms()})
        what = f"unknown functional form '{name}': {style}" if style else error.what
        meant = next((form for form in map(get_form, FORMS) if form.label == name.lower()), None)
        if meant is not None and not style:
            what = (
                f"unknown functional form '{name}'; did you mean '{meant.name}', whose parameters are called "
                f"{meant.label}.{(*meant.parameters, *meant.shared)[0].name} and so on?"
            )
        raise ConfigError(what, remedy=error.remedy) from None
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)()
    if not isinstance(found, Form):
        raise ConfigError(f"'{place}' is not a Form")
    return found


@cache
def many_body_forms() -> tuple[ManyBodyForm, ...]:
    """The forms that have files in LAMMPS's format."""
    return tuple(form for form in map(get_form, FORMS) if isinstance(form, ManyBodyForm))


def form_of_suffix(suffix: str) -> ManyBodyForm | None:
    """The form whose LAMMPS files end in ``suffix`` (``.tersoff``, ``.sw``), or None."""
    return next((form for form in many_body_forms() if form.suffix == suffix), None)
