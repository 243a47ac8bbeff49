"""The models of the database with one kind of bead: those that have closed forms and diamond lattices."""

from __future__ import annotations

from cgbridge.models.database import list_models, load_model

SINGLE_BEAD = [name for name in list_models() if len(load_model(name).beads) == 1]
