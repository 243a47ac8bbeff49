"""Files of a run of atoms: what they are called, and that they replace nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.config.atomistic_config import AtomisticConfig
from cgbridge.errors import ConfigError
from cgbridge.trajectories.formats.frame import open_text
from cgbridge.trajectories.formats.xyz import parse_xyz, xyz_blocks
from cgbridge.trajectories.hdf5 import Trajectory

#: nm by which positions of one frame may differ in two of our files: single precision, and 1e-8 angstrom.
_SAME = 1e-5


@dataclass(frozen=True)
class RunFiles:
    """The ``trajectory`` NAME.h5, beside it its ``topology`` NAME.pdb and ``checkpoint``, and an ``xyz``."""

    trajectory: Path
    xyz: Path | None = None

    @classmethod
    def of(cls, config: AtomisticConfig) -> RunFiles:
        """As the section ``output`` has them."""
        return cls(config.output.trajectory or Path(f"{config.name}.h5"), config.output.xyz)

    @property
    def topology(self) -> Path:
        return self.trajectory.with_suffix(".pdb")

    @property
    def checkpoint(self) -> Path:
        return self.trajectory.with_suffix(".checkpoint.npz")

    def require_no_input(self, config: AtomisticConfig, folder: Path) -> None:
        """Raise :class:`ConfigError` where a file that is read would be written; ``folder`` is the YAML's."""
        names = (config.system.structure, config.model.bundle, config.model.file)
        inputs = [path for path in (folder / name for name in names if name is not None) if path.exists()]
        for output in (self.trajectory, self.topology, self.checkpoint, self.xyz):
            if output is not None and output.exists() and any(output.samefile(path) for path in inputs):
                raise ConfigError(
                    "this file is read, and the run would write over it"
                    + (f" with the topology of {self.trajectory}" if output == self.topology else ""),
                    where=str(output),
                    remedy="give another name, or another output.trajectory",
                )

    def require_own(self) -> None:
        """Raise :class:`ConfigError` where a file would be replaced that is not of this trajectory."""
        if not self.trajectory.exists():
            self._require_absent(self.topology, "output.trajectory")
        if self.xyz is not None and not self._holds_our_frames(self.xyz):
            self._require_absent(self.xyz, "output.xyz")

    def _require_absent(self, path: Path, key: str) -> None:
        if path.exists():
            raise ConfigError(
                f"this file exists, and is not of the trajectory {self.trajectory}",
                where=str(path),
                remedy=f"move it away, give another {key}, or --overwrite to begin again and replace it",
            )

    def _holds_our_frames(self, path: Path) -> bool:
        """Whether the first frame of an extended XYZ is that of the trajectory."""
        if not path.exists() or not self.trajectory.exists():
            return False
        trajectory = Trajectory(self.trajectory)
        first = next(iter(trajectory), None)
        particles = trajectory.header.particles
        if first is None or not isinstance(particles, Atoms):
            return False
        try:
            with open_text(path) as stream:
                found = parse_xyz(next(xyz_blocks(stream))).positions
        except (ValueError, OSError, StopIteration):
            return False
        own = first.positions[np.array(particles.masses) > 0.0]
        return found.shape == own.shape and bool(np.allclose(found, own, rtol=0.0, atol=_SAME))
