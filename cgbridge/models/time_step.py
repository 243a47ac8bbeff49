"""Time steps that suit the fastest vibration of a model."""

from __future__ import annotations

import math

import numpy as np

from cgbridge.models.model import CoarseGrainedModel

#: Fewer steps in the period of the stiffest pair are worth a warning.
LEAST_STEPS = 12.0
#: Steps in a period that are recommended.
_GOOD_STEPS = 20.0
_GRID = 2001
#: By this share of the temperature velocity Verlet may heat the stiffest vibration.
_HEATING = 0.002


def shortest_period(model: CoarseGrainedModel) -> float:
    """Period in ps of the stiffest isolated pair at its minimum, 2 pi sqrt(mu/k); infinite if none binds.

    k is the curvature of the pair energy there and mu the reduced mass.
    """
    shortest = math.inf
    for (first, second, third), values in model.internal_entries().items():
        if second != third:
            continue
        cutoff = model.functional_form.cutoff(values)
        distance = np.linspace(0.3 * cutoff, cutoff, _GRID)
        energy = model.functional_form.dimer_energy(values, distance)
        best = int(np.nanargmin(energy)) if np.isfinite(energy).any() else 0
        if best in (0, _GRID - 1) or not energy[best] < 0.0:
            continue
        below, at, above = energy[best - 1 : best + 2]
        curvature = (below - 2.0 * at + above) / (distance[1] - distance[0]) ** 2
        mass = 1.0 / (1.0 / model.mass_of(first) + 1.0 / model.mass_of(second))
        if curvature > 0.0:
            shortest = min(shortest, 2.0 * math.pi * math.sqrt(mass / curvature))
    return shortest


def time_step_warning(model: CoarseGrainedModel, timestep: float) -> str:
    """What is wrong with ``timestep`` ps for ``model``; empty if nothing is."""
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
