"""Names of functional forms -> classes, imported on use."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.files.lammps_styles import explain_style
from cgbridge.models.terms.form import FunctionalForm

#: Import path ``module:class`` of every built-in form.
FORMS: dict[str, str] = {
    "tersoff": "cgbridge.models.terms.tersoff:Tersoff",
    "stillinger-weber": "cgbridge.models.terms.stillinger_weber:StillingerWeber",
}


@cache
def get_form(name: str) -> FunctionalForm:
    """The form called ``name``; raises :class:`ConfigError` with a suggestion for an unknown one."""
    if name not in FORMS:
        styles = {get_form(form).pair_style: form for form in FORMS}
        style = explain_style(name, styles)
        raise ConfigError(
            f"unknown functional form '{name}'" + (f": {style}" if style else did_you_mean(name, FORMS)),
            remedy="known forms: " + ", ".join(FORMS),
        )
    module, _, attribute = FORMS[name].partition(":")
    form = getattr(import_module(module), attribute)()
    if not isinstance(form, FunctionalForm):
        raise ConfigError(f"'{FORMS[name]}' is not a FunctionalForm")
    return form


def form_of_suffix(suffix: str) -> FunctionalForm | None:
    """The form whose LAMMPS files end in ``suffix`` (``.tersoff``, ``.sw``), or None."""
    return next((form for form in map(get_form, FORMS) if form.suffix == suffix), None)
