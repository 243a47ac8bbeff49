"""From the cell of a file to a periodic box that OpenMM takes, and forces back into the frame of the file.

OpenMM wants the box vectors a along x, b in the xy plane and off-diagonals of at most half a diagonal
element. Any cell becomes one of that form by two steps that keep the crystal: other vectors of the same
lattice, and a rotation. A left-handed cell gets -c for c, which spans the same lattice; nothing is ever
reflected.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.errors import SimulationError
from cgbridge.frames import FloatArray
from cgbridge.structures.box_sizes import require_width
from cgbridge.topology import Chains

if TYPE_CHECKING:
    from cgbridge.structures.structure_files import Structure

#: More beads than this are not made out of a small cell unasked.
_MOST_BEADS = 200_000
#: Above the diagonal a cell may hold this much of its length and still count as lying in OpenMM's frame.
_FLAT = 1e-13
#: Images across a vacuum are this many cutoffs apart: none sees another.
_VACUUM = 1.01
#: A cell is this much wider than twice the cutoff: forces are differences of energies in strained boxes.
_ROOM = 1.0 + 1e-4


@dataclass(frozen=True)
class Placement:
    """A structure as OpenMM takes it.

    ``box`` is None without periodicity. ``rotation`` is proper: ``positions`` are those of the file times
    it. ``copies`` counts the cells of the file that the box holds, the file's own beads first.
    """

    names: tuple[str, ...]
    positions: FloatArray
    box: FloatArray | None
    rotation: FloatArray
    copies: int = 1
    notes: tuple[str, ...] = ()

    def vectors_of_file(self, vectors: FloatArray) -> FloatArray:
        """Rows of ``vectors`` in the frame of the file."""
        turned: FloatArray = vectors @ self.rotation.T
        return turned

    def tensor_of_file(self, tensor: FloatArray) -> FloatArray:
        """A tensor of second rank in the frame of the file, R T R^t."""
        turned: FloatArray = self.rotation @ tensor @ self.rotation.T
        return turned


def place(structure: Structure, cutoff: float, *, repeat: bool = False) -> Placement:
    """Lay ``structure`` into a box a little wider than twice ``cutoff`` (nm).

    Open directions get a vacuum. A narrow cell is described by shorter vectors of its lattice if that makes
    it wide enough; otherwise it is repeated if ``repeat`` is set. Raises :class:`SimulationError`.
    """
    if structure.box is None:
        return Placement(structure.names, structure.positions, None, np.eye(3))
    closed, notes = _closed(structure, cutoff)
    least = 2.0 * cutoff * _ROOM
    cell = closed.box
    assert cell is not None  # an open direction makes no cell vanish
    rotation, box = openmm_box(cell)
    if _width(box) < least:
        cell = _shortest_vectors(cell, structure)
        rotation, box = openmm_box(cell)
    counts = (1, 1, 1)
    if _width(box) < least:
        counts = _counts(cell, cutoff)
        if not repeat:
            remedy = f"repeat the cell: --repeat {' '.join(map(str, counts))}"
            require_width(_width(box), 0.5 * least, where=closed.source, remedy=remedy)
        _require_few(len(structure.names) * math.prod(counts), structure)
        notes.append(
            f"the cell is {_width(box):.3f} nm wide, not more than twice the cutoff ({2.0 * cutoff:.3f} nm): "
            f"{' x '.join(map(str, counts))} cells are computed, and the results are those of one"
        )
        closed = repeated(replace(closed, box=cell), counts)
        assert closed.box is not None
        rotation, box = openmm_box(closed.box)
    return Placement(
        closed.names, closed.positions @ rotation, box, rotation, math.prod(counts), tuple(notes)
    )


def repeated(structure: Structure, counts: tuple[int, int, int]) -> Structure:
    """The structure with its cell repeated along its vectors, the cell of the file first.

    Raises :class:`SimulationError` where it is not periodic.
    """
    if counts == (1, 1, 1):
        return structure
    if structure.box is None or any(
        n > 1 and not flag for n, flag in zip(counts, structure.periodic, strict=True)
    ):
        raise SimulationError(
            "the structure is not periodic in a direction that is to be repeated",
            where=structure.source,
            remedy="repeat by 1 there, or give the file a cell",
        )
    _require_few(len(structure.names) * math.prod(counts), structure)
    grid = np.array(list(itertools.product(*map(range, counts))), dtype=float)
    positions = (structure.positions[None, :, :] + (grid @ structure.box)[:, None, :]).reshape(-1, 3)
    return replace(
        structure,
        names=structure.names * len(grid),
        positions=positions,
        box=structure.box * np.array(counts, dtype=float)[:, None],
    )


def made_whole(positions: FloatArray, box: FloatArray, bonds: Chains) -> FloatArray:
    """Positions in which every bond is as short as its images allow: beads are moved by vectors of ``box``.

    A barostat moves molecules by their middles, which those that are broken across the faces have elsewhere.
    """
    found, inverse = positions.copy(), np.linalg.inv(box)
    neighbours: dict[int, list[int]] = {}
    for i, j in bonds:
        neighbours.setdefault(i, []).append(j)
        neighbours.setdefault(j, []).append(i)
    seen: set[int] = set()
    for start in neighbours:
        waiting = [] if start in seen else [start]
        seen.add(start)
        while waiting:
            bead = waiting.pop()
            for other in neighbours[bead]:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
                    found[other] -= np.round((found[other] - found[bead]) @ inverse) @ box
    return found


def openmm_box(cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A proper rotation, and the box in OpenMM's form, of the lattice that the rows of ``cell`` span.

    Positions times the rotation lie in the frame of the box. The rotation is the unit matrix, exactly,
    where the cell lies in OpenMM's frame already.
    """
    cell = cell.copy()
    if np.linalg.det(cell) < 0.0:
        cell[2] = -cell[2]
    flat = np.abs(np.triu(cell, 1)).max() <= _FLAT * np.abs(cell).max()
    if flat and (np.diag(cell) > 0.0).all():
        return np.eye(3), reduced_box(np.tril(cell))
    q, r = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(r))
    return q * signs, reduced_box(np.tril((r * signs[:, None]).T))


