"""Force fields: water models by name, and OpenMM's own files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.errors import ConfigError, FileFormatError, SimulationError, did_you_mean
from cgbridge.models.atomistic.system import Start
from cgbridge.structures.box_sizes import MARGIN, require_width

#: Usual cutoff in nm of pairs in real space.
_CUTOFF = 0.9
#: Relative error of a force by the Ewald sum that OpenMM aims at: labels are as good as single precision.
_EWALD = 1e-5


@dataclass(frozen=True)
class WaterModel:
    """A published model of water in a file of ``data``; ``rigid`` if its molecules keep their shape."""

    name: str
    file: str
    rigid: bool


#: By their names in lower case; the sources stand in the files.
WATER_MODELS = {
    model.name.lower(): model
    for model in (
        WaterModel("SPC/E", "spce.xml", True),
        WaterModel("TIP4P/2005", "tip4p2005.xml", True),
        WaterModel("SPC/Fw", "spcfw.xml", False),
        WaterModel("q-TIP4P/F", "qtip4pf.xml", False),
    )
}


class ForceField:
    """A force field of OpenMM's with its electrostatics by particle-mesh Ewald.

    ``folder`` is where relative file names begin. Raises :class:`ConfigError` for an unknown name and
    :class:`FileFormatError` for a file that is no force field.
    """

    def __init__(self, section: PotentialSection, folder: Path) -> None:
        assert section.forcefield is not None
        names = (section.forcefield,) if isinstance(section.forcefield, str) else section.forcefield
        self._section = section
        waters = [WATER_MODELS.get(name.lower()) for name in names]
        self._contents = [_content(name, water, folder) for name, water in zip(names, waters, strict=True)]
        self._names = [water.name if water else name for name, water in zip(names, waters, strict=True)]
        self.rigid_water = _is_rigid(waters) if section.rigid_water is None else section.rigid_water
        self._force_field = _read(self._names, self._contents)

    @property
    def identity(self) -> dict[str, Any]:
        """Names, the hash of the files, and what was chosen."""
        return {
            "forcefield": self._names,
            "sha256": sha256("\0".join(self._contents).encode()).hexdigest(),
            "rigid_water": self.rigid_water,
            "constraints": self._section.constraints,
            "cutoff": self._section.cutoff,
        }

    def complete(self, start: Start) -> Start:
        """With virtual sites, and standard names of residues."""
        from openmm import unit
        from openmm.app import Modeller

        modeller = Modeller(start.topology, start.positions * unit.nanometer)
        with _openmm_words():
            modeller.addExtraParticles(self._force_field)
        positions = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
        return Start(modeller.topology, positions, start.box)

    def system(self, start: Start) -> tuple[Any, Sequence[str]]:
        """Constraints as the section says, and a correction for the dispersion beyond the cutoff."""
        from openmm import app

        cutoff = self._section.cutoff or min(_CUTOFF, start.width / (2.0 * MARGIN))
        require_width(start.width, cutoff, where="model.cutoff", remedy="use more molecules or a shorter one")
        bonds = {"none": None, "h-bonds": app.HBonds, "all-bonds": app.AllBonds}
        with _openmm_words():
            system = self._force_field.createSystem(
                start.topology,
                nonbondedMethod=app.PME,
                nonbondedCutoff=cutoff,
                constraints=bonds[self._section.constraints],
                rigidWater=self.rigid_water,
                removeCMMotion=False,
                ewaldErrorTolerance=_EWALD,
            )
        short = cutoff < _CUTOFF and self._section.cutoff is None
        return system, [f"the cutoff is {cutoff:.3f} nm: the box is narrow"] if short else []


def _is_rigid(waters: Sequence[WaterModel | None]) -> bool:
    """What the named model of water is, wherever it stands among the files; OpenMM's habit without one."""
    named = [water for water in waters if water is not None]
    kinds = {water.rigid for water in named}
    if len(kinds) > 1:
        raise ConfigError(
            f"{' and '.join(water.name for water in named)} are rigid and flexible models of water",
            where="model.forcefield",
            remedy="name one of them",
        )
    return kinds.pop() if kinds else True


def _content(name: str, water: WaterModel | None, folder: Path) -> str:
    """The text of a force-field file: ours, the user's, or one of OpenMM's."""
    import openmm.app

    own = files("cgbridge.models.atomistic") / "data"
    if water is not None:
        return (own / water.file).read_text(encoding="utf-8")
    for path in (folder / name, Path(openmm.app.__file__).parent / "data" / name):
        if path.is_file():
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise FileFormatError(f"cannot be read: {error}", where=str(path)) from None
    raise ConfigError(
        f"'{name}' is no force field{did_you_mean(name.lower(), WATER_MODELS)}",
        where="model.forcefield",
        remedy=f"one of {', '.join(w.name for w in WATER_MODELS.values())}, or a file of OpenMM's (XML)",
    )


def _read(names: Sequence[str], contents: Sequence[str]) -> Any:
    from openmm.app import ForceField as OpenMMForceField

    try:
        return OpenMMForceField(*(io.StringIO(content) for content in contents))
    except Exception as error:  # OpenMM's reader raises whatever the file makes it stumble over
        raise FileFormatError(
            f"OpenMM cannot read it as a force field: {error}",
            where=", ".join(names),
            remedy="give a ForceField file (XML) of OpenMM's, with its parts in the order that it needs",
        ) from None


@contextmanager
def _openmm_words() -> Iterator[None]:
    """What OpenMM says of a topology that does not fit becomes an error of ours."""
    try:
        yield
    except (ValueError, KeyError) as error:
        raise SimulationError(
            f"the force field does not fit the atoms: {error}",
            where="model.forcefield",
            remedy="name residues and atoms as the force field does; add hydrogens that are missing",
        ) from None
