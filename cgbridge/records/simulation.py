"""What is simulated, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cgbridge.frames import FloatArray, Frames
from cgbridge.records.data_file import DataFile
from cgbridge.simulation_kind import SimulationKind
from cgbridge.topology import Topology

#: The structure that is no crystal.
LIQUID = "liquid"


#: Neutral names of what was first named for water, and the names that stand in keys and hashes: a state has
#: one key, and one seed, whichever of its names is used.
FIRST_NAMES: Mapping[str, str] = MappingProxyType(
    {"diamond": "ice-ic", "hexagonal-diamond": "ice-ih", "crystal_density": "ice_density"}
)


def first_name(name: str) -> str:
    """The name of a crystal or observable that stands in keys and hashes."""
    return FIRST_NAMES.get(name, name)


@dataclass(frozen=True)
class Simulation:
    """What is to be simulated for one state; equal keys share one run, made as long as the longest.

    ``kind`` (a member of :class:`SimulationKind` or its word)
        ``lattice`` static, 0 K, relaxed in volume (``structure`` names the lattice);
        ``dimer`` static pair at its minimum;
        ``configurations`` energies and forces of the configurations in ``files``, as they are;
        ``bulk`` NPT of ``structure`` (``liquid`` or an ice lattice, the latter with an anisotropic barostat);
        ``slab`` NVT of a liquid film between vacuum;
        ``coexistence`` half ``structure`` (an ice), half liquid, NPT;
        ``gas`` NVT of molecules that do not feel each other.
    ``temperature`` K, ``pressure`` bar, ``equilibration`` and ``production`` ps, ``interval`` ps between
    frames, ``replica`` distinguishes independent repetitions (other seeds). ``density`` g/cm^3 is about what
    a liquid has (0: not known, the engine finds one), ``reach`` nm how far from a bead its frames will be
    looked at: a box narrower than twice that is of no use. ``composition`` names the beads on the sublattices
    of a crystal, or those of a liquid in their ratio; where it is empty they are those of the model. ``face``
    of a crystal that meets its liquid: empty, the prism face of hexagonal ones.
    """

    kind: SimulationKind
    structure: str = LIQUID
    temperature: float = 0.0
    pressure: float = 1.0
    beads: int = 0
    equilibration: float = 0.0
    production: float = 0.0
    interval: float = 1.0
    replica: int = 0
    density: float = 0.0
    reach: float = 0.0
    composition: tuple[str, ...] = ()
    face: str = ""
    files: tuple[DataFile, ...] = ()

    def __post_init__(self) -> None:
        """Raises :class:`~cgbridge.errors.ConfigError` for a word that is no kind."""
        object.__setattr__(self, "kind", SimulationKind(self.kind))

    @property
    def static(self) -> bool:
        """Whether nothing moves in it."""
        return self.kind.static

    @property
    def is_liquid(self) -> bool:
        """Whether all of it is liquid: a bulk or a film."""
        return not self.static and self.structure == LIQUID

    @property
    def crystal(self) -> str | None:
        """The name of the crystal that is in it, if there is one."""
        return self.structure if self.kind.structured and self.structure != LIQUID else None

    @property
    def key(self) -> tuple[str | float, ...]:
        """Simulations with equal keys are the same state and can share one run."""
        structure = first_name(self.structure)
        state = (self.kind.value, structure, self.temperature, self.pressure, self.beads, self.replica)
        face = (self.face,) if self.face else ()
        return (*state, *self.composition, *face, *(file.digest for file in self.files))

    @property
    def duration(self) -> float:
        """Total simulated time in ps."""
        return self.equilibration + self.production

    def lengthened(self, production: float) -> Simulation:
        """The same state, measured for ``production`` ps."""
        return replace(self, production=production)

    def merged(self, other: Simulation) -> Simulation:
        """One simulation that serves both requests."""
        if self.key != other.key:
            raise ValueError("only simulations of the same state can be merged")
        return replace(
            self,
            equilibration=max(self.equilibration, other.equilibration),
            production=max(self.production, other.production),
            interval=min(self.interval, other.interval),
            density=self.density or other.density,
            reach=max(self.reach, other.reach),
        )

    @property
    def label(self) -> str:
        """Short name for messages and the report: ``bulk liquid 300 K``."""
        words = [self.kind.value] + [self.structure] * self.kind.structured
        return " ".join(words + [f"{self.temperature:g} K"] * (not self.static))

    @property
    def words(self) -> str:
        """What it is in a sentence: ``liquid``, ``film``, ``diamond at rest``."""
        return self.kind.words.format(structure=self.structure)


@dataclass(frozen=True)
class Run:
    """What the engine hands to the observables.

    ``series`` holds production time series of equal length, sampled every ``interval`` ps:
    ``time`` ps, ``potential_energy`` kJ/mol of the whole box, ``kinetic_energy`` kJ/mol, ``volume`` nm^3,
    ``pressure_tensor`` (n, 3, 3) bar (slab only). For ``coexistence`` the series start right after
    equilibration. ``scalars`` holds static results: ``energy_per_bead`` kJ/mol, ``density`` g/cm^3 and
    ``lattice_constant`` nm for ``lattice``; ``energy`` kJ/mol and ``distance`` nm for ``dimer``. For
    ``configurations`` the series are ``potential_energy`` of every one in kJ/mol and ``forces`` (beads of
    all, 3) in kJ/(mol nm), in the order of the files.
    ``bead_mass`` is the mean mass of a bead in amu, ``topology`` tells what every bead is.
    """

    simulation: Simulation
    beads: int
    bead_mass: float
    series: Mapping[str, FloatArray] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)
    trajectory: Frames | None = None
    md_steps: int = 0
    timestep: float = 0.0
    topology: Topology | None = None
