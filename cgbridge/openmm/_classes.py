"""Give forces that come out of OpenMM their real class.

OpenMM's Python layer knows only its own force classes and returns a force of any other kind as a
plain ``Force``.  The methods that return forces are wrapped here, so that they return ours as what
they are.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import openmm

from cgbridge.openmm._plugin import _castForce


def _real_class(force: Any) -> Any:
    if type(force) is not openmm.Force:
        return force
    own = bool(force.thisown)
    cast = _castForce(force, own)
    if cast is None:
        return force
    force.thisown = False
    return cast


def _returning_real_class(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _real_class(function(*args, **kwargs))

    return wrapper


def restore_force_classes() -> None:
    """Wrap the methods of OpenMM that return a force; doing it twice is harmless."""
    for owner, name in (
        (openmm.System, "getForce"),
        (openmm.CustomCVForce, "getCollectiveVariable"),
        (openmm.ATMForce, "getForce"),
        (openmm.XmlSerializer, "_cloneForce"),
        (openmm.XmlSerializer, "_deserializeForce"),
    ):
        original = getattr(owner, name)
        if hasattr(original, "__wrapped__"):
            continue
        wrapper = _returning_real_class(original)
        setattr(owner, name, staticmethod(wrapper) if owner is openmm.XmlSerializer else wrapper)
