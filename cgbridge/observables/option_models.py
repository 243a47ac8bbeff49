"""The class with which an observable reads its options, found where it reads them."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap

from pydantic import BaseModel

from cgbridge.errors import ConfigError
from cgbridge.observables.catalogue import get_observable


def options_of(name: str) -> type[BaseModel]:
    """The options model of the observable called ``name``.

    Raises :class:`ConfigError` for an unknown name, or for an observable that does not read its options with
    one call of ``parse_options``.
    """
    kind = type(get_observable(name))
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    found = {
        call.args[0].id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "parse_options"
        and isinstance(call.args[0], ast.Name)
    }
    model = vars(sys.modules[kind.__module__]).get(found.pop()) if len(found) == 1 else None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigError(
            f"the options of '{name}' are not known", remedy="look at the documentation of the observable"
        )
    return model
