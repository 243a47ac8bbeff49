"""Is a state one that a liquid bears, or would a simulation at its pressure tear it apart?"""

from __future__ import annotations

from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: In units of the ideal pressure N k T/V. Water at 300 K bears some -1400 bar, -1.0 of them, and only for a
#: while (Caupin and Stroock, doi:10.1002/9781118540350.ch3); models of beads bear less.
_BORNE = -0.5


def tears(pressure: float, particles: int, volume: float, temperature: float) -> bool:
    """Whether a liquid of N ``particles`` in ``volume`` nm^3 is not to be held at a ``pressure`` in bar."""
    return pressure * BAR_NM3 < _BORNE * particles * GAS_CONSTANT * temperature / volume
