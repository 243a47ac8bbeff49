"""What is wrong with labelled frames, told with file and frame, before anything is trained on them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from cgbridge.errors import CgbridgeWarning, FileFormatError
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.force_identity import force_slope
from cgbridge.fits.training.pair_geometry import minimum_image, pairs_within
from cgbridge.frames import Frame

#: Root mean square forces of beads and atoms lie far inside these limits, in kJ/mol/nm: water at 300 K has
#: 250 per molecule and 2000 per atom.
_FORCES = (1.0, 1e5)
#: No two particles of matter come nearer than this, in nm; atoms of a bond are 0.07 nm apart.
_NEAREST = 0.03
#: The nearest neighbours of condensed matter are nearer than this, in nm.
_FARTHEST = 1.5
#: A force this many times the root mean square is no thermal one.
_WILD = 100.0
#: The slope of the forces against distances may differ from 1 by so much, and by three standard errors,
#: before it is told, and by such a factor before it is refused: no two units differ by less.
_SLOPE, _REFUSED = 0.15, 3.0
#: A sum of forces this small, relative to that of independent ones, is none.
_NET = 0.05


@dataclass
class FrameChecks:
    """Looks at the frames of one file as they come; raises :class:`FileFormatError` for what is wrong."""

    source: str
    with_energies: bool
    _last: dict[tuple[str, ...], Frame] = field(default_factory=dict, repr=False)

    def __call__(self, number: int, frame: Frame, kind: tuple[str, ...] = ()) -> None:
        """Look at frame ``number``; ``kind`` tells boxes of other particles in the same file apart."""
        where = f"{self.source}, frame {number}"
        if frame.forces is None:
            raise FileFormatError(
                "there are no forces in this file, and they are what is fitted",
                where=where,
                remedy="record forces with the trajectory: `cgbridge simulate` and `cgbridge map` keep them",
            )
        if self.with_energies and frame.energy is None:
            raise FileFormatError(
                "there is no energy in this file",
                where=where,
                remedy="use method: force-matching, or label the frames with energies (in extended XYZ: "
                "energy or REF_energy)",
            )
        self._require_finite(where, frame)
        self._require_box(where, frame, self._last.get(kind))
        self._require_no_wild_force(where, frame)
        self._last[kind] = frame

    def _require_finite(self, where: str, frame: Frame) -> None:
        values = {"positions": frame.positions, "forces": frame.forces, "box": frame.box}
        for name, value in (values | {"energy": frame.energy}).items():
            if value is not None and not np.isfinite(value).all():
                raise FileFormatError(
                    f"{name} hold what is no number (nan or infinite)",
                    where=where,
                    remedy="leave the frame out, or label it again",
                )

    def _require_box(self, where: str, frame: Frame, last: Frame | None) -> None:
        volume = float(np.linalg.det(frame.box))
        if not volume > 0.0:
            raise FileFormatError(
                "the box is left-handed" if volume < 0.0 else "the box is missing or flat",
                where=where,
                remedy="a fit to forces needs the three box vectors of every frame; for what is not periodic "
                'give extended XYZ with pbc="F F F"',
            )
        if last is not None and not 0.5 < volume / float(np.linalg.det(last.box)) < 2.0:
            raise FileFormatError(
                "the volume changes by more than a factor of two between this frame and the one before",
                where=where,
                remedy="give runs at different densities as files of their own",
            )

    def _require_no_wild_force(self, where: str, frame: Frame) -> None:
        assert frame.forces is not None
        size = np.linalg.norm(frame.forces, axis=1)
        typical = float(np.sqrt(np.median(np.square(size))))
        worst = int(size.argmax())
        if typical > 0.0 and size[worst] > _WILD * typical:
            raise FileFormatError(
                f"the force on particle {worst} is {size[worst]:.3g} kJ/mol/nm, {size[worst] / typical:.0f} "
                "times the median",
                where=where,
                remedy="leave the frame out: a molecule broken across the box, or an overlap",
            )


def check_series(series: Series) -> tuple[str, ...]:
    """Look at all frames of a file together: units, distances, sums; returns what is worth to know.

    Raises :class:`FileFormatError` for what cannot be, warns of what may be no mistake.
    """
    _require_sizes(series)
    _require_distances(series)
    _require_whole_bonds(series)
    return (*_net_force(series), *_slope(series))


def _require_sizes(series: Series) -> None:
    spread = float(np.sqrt(np.mean(np.square(series.forces, dtype=np.float64))))
    if not _FORCES[0] < spread < _FORCES[1]:
        raise FileFormatError(
            f"the forces have a root mean square of {spread:.3g} kJ/mol/nm, which is none of thermal matter",
            where=series.name,
            remedy="look at their unit: 1 eV/A is 9648.5 kJ/mol/nm, 1 kcal/mol/A is 41.84 kJ/mol/nm",
        )


def _require_distances(series: Series) -> None:
    """Positions in another unit than the box, or than nm, show in the nearest neighbours."""
    width = float(np.diagonal(series.box[0]).min())
    reach = min(_FARTHEST, 0.5 * width)
    pairs = pairs_within(series.positions[0], series.box[0], reach, None)
    nearest = float(pairs.distance.min()) if len(pairs.distance) else np.inf
    if series.particles > 1 and (nearest < _NEAREST or (nearest == np.inf and reach == _FARTHEST)):
        found = f"{nearest:.3g} nm" if np.isfinite(nearest) else f"more than {reach:g} nm"
        raise FileFormatError(
            f"the two nearest particles of its first frame are {found} apart",
            where=series.name,
            remedy="look at the unit of positions and box: both are in nm",
        )


def _require_whole_bonds(series: Series) -> None:
    """Bonds that are longer than half the box, or than anything: beads of another topology."""
    bonds = np.asarray(series.topology.bonds, dtype=int).reshape(-1, 2)
    if not len(bonds):
        return
    for index in range(len(series)):
        positions = series.positions[index].astype(np.float64)
        vector = minimum_image(positions[bonds[:, 0]] - positions[bonds[:, 1]], series.box[index])
        length = np.linalg.norm(vector, axis=1)
        if length.max() > _FARTHEST:
            i, j = bonds[int(length.argmax())]
            raise FileFormatError(
                f"the bond of particles {i} and {j} is {length.max():.3g} nm long",
                where=f"{series.name}, frame {series.number[index]}",
                remedy="the topology is that of other particles, or a molecule is broken",
            )


def _net_force(series: Series) -> tuple[str, ...]:
    """The sum of the forces of all particles, beside that of independent ones."""
    total = np.square(series.forces.sum(axis=1, dtype=np.float64)).sum()
    alone = np.square(series.forces, dtype=np.float64).sum()
    ratio = float(np.sqrt(total / max(alone, 1e-300)))
    if ratio < _NET:
        return ()
    warnings.warn(
        f"{series.name}: the forces of a frame do not add up to zero (their sum is {ratio:.2g} of that of "
        "independent forces): atoms without a bead, or a part of the forces only",
        CgbridgeWarning,
        stacklevel=2,
    )
    return (f"{series.name}: forces do not add up to zero ({ratio:.2g} of independent ones)",)


def _slope(series: Series) -> tuple[str, ...]:
    """The identity of forces and distances; frames that were chosen are no ensemble, and do not obey it."""
    found = None if series.independent else force_slope(series)
    if found is None:
        return ()
    factor = max(found.value, 1.0 / found.value) if found.value > 0.0 else np.inf
    off = abs(found.value - 1.0)
    words = (
        f"forces and distances agree at {series.state.temperature:g} K by a factor of "
        f"{found.value:.3g} +- {found.error:.2g}"
    )
    if factor > _REFUSED and off > 3.0 * found.error:
        raise FileFormatError(
            f"{words}, which is 1 for forces of the run that made the positions",
            where=series.name,
            remedy="look at the unit of the forces (1 kcal/mol/A is 41.84, 1 eV/A 9648.5 kJ/mol/nm), at the "
            "temperature, and whether forces and positions are of the same frames",
        )
    if off > _SLOPE and off > 3.0 * found.error:
        warnings.warn(
            f"{series.name}: {words} and not by 1: another temperature, or a force map that leaves out "
            "constraint forces",
            CgbridgeWarning,
            stacklevel=2,
        )
    return (f"{series.name}: {words} (1 is right)",)
