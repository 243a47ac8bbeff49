"""Names and phrases of targets and observables."""

from __future__ import annotations

from cgbridge.observables.traits import Traits, composition_words, target_traits
from cgbridge.records.target import Target
from cgbridge.report.digits import plain, quantity_text

#: Keeps a number and its unit on one line.
_SPACE = "\u00a0"


def count(number: int, noun: str) -> str:
    """``1 target``, ``3 targets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listing(words: list[str]) -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def observable_words(target: Target) -> str:
    """``density of the liquid at 300 K``; ``first peak position of g(r) of the liquid at 300 K``.

    Beads that a target names, and a pressure that is not 1 bar, are told as well.
    """
    traits = target_traits(target)
    name = _feature_words(target, traits)
    if "structure" in traits.state and not target.is_liquid:
        name += f" of {target.structure}"
    elif (
        "structure" in traits.state and traits.phase not in traits.words
    ):  # not: crystal density of the crystal
        name += f" of the {traits.phase}"
    if target.composition:
        name += f" of {composition_words(target.composition)}"
    if "temperature" in traits.state:
        name += f" at {plain(target.temperature)}{_SPACE}K"
    if "pressure" in traits.state and target.pressure != 1.0:
        name += f"{' and' if 'temperature' in traits.state else ' at'} {plain(target.pressure)}{_SPACE}bar"
    return name


def _feature_words(target: Target, traits: Traits) -> str:
    """The name, with what of a curve is compared where the options choose it."""
    if traits.options is None or "feature" not in traits.options.model_fields:
        return traits.words
    feature = target.options.get("feature", traits.options.model_fields["feature"].default)
    return f"{'deviation' if feature == 'curve' else str(feature).replace('_', ' ')} of {traits.words}"


def target_words(target: Target) -> str:
    """``density of the liquid at 300 K: 0.99656 ± 0.015 g/cm³``."""
    wanted = f"{plain(target.value)} ± {quantity_text(target.tolerance, target.unit, 3)}"
    return f"{observable_words(target)}: {wanted}"
