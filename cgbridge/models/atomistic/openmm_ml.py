"""Machine-learning potentials that openmm-ml knows, by name, with weights from a file of the user's."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.errors import (
    ConfigError,
    FileFormatError,
    MissingDependencyError,
    SimulationError,
    did_you_mean,
)
from cgbridge.extras import require
from cgbridge.models.atomistic.system import Start, add_molecules
from cgbridge.units import ANGSTROM, EV

#: Kinds that take a file of weights, and the argument that names it. All other names are those of published
#: weights, which openmm-ml downloads.
_FILES = {
    "mace": "modelPath",
    "aimnet": "modelPath",
    "fennix": "modelPath",
    "nequip": "modelPath",
    "torchmdnet": "modelPath",
    "deepmd": "model",
    "nep": "modelPath",
}
#: Files that are text or checked by their reader, which nobody need trust.
_HARMLESS = ("nep",)
#: Kinds whose files are in units of their own: nm and kJ/mol of one, if the user says nothing else.
_SCALED = ("nequip", "torchmdnet")
#: Needs a Python object.
_NOT_FROM_YAML = ("ase",)
#: Seconds after which a server that does not answer is none.
_PATIENCE = 10.0


class OpenMMPotential:
    """A potential of openmm-ml's on all atoms.

    Raises :class:`ConfigError` for an unknown name or a file that is missing or not trusted, and
    :class:`~cgbridge.errors.MissingDependencyError`.
    """

    def __init__(self, section: PotentialSection, folder: Path) -> None:
        assert section.potential is not None
        require(("openmmml",), f"the potential '{section.potential}'", where="model.potential")
        self._name = section.potential
        known = [name for name in known_potentials() if name not in _NOT_FROM_YAML]
        if self._name not in known:
            raise ConfigError(
                f"openmm-ml knows no potential '{self._name}'{did_you_mean(self._name, known)}",
                where="model.potential",
                remedy="one of: " + ", ".join(known),
            )
        self._options = dict(section.options)
        self._file = _weights(section, folder)

    @property
    def identity(self) -> dict[str, Any]:
        """Name, hash of the file, and the options."""
        found: dict[str, Any] = {"potential": self._name, "options": self._options}
        if self._file is not None:
            found["sha256"] = sha256(self._file.read_bytes()).hexdigest()
        return found

    def complete(self, start: Start) -> Start:
        """Nothing is added to the atoms."""
        return start

    def system(self, start: Start) -> tuple[Any, Sequence[str]]:
        """The forces of openmm-ml."""
        with self._foreign_faults():
            system = self._create(start.topology)
        add_molecules(system, start.topology)
        return system, ()

    def _create(self, topology: Any) -> Any:
        from openmmml import MLPotential

        arguments: dict[str, Any] = {}
        if self._file is not None:
            arguments[_FILES[self._name]] = str(self._file)
        if self._name in _SCALED:
            scales = {"lengthScale": ANGSTROM, "energyScale": EV}
            arguments |= {key: self._options.get(key, value) for key, value in scales.items()}
        options = {key: value for key, value in self._options.items() if key not in arguments}
        with _checkpoints_as_written():
            potential = MLPotential(self._name, **arguments)
            return potential.createSystem(topology, removeCMMotion=False, **options)

    @contextmanager
    def _foreign_faults(self) -> Iterator[None]:
        """Faults of downloading and of files as errors of ours; nobody waits long for a server."""
        patience = socket.getdefaulttimeout()
        socket.setdefaulttimeout(_PATIENCE)
        try:
            yield
        except ImportError as error:
            raise MissingDependencyError(
                f"the potential '{self._name}' needs a package that is not installed: {error}",
                where="model.potential",
                remedy="install what openmm-ml names there; it downloads published weights when it is used",
            ) from None
        except UnpicklingError as error:
            raise FileFormatError(
                f"no weights of this potential: {error}", where=str(self._file or self._name)
            ) from None
        except OSError as error:
            if self._file is not None:
                raise FileFormatError(f"cannot be read: {error}", where=str(self._file)) from None
            kind = next((kind for kind in _FILES if self._name.startswith(kind)), "torchmdnet")
            raise SimulationError(
                f"the weights of '{self._name}' are not on this machine and cannot be downloaded ({error})",
                where="model.potential",
                remedy=f"download them elsewhere and give potential: {kind} and file: their path",
            ) from None
        finally:
            socket.setdefaulttimeout(patience)


def known_potentials() -> list[str]:
    """The names that openmm-ml, and packages that add to it, have potentials for."""
    return sorted({entry.name for entry in entry_points(group="openmmml.potentials")})


def _weights(section: PotentialSection, folder: Path) -> Path | None:
    name = section.potential
    if name not in _FILES:
        if section.file is not None:
            raise ConfigError(
                f"'{name}' is the name of published weights, which need no file",
                where="model.file",
                remedy="leave it out, or give one of these as potential: " + ", ".join(_FILES),
            )
        return None
    if section.file is None:
        raise ConfigError(f"'{name}' needs a file of weights", where="model.file", remedy="give its path")
    path = folder / section.file
    if not path.is_file():
        raise FileFormatError("no such file", where=str(path))
    if not section.trusted and name not in _HARMLESS:
        raise ConfigError(
            "files of weights for openmm-ml are pickles, which can run any program when they are loaded",
            where=str(path),
            remedy="if you made it, or trust who did, write trusted: true below model",
        )
    return path


@contextmanager
def _checkpoints_as_written() -> Iterator[None]:
    """Let torchmd-net see how old a checkpoint is.

    openmm-ml 1.8 passes ``check_errors`` to torchmd-net's loader, which takes this key for the mark of a
    checkpoint in an old form and permutes the weights of a TensorNet: energies are then wrong, without an
    error.
    """
    try:
        import warp
        from torchmdnet.models import model as loading
    except ImportError:
        yield
        return
    warp.config.log_level = warp.LOG_WARNING  # its greeting would go to the user's standard output
    original = loading.load_model

    def load_model(*arguments: Any, **options: Any) -> Any:
        options.pop("check_errors", None)
        with warnings.catch_warnings():  # of options that this checkpoint has no use for
            warnings.simplefilter("ignore", UserWarning)
            return original(*arguments, **options)

    loading.load_model = load_model
    try:
        yield
    finally:
        loading.load_model = original
