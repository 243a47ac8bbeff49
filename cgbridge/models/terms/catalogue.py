"""Names of functional forms -> classes, imported on use; those of other packages by entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.lammps_styles import explain_style
from cgbridge.models.terms.form import Form
from cgbridge.models.terms.many_body import ManyBodyForm

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
    "harmonic-bond": f"{_TERMS}.bonded:HarmonicBond",
    "harmonic-angle": f"{_TERMS}.bonded:HarmonicAngle",
    "periodic-torsion": f"{_TERMS}.bonded:PeriodicTorsion",
    "coulomb": f"{_TERMS}.coulomb:Coulomb",
}
#: Entry points under which other packages offer forms: name = "module:class".
GROUP = "cgbridge.terms"


@cache
def list_forms() -> tuple[str, ...]:
    """The names of all forms, the built-in ones first."""
    foreign = sorted(point.name for point in entry_points(group=GROUP))
    return (*FORMS, *(name for name in foreign if name not in FORMS))


@cache
def get_form(name: str) -> Form:
    """The form called ``name``; raises :class:`ConfigError` with a suggestion for an unknown one."""
    if name in FORMS:
        module, _, attribute = FORMS[name].partition(":")
        found = getattr(import_module(module), attribute)()
    else:
        points = [point for point in entry_points(group=GROUP) if point.name == name]
        if not points:
            raise _unknown(name)
        found = points[0].load()()
    if not isinstance(found, Form):
        raise ConfigError(f"what is called '{name}' among {GROUP} is not a Form")
    return found


@cache
def many_body_forms() -> tuple[ManyBodyForm, ...]:
    """The forms that have files in LAMMPS's format."""
    return tuple(form for form in map(get_form, FORMS) if isinstance(form, ManyBodyForm))


def form_of_suffix(suffix: str) -> ManyBodyForm | None:
    """The form whose LAMMPS files end in ``suffix`` (``.tersoff``, ``.sw``), or None."""
    return next((form for form in many_body_forms() if form.suffix == suffix), None)


def _unknown(name: str) -> ConfigError:
    style = explain_style(name, {form.pair_style: form.name for form in many_body_forms()})
    return ConfigError(
        f"unknown functional form '{name}'" + (f": {style}" if style else did_you_mean(name, list_forms())),
        remedy="known forms: " + ", ".join(list_forms()),
    )
