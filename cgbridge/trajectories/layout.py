"""What stands where in a trajectory file, with its unit, and what is said about all frames."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cgbridge.atoms import Atoms
from cgbridge.topology import Beads

FORMAT, SCHEMA = "cgbridge-trajectory", 1
#: The one meaning of forces in a trajectory: minus the gradient of the potential energy; those of constraints
#: are not in them.
FORCES = "potential"


@dataclass(frozen=True)
class Field:
    """A dataset with one entry per frame; ``shape`` is that of an entry, -1 the number of particles."""

    shape: tuple[int, ...]
    dtype: str
    unit: str

    def entry(self, count: int) -> tuple[int, ...]:
        """The shape of an entry for ``count`` particles."""
        return tuple(count if size < 0 else size for size in self.shape)


#: In every trajectory; ``time`` is written last, so that a frame with a time is whole.
ALWAYS = {
    "positions": Field((-1, 3), "f4", "nm"),
    "box": Field((3, 3), "f8", "nm"),
    "time": Field((), "f8", "ps"),
}
#: Where they are asked for.
OPTIONAL = {
    "forces": Field((-1, 3), "f4", "kJ/mol/nm"),
    "velocities": Field((-1, 3), "f4", "nm/ps"),
    "energy": Field((), "f8", "kJ/mol"),
    "temperature": Field((), "f8", "K"),
    "pressure": Field((), "f8", "bar"),
    "force_error": Field((), "f8", "kJ/mol/nm"),
    "force_noise": Field((), "f8", "kJ/mol/nm"),
}


#: Under TIMES a source says NUMBERED where times are not known, and are the numbers of the frames.
TIMES, NUMBERED = "times", "numbered"
#: Bytes for what is known of the speed of a run, which is written when it ends: of a fixed length, as what
#: changes in a file that is open for readers must be.
_SPEED = 1000
#: What a source says of the state of its run, where it is known: nvt, npt or nve, K, bar (npt).
STATE = ("ensemble", "temperature", "pressure")


def state_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a run, for the source of what is made of it."""
    return {key: source[key] for key in STATE if key in source}


@dataclass(frozen=True)
class Header:
    """What a trajectory says beside its frames.

    ``particles`` are atoms or beads (None: nothing is known but their number), ``fields`` those of
    :data:`OPTIONAL` that every frame has, ``timestep`` in ps (NaN: not known), ``source`` what made the
    frames, free but for :data:`STATE` and :data:`TIMES`, ``versions`` of the software that did.
    """

    particles: Atoms | Beads | None = None
    fields: tuple[str, ...] = ()
    timestep: float = math.nan
    source: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def write_speed(file: Any, record: Mapping[str, Any]) -> None:
        """How fast the run was and where, for ``source["speed"]``; nothing into a file of before."""
        text = json.dumps(record).encode()
        if "speed" in file and len(text) <= _SPEED:
            file["speed"][()] = text
            file["speed"].flush()

    def write(self, file: Any) -> None:
        """Into a new file of h5py."""
        file.attrs.update({"format": FORMAT, "schema": SCHEMA, "timestep": self.timestep})
        file.attrs.update({"source": json.dumps(self.source), "versions": json.dumps(self.versions)})
        file.create_dataset("speed", (), dtype=f"S{_SPEED}")
        if "forces" in self.fields:
            file.attrs["forces"] = FORCES
        if isinstance(self.particles, Atoms):
            file["atoms"] = self.particles.to_json()
        elif self.particles is not None:
            file["bead_types"] = list(self.particles.topology.types)
            file["topology"] = self.particles.to_json()

    @classmethod
    def read(cls, file: Any) -> Header:
        """From a file of h5py; raises :class:`ValueError`, :class:`TypeError` or :class:`KeyError`."""
        particles: Atoms | Beads | None = None
        if "atoms" in file:
            particles = Atoms.from_json(file["atoms"].asstr()[()])
        elif "topology" in file:
            particles = Beads.from_json(file["topology"].asstr()[()])
        speed = file["speed"][()] if "speed" in file else b""
        return cls(
            particles=particles,
            fields=tuple(name for name in OPTIONAL if name in file),
            timestep=float(file.attrs["timestep"]),
            source=json.loads(file.attrs["source"]) | ({"speed": json.loads(speed)} if speed else {}),
            versions=json.loads(file.attrs["versions"]),
        )
