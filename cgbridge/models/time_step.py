"""Time steps that suit the fastest vibration of a model."""

from __future__ import annotations

import math

from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import shortest_period
from cgbridge.models.typed_beads import TypedBeads

#: Fewer steps in the period of the stiffest pair are worth a warning.
LEAST_STEPS = 12.0
#: Steps in a period that are recommended.
_GOOD_STEPS = 20.0
#: By this share of the temperature velocity Verlet may heat the stiffest vibration.
_HEATING = 0.002


def time_step_warning(model: TypedBeads, timestep: float) -> str:
    """What is wrong with ``timestep`` ps for ``model``; empty if nothing is, or nothing is known."""
    if not isinstance(model, CoarseGrainedModel):
        return ""
    period = shortest_period(model)
    if period / timestep >= LEAST_STEPS:
        return ""
    good = 1000.0 * period / _GOOD_STEPS
    digit = 10.0 ** math.floor(math.log10(good))
    return (
        f"the time step of {1000.0 * timestep:g} fs is long for '{model.name}': its stiffest pair of beads "
        f"vibrates in {1000.0 * period:.3g} fs; {math.floor(good / digit) * digit:g} fs would do"
    )


def verlet_step(model: CoarseGrainedModel) -> float:
    """Time step in ps below which velocity Verlet samples what small steps do; infinite if no pair binds.

    Under a thermostat that holds the kinetic energy of full steps at T, a vibration of angular frequency w
    has the configurations of T/(1 - (w h/2)^2) at the step h: exact for a harmonic one, as the method keeps
    v^2 + w^2 x^2 (1 - (w h/2)^2). Here (w h/2)^2 is 0.002 for the stiffest pair, half a kelvin at 300 K.
    """
    return math.sqrt(_HEATING) / math.pi * shortest_period(model)
