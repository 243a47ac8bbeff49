"""What each term of a model adds to the energy, told apart by OpenMM's groups of forces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.typed_beads import TypedBeads

if TYPE_CHECKING:
    import openmm

#: Groups of forces that OpenMM has.
GROUPS = 32


class TermEnergies:
    """The energies of the terms of ``model`` in ``system``, which the model made; call before its Context.

    A model of one term has no other energies than its own, and of more than 32 they are not told apart:
    ``names`` is empty then, and ``notes`` says so.
    """

    def __init__(self, model: TypedBeads, system: openmm.System) -> None:
        names = [term.name for term in model.terms] if isinstance(model, CoarseGrainedModel) else []
        self.names = names if 1 < len(names) <= GROUPS else []
        self.notes: list[str] = []
        if len(names) > GROUPS:
            self.notes.append(f"the energies of more than {GROUPS} terms are not told apart")
        group = {name: number for number, name in enumerate(self.names)}
        for force in system.getForces():
            # A term may have several forces, or none where it does not act.
            force.setForceGroup(group.get(force.getName(), 0))

    def of(self, context: openmm.Context) -> dict[str, float]:
        """kJ/mol by the names of the terms, at the present positions."""
        return {
            name: float(context.getState(energy=True, groups={number}).getPotentialEnergy()._value)
            for number, name in enumerate(self.names)
        }