def reduced_box(box: FloatArray) -> FloatArray:
    """Vectors of the same lattice in OpenMM's reduced form, of a lower triangular ``box`` (changed)."""
    # Far from reduced vectors lose digits in one pass, and OpenMM refuses half a vector and one bit.
    for _ in range(2):
        box[2] -= box[1] * np.round(box[2, 1] / box[1, 1])
        box[2] -= box[0] * np.round(box[2, 0] / box[0, 0])
        box[1] -= box[0] * np.round(box[1, 0] / box[0, 0])
    return box


def _width(box: FloatArray) -> float:
    """OpenMM's measure of a box: an image within half of it is the nearest one."""
    return float(np.min(np.diag(box)))


def _closed(structure: Structure, cutoff: float) -> tuple[Structure, list[str]]:
    """The structure with a vacuum in its open directions, at right angles to the periodic ones."""
    assert structure.box is not None
    if all(structure.periodic):
        return structure, []
    cell, notes = structure.box.copy(), []
    kept = [axis for axis in range(3) if structure.periodic[axis]]
    # The last columns of a full QR span what is at right angles to the periodic vectors.
    across = np.linalg.qr(cell[kept].T, mode="complete")[0][:, len(kept) :].T
    opened = [axis for axis in range(3) if not structure.periodic[axis]]
    for axis, direction in zip(opened, across, strict=True):
        reach = structure.positions @ direction
        length = max(float(np.ptp(reach)) + _VACUUM * cutoff, 2.0 * _VACUUM * cutoff)
        cell[axis] = direction * length
        notes.append(
            f"not periodic along {'abc'[axis]}: a vacuum separates the images there by more than the cutoff"
        )
    return replace(structure, box=cell, periodic=(True, True, True)), notes


def _shortest_vectors(cell: FloatArray, structure: Structure) -> FloatArray:
    """Shortest vectors of the same lattice; those across a vacuum stay."""
    from ase.geometry import minkowski_reduce

    try:
        reduced = minkowski_reduce(cell, pbc=structure.periodic)[0]
    except RuntimeError as error:
        raise SimulationError(
            f"the cell cannot be reduced: {error}", where=structure.source, remedy="give shorter cell vectors"
        ) from None
    shortest: FloatArray = np.asarray(reduced, dtype=float)
    return shortest


def _counts(cell: FloatArray, cutoff: float) -> tuple[int, int, int]:
    """How often each vector must be repeated: no face may be nearer to its opposite than twice the cutoff."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    a, b, c = (max(1, math.ceil(2.0 * cutoff * _ROOM / height - 1e-9)) for height in heights)
    return a, b, c


def _require_few(beads: int, structure: Structure) -> None:
    if beads > _MOST_BEADS:
        raise SimulationError(
            f"the repeated cell would have {beads} beads, more than {_MOST_BEADS}",
            where=structure.source,
            remedy="is the cell in the right unit of length?",
        )
