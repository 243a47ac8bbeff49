"""What is told of an observable beside its values: its options, how it is called, which state it belongs to.

All of it stands as attributes on the observable's class, each with a default, so that nothing outside its
file has to know its name.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cgbridge.errors import CgbridgeError, ConfigError
from cgbridge.extras import require
from cgbridge.interfaces import Observable
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.options import Options, parse_options
from cgbridge.observables.phase import Phase
from cgbridge.records.target import Sampling, Target

#: The fields of a target that say at which state something is measured.
State = Literal["structure", "temperature", "pressure"]
ALL_OF_IT: tuple[State, ...] = ("structure", "temperature", "pressure")


@dataclass(frozen=True)
class Traits:
    """What the attributes of an observable's class of the same names say.

    ``options``
        the class with which it reads its options; None where it is not told.
    ``summary``
        one line for lists; by default the first of the module's docstring.
    ``words``
        what it is called in a sentence; by default the name with blanks.
    ``state``
        what of a target's state plays a part.
    ``phase``
        what is measured where a target names no structure: ``liquid`` or ``crystal``.
    ``own_length``
        its options alone say how long it is simulated, not the ``engine`` section.
    """

    words: str
    summary: str = ""
    options: type[Options] | None = None
    state: tuple[State, ...] = ALL_OF_IT
    phase: Phase = "liquid"
    own_length: bool = False


def traits_of(observable: Observable) -> Traits:
    """The traits of an observable, with defaults for what it does not tell."""
    inner = getattr(observable, "wrapped", observable)  # what a stranger's was before it was guarded
    kind = type(inner)
    documented = inspect.getdoc(sys.modules.get(kind.__module__)) or inspect.getdoc(kind) or ""
    default = Traits(observable.name.replace("_", " "), documented.partition("\n")[0].rstrip("."))
    told = {name: getattr(inner, name, value) for name, value in vars(default).items()}
    return Traits(**told)


def target_traits(target: Target) -> Traits:
    """The traits of a target's observable; the defaults where its code is not here any more."""
    try:
        return traits_of(get_observable(target.observable, target.folder))
    except CgbridgeError:
        return Traits(target.observable.rpartition(":")[2].replace("_", " "))


def is_static(target: Target) -> bool:
    """Whether nothing moves in what is simulated for the target."""
    try:
        observable = get_observable(target.observable, target.folder)
        asked = observable.simulations(replace(target, unit=target.unit or observable.unit), Sampling())
    except CgbridgeError:
        return False
    return all(simulation.static for simulation in asked)


def composition_words(composition: Sequence[str]) -> str:
    """``Ar and Kr``, ``2 Ar and Kr``; empty where a target names no beads."""
    counts = Counter(composition)
    words = [
        name if number == 1 or len(counts) == 1 else f"{number} {name}" for name, number in counts.items()
    ]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def state_words(target: Target) -> tuple[str, ...]:
    """What of a target's state plays a part, ``("liquid of Ar", "300 K")``; 1 bar is left out."""
    traits = target_traits(target)
    bar = f"{target.pressure:g} bar" if target.pressure != 1.0 else ""
    words = {
        "structure": (traits.phase if target.is_liquid else target.structure)
        + (f" of {composition_words(target.composition)}" if target.composition else ""),
        "temperature": f"{target.temperature:g} K",
        "pressure": bar,
    }
    return tuple(words[part] for part in traits.state if words[part])


def options_of(name: str, folder: str = "") -> type[Options]:
    """The options of the observable ``name``; raises :class:`ConfigError` where it does not tell them."""
    options = traits_of(get_observable(name, folder)).options
    if options is None:
        raise ConfigError(
            f"the options of '{name}' are not known", remedy="look at the documentation of the observable"
        )
    return options


def require_packages(target: Target, where: str) -> None:
    """Make sure that what the measurement of the target imports is installed; nothing is imported.

    Raises :class:`~cgbridge.errors.MissingDependencyError` with the pip line, and
    :class:`~cgbridge.errors.ConfigError` for options that are none.
    """
    options = target_traits(target).options
    if options is not None:
        for module, instead in parse_options(options, target).needs.items():
            require([module], f"the target '{target.name}'", where=where, instead=instead)
