"""Made-up runs with known answers, for conformance tests of observables (built-in or a stranger's).

Nothing here is simulated: lattices are perfect or jittered, gases are random, series are drawn from the
distribution whose moments the observable should find.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cgbridge.frames import FloatArray, Frame
from cgbridge.records.simulation import Run, Simulation
from cgbridge.simulation_kind import SimulationKind
from cgbridge.topology import Topology
from cgbridge.trajectories.configurations import read_configurations
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.units import AMU_PER_NM3

#: Mass of the bead of one-bead water, amu.
BEAD_MASS = 18.01528
#: Melting point of the synthetic coexistence runs, K.
MELTING_POINT = 275.0

_FCC = np.array([[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
_LATTICES: dict[str, tuple[FloatArray, FloatArray]] = {
    # name -> (cell of nearest-neighbour distance 1 as rows, fractional positions)
    "fcc": (np.eye(3) * np.sqrt(2.0), _FCC),
    "diamond": (np.eye(3) * 4.0 / np.sqrt(3.0), np.vstack([_FCC, _FCC + 0.25])),
    "ice-ih": (
        np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0], [0.0, 0.0, np.sqrt(8.0 / 3.0)]])
        * np.sqrt(8.0 / 3.0),
        np.array([[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.375], [2 / 3, 1 / 3, 0.875]]),
    ),
}


def lattice_frame(
    name: str, neighbour: float, repeats: tuple[int, int, int], *, jitter: float = 0.0, seed: int = 0
) -> Frame:
    """A lattice (``fcc``, ``diamond``, ``ice-ih``) with nearest neighbours ``neighbour`` nm apart.

    ``jitter`` is the standard deviation in nm of Gaussian displacements.
    """
    cell, basis = _LATTICES[name]
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in repeats), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    fraction = (grid + basis[None]).reshape(-1, 3)
    positions = fraction @ cell * neighbour
    positions = positions + jitter * np.random.default_rng(seed).standard_normal(positions.shape)
    return Frame(positions, cell * neighbour * np.array(repeats)[:, None], 0.0)


def gas_frames(beads: int, edge: float, count: int, *, seed: int = 0, interval: float = 1.0) -> list[Frame]:
    """Independent ideal-gas configurations in a cube of ``edge`` nm."""
    rng = np.random.default_rng(seed)
    return [Frame(rng.random((beads, 3)) * edge, np.eye(3) * edge, k * interval) for k in range(count)]


def molecule_frames(
    molecule: Topology, copies: int, edge: float, count: int, *, seed: int = 0
) -> list[Frame]:
    """Independent configurations of chains in a cube of ``edge`` nm, wrapped bead by bead.

    Every bond of ``molecule`` leads from a bead before it, is 0.30(1) nm long, and points anywhere.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(count):
        places = rng.random((copies, len(molecule), 3)) * edge
        for first, second in sorted(molecule.bonds, key=max):
            direction = rng.standard_normal((copies, 3))
            direction /= np.linalg.norm(direction, axis=1, keepdims=True)
            length = 0.3 + 0.01 * rng.standard_normal((copies, 1))
            places[:, max(first, second)] = places[:, min(first, second)] + length * direction
        frames.append(Frame(places.reshape(-1, 3) % edge, np.eye(3) * edge, float(number)))
    return frames


def walk_frames(
    beads: int, edge: float, count: int, *, diffusion: float, seed: int = 0, interval: float = 1.0
) -> list[Frame]:
    """Independent random walkers with ``diffusion`` nm^2/ps, wrapped into a cube of ``edge`` nm."""
    rng = np.random.default_rng(seed)
    steps = np.sqrt(2.0 * diffusion * interval) * rng.standard_normal((count, beads, 3))
    path = rng.random((beads, 3)) * edge + np.cumsum(steps, axis=0)
    return [Frame(points % edge, np.eye(3) * edge, k * interval) for k, points in enumerate(path)]


def write_frames(path: Path, frames: Sequence[Frame]) -> Trajectory:
    """Write frames to ``path`` and return the trajectory."""
    with TrajectoryWriter(path, len(frames[0].positions)) as writer:
        for frame in frames:
            writer.append(frame)
    return Trajectory(path)


