"""Start structures: ideal lattices, liquids, films, and crystals for half-molten boxes; lengths in nm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import SimulationError, did_you_mean
from cgbridge.frames import FloatArray
from cgbridge.records.simulation import LIQUID, first_name
from cgbridge.structures.box_sizes import liquid_edge


@dataclass(frozen=True)
class Box:
    """Positions (N, 3) in nm in a box with the given edges (3,) in nm.

    ``tilts`` (b_x, c_x, c_y) in nm make it triclinic, with ``edges`` as the diagonal of its vectors.
    ``types`` names the bead type of every bead; empty where that is not told.
    """

    positions: FloatArray
    edges: FloatArray
    tilts: tuple[float, float, float] = (0.0, 0.0, 0.0)
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, positions: FloatArray, vectors: FloatArray, types: Sequence[str] = ()) -> Box:
        """The box whose vectors are the rows of ``vectors``: a along x, b in the xy plane."""
        tilts = float(vectors[1, 0]), float(vectors[2, 0]), float(vectors[2, 1])
        return cls(positions, np.diag(vectors).copy(), tilts, tuple(types))

    @property
    def vectors(self) -> FloatArray:
        """Box vectors as rows."""
        rows: FloatArray = np.diag(self.edges).astype(float)
        rows[1, 0], rows[2, 0], rows[2, 1] = self.tilts
        return rows

    @property
    def volume(self) -> float:
        return float(np.prod(self.edges))


@dataclass(frozen=True)
class _Cell:
    """Orthorhombic unit cell with nearest-neighbour distance 1; ``sites`` numbers the sublattice of each."""

    edges: tuple[float, float, float]
    fractions: tuple[tuple[float, float, float], ...]
    sites: tuple[int, ...] = ()

    @property
    def sublattices(self) -> int:
        return 1 + max(self.sites, default=0)


_FCC = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))
_HCP = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 1 / 6, 0.5), (0.0, 2 / 3, 0.5))
_A_HEX = math.sqrt(8.0 / 3.0)  # lattice constant of ideal wurtzite over its bond length

_CELLS = {
    # Diamond, for water cubic ice: a = 4 r / sqrt(3).
    "ice-ic": _Cell(
        (4 / math.sqrt(3),) * 3, _FCC + tuple((x + 0.25, y + 0.25, z + 0.25) for x, y, z in _FCC)
    ),
    # Hexagonal diamond, for water hexagonal ice: wurtzite of one kind of bead with ideal c/a = sqrt(8/3), in
    # its orthorhombic cell (a, sqrt(3) a, c).
    "ice-ih": _Cell(
        (_A_HEX, math.sqrt(3) * _A_HEX, 8.0 / 3.0), _HCP + tuple((x, y, z + 0.375) for x, y, z in _HCP)
    ),
}
_DIAMOND, _HEXAGONAL = _CELLS["ice-ic"], _CELLS["ice-ih"]
_BCC = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5))
_OCTAHEDRAL = tuple((x + 0.5, y, z) for x, y, z in _FCC)
#: Crystals of two kinds of beads, by the names of their prototypes.
_COMPOUNDS = {
    "zincblende": _Cell(_DIAMOND.edges, _DIAMOND.fractions, (0,) * 4 + (1,) * 4),
    "wurtzite": _Cell(_HEXAGONAL.edges, _HEXAGONAL.fractions, (0,) * 4 + (1,) * 4),
    "rocksalt": _Cell((2.0,) * 3, _FCC + _OCTAHEDRAL, (0,) * 4 + (1,) * 4),
    "cesium-chloride": _Cell((2 / math.sqrt(3),) * 3, _BCC, (0, 1)),
}
CLOSE_PACKED = "fcc"
_PACKINGS = {CLOSE_PACKED: _Cell((math.sqrt(2),) * 3, _FCC)}
#: Names of the crystals, those first that suit any substance.
CRYSTALS = ("diamond", "hexagonal-diamond", *_COMPOUNDS, *_PACKINGS, *_CELLS)
#: All that can be made, by name.
STRUCTURES = (LIQUID, *CRYSTALS)


def sublattices(structure: str) -> int:
    """How many kinds of sites a lattice has; raises :class:`SimulationError` for an unknown one."""
    return _cell(structure).sublattices


def lattice(structure: str, bond: float, repeats: tuple[int, int, int], types: Sequence[str] = ()) -> Box:
    """The lattice ``structure`` with nearest-neighbour distance ``bond``, repeated along x, y, z.

    ``types`` are the beads on its sublattices, where they are told.
    """
    cell = _cell(structure)
    edges = np.array(cell.edges) * bond
    grid = np.array(
        [(i, j, k) for i in range(repeats[0]) for j in range(repeats[1]) for k in range(repeats[2])]
    )
    fractions = (np.array(cell.fractions)[None, :, :] + grid[:, None, :]).reshape(-1, 3)
    sites = cell.sites or (0,) * len(cell.fractions)
    named = tuple(types[site] for site in sites) * len(grid) if types else ()
    return Box(fractions * edges, edges * np.array(repeats), types=named)


def repeats_for(structure: str, bond: float, *, beads: int, shortest: float) -> tuple[int, int, int]:
    """Repeats that make a box near a cube with about ``beads`` beads and no edge below ``shortest``."""
    cell = _cell(structure)
    edge = (beads / len(cell.fractions) * np.prod(cell.edges)) ** (1 / 3) * bond
    repeats = [
        max(round(edge / (length * bond)), math.ceil(shortest / (length * bond))) for length in cell.edges
    ]
    return repeats[0], repeats[1], repeats[2]


#: Faces of hexagonal crystals by the axis of the orthorhombic cell (a, sqrt(3) a, c) that is normal to them:
#: {11-20}, {10-10} and {0001}. A cubic crystal has {100} on all sides.
FACES = {"secondary-prism": 0, "prism": 1, "basal": 2}


def elongated(
    structure: str,
    bond: float,
    *,
    beads: int,
    shortest: float,
    types: Sequence[str] = (),
    face: str = "",
) -> Box:
    """A crystal about twice as long along z as along x and y, with about ``beads`` beads.

    ``face``, one of :data:`FACES`, is normal to z; empty: the prism face.
    """
    cell = _cell(structure)
    normal = FACES[face or "prism"]
    first, second = (axis for axis in range(3) if axis != normal)
    a, b, c = (cell.edges[axis] * bond for axis in (first, second, normal))
    side = (beads / len(cell.fractions) * a * b * c / 2.0) ** (1 / 3)
    n_a, n_b = (max(1, round(side / edge), math.ceil(shortest / edge)) for edge in (a, b))
    n_c = max(2, round(beads / len(cell.fractions) / (n_a * n_b)), math.ceil(2 * shortest / c))
    repeats = {first: n_a, second: n_b, normal: n_c}
    box = lattice(structure, bond, (repeats[0], repeats[1], repeats[2]), types)
    order = [first, second, normal]
    return Box(np.ascontiguousarray(box.positions[:, order]), box.edges[order], types=box.types)


def _cell(structure: str) -> _Cell:
    cell = (_CELLS | _COMPOUNDS | _PACKINGS).get(first_name(structure))
    if cell is None:
        raise SimulationError(
            f"unknown lattice '{structure}'{did_you_mean(structure, CRYSTALS)}",
            remedy="known: " + ", ".join(CRYSTALS),
        )
    return cell


def liquid(beads: int, mass: float, density: float, seed: int) -> Box:
    """Beads on random sites of a jittered cubic grid at ``density`` in g/cm^3: no overlaps, no order."""
    edge = liquid_edge(beads, mass, density)
    sites = math.ceil(beads ** (1 / 3) - 1e-9)
    grid = np.array(
        [(i, j, k) for i in range(sites) for j in range(sites) for k in range(sites)], dtype=float
    )
    generator = np.random.default_rng(seed)
    chosen = grid[np.sort(generator.permutation(len(grid))[:beads])]
    jitter = generator.uniform(-0.1, 0.1, size=(beads, 3))
    return Box((chosen + 0.5 + jitter) * edge / sites, np.full(3, edge))
