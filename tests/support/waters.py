"""Small boxes of water for the tests of atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cgbridge.config.atomistic_config import AtomisticConfig
from cgbridge.models.atomistic.catalogue import atomistic_system
from cgbridge.models.atomistic.system import AtomisticSystem


def configuration(forcefield: Any = "SPC/Fw", molecules: int = 27, **sections: Any) -> AtomisticConfig:
    """A YAML of water as it would be read; ``sections`` replace those here."""
    content = {
        "schema": 1,
        "name": "water",
        "model": {"forcefield": forcefield},
        "system": {"molecules": molecules},
        "dynamics": {},
    }
    return AtomisticConfig.model_validate(content | sections)


def water_box(forcefield: Any = "SPC/Fw", molecules: int = 27, **sections: Any) -> AtomisticSystem:
    """A box of water with its potential."""
    return atomistic_system(configuration(forcefield, molecules, **sections), Path())