def correlated_noise(count: int, memory: float, *, seed: int = 0) -> FloatArray:
    """Stationary Gaussian x_{t+1} = memory x_t + e, variance one; g = (1 + memory)/(1 - memory)."""
    rng = np.random.default_rng(seed)
    kicks = rng.standard_normal(count) * np.sqrt(1.0 - memory**2)
    series = np.empty(count)
    series[0] = rng.standard_normal()
    for index in range(1, count):
        series[index] = memory * series[index - 1] + kicks[index]
    return series


def melting_series(
    temperature: float, *, melting_point: float, count: int = 500, rate: float = 6e-4, seed: int = 0
) -> FloatArray:
    """Potential energy per bead, 1 ps apart: a ramp rate (T - Tm) t, saturated at 2.9 kJ/mol, with noise."""
    ramp = np.clip(rate * (temperature - melting_point) * np.arange(count), -2.9, 2.9)
    return np.asarray(-48.0 + ramp + 0.2 * correlated_noise(count, 0.6, seed=seed))


def synthetic_run(
    simulation: Simulation,
    folder: Path,
    *,
    seed: int = 0,
    count: int = 100,
    molecule: Topology | None = None,
) -> Run:
    """A run with every series, scalar and frame that the engine would give for ``simulation``.

    The liquid is an ideal gas of 216 beads, or as many in copies of ``molecule``, at 1 g/cm^3, the crystal
    jittered hexagonal ice; the density of the liquid has its maximum at 280 K; coexistence boxes
    melt at ``MELTING_POINT``.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(count, dtype=np.float64)
    if simulation.kind is SimulationKind.LATTICE:
        scalars = {"energy_per_bead": -45.0, "density": 0.95, "lattice_constant": 0.63}
        return Run(simulation, 8, BEAD_MASS, scalars=scalars)
    if simulation.kind is SimulationKind.CONFIGURATIONS:
        stored = read_configurations(simulation.files)
        energies = np.array([one.energy for one in stored]) + 0.1 * rng.standard_normal(len(stored))
        beads = sum(len(one.topology) for one in stored)
        series = {"potential_energy": energies, "forces": rng.standard_normal((beads, 3))}
        return Run(simulation, beads, BEAD_MASS, series)
    if simulation.kind is SimulationKind.DIMER:
        return Run(simulation, 2, BEAD_MASS, scalars={"energy": -24.0, "distance": 0.27})
    if simulation.kind is SimulationKind.COEXISTENCE:
        energy = melting_series(simulation.temperature, melting_point=MELTING_POINT, seed=seed)
        series = {"time": np.arange(500.0), "potential_energy": 720 * energy}
        return Run(simulation, 720, BEAD_MASS, series)
    frames: Iterable[Frame]
    topology = None
    if simulation.is_liquid:
        beads, energy_per_bead = 216, -40.0 + 0.03 * (simulation.temperature - 300.0)
        density = 0.9975 - 6e-6 * (simulation.temperature - 280.0) ** 2
        edge = float(np.cbrt(beads * BEAD_MASS * AMU_PER_NM3 / density))
        if molecule is None:
            frames = gas_frames(beads, edge, count, seed=seed)
        else:
            copies = beads // len(molecule)
            topology = molecule.repeated(copies)
            frames = molecule_frames(molecule, copies, edge, count, seed=seed)
    else:
        crystal = lattice_frame("ice-ih", 0.2766, (5, 5, 3))
        beads, density, energy_per_bead = len(crystal.positions), 0.92, -46.0
        shakes = 0.01 * rng.standard_normal((count, beads, 3))
        frames = [
            Frame(crystal.positions + shake, crystal.box, t) for t, shake in zip(time, shakes, strict=True)
        ]
    tensor = 20.0 * rng.standard_normal((count, 3, 3))
    tensor[:, 2, 2] += 144.0
    volume = beads * BEAD_MASS * AMU_PER_NM3 / density * (1.0 + 0.005 * rng.standard_normal(count))
    series = {
        "time": time,
        "potential_energy": beads * (energy_per_bead + 0.1 * rng.standard_normal(count)),
        "kinetic_energy": np.full(count, 1.5 * beads * 2.494),
        "volume": volume,
        "pressure_tensor": tensor,
        "box_z": np.full(count, 10.0),
    }
    name = f"{simulation.kind}-{simulation.structure}-{simulation.temperature:g}-{seed}.h5"
    trajectory = write_frames(folder / name, list(frames))
    return Run(simulation, beads, BEAD_MASS, series, trajectory=trajectory, topology=topology)
