"""The kinds of states that can be simulated, with what must be known of each without simulating it."""

from __future__ import annotations

from enum import StrEnum
from typing import Never, Self

from cgbridge.errors import ConfigError, did_you_mean


class SimulationKind(StrEnum):
    """What is set up to be simulated.

    ``static``
        nothing moves: no temperature, no steps, no statistical error.
    ``words``
        how it is called in a sentence, with the structure in its place.
    ``structured``
        its structure is part of the state: a crystal, or the liquid.
    """

    LATTICE = "lattice", True, "{structure} at rest"
    DIMER = "dimer", True, "dimer at rest", False
    CONFIGURATIONS = "configurations", True, "stored configurations", False
    BULK = "bulk", False, "{structure}"
    SLAB = "slab", False, "film"
    COEXISTENCE = "coexistence", False, "{structure} and liquid"
    GAS = "gas", False, "gas of single molecules", False

    static: bool
    words: str
    structured: bool

    def __new__(cls, value: str, static: bool = False, words: str = "", structured: bool = True) -> Self:
        """A member; called with the value alone it finds the member."""
        member = str.__new__(cls, value)
        member._value_, member.static, member.words, member.structured = value, static, words, structured
        return member

    @classmethod
    def _missing_(cls, value: object) -> Never:
        raise ConfigError(
            f"there is no kind of simulation called '{value}'{did_you_mean(str(value), cls)}",
            remedy="kinds: " + ", ".join(cls),
        )
