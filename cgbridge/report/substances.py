"""What is pictured: two targets are points of one series only where they are about the same substance."""

from __future__ import annotations

from dataclasses import dataclass

from cgbridge.observables.bulk import DEFAULT_CRYSTAL
from cgbridge.observables.traits import composition_words
from cgbridge.records.simulation import first_name
from cgbridge.records.target import Target
from cgbridge.report.digits import plain


@dataclass(frozen=True)
class Substance:
    """What has one density at one temperature: the beads that targets name, crystal, pressure in bar.

    ``crystal`` is empty for a liquid and for the crystal that is meant where none is named.
    """

    composition: tuple[str, ...]
    crystal: str
    pressure: float

    def words(self, phase: str) -> str:
        """``liquid``, ``liquid of Ar and Kr at 100 bar``."""
        beads = f" of {composition_words(self.composition)}" if self.composition else ""
        pressure = f" at {plain(self.pressure)} bar" if self.pressure != 1.0 else ""
        return f"{self.crystal or phase}{beads}{pressure}"


def substance_of(target: Target) -> Substance:
    """The substance that a target is about."""
    usual = target.is_liquid or first_name(target.structure) == DEFAULT_CRYSTAL
    return Substance(target.composition, "" if usual else target.structure, target.pressure)
