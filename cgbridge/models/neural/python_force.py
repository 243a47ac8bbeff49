"""A neural potential as a force of OpenMM's, through its PythonForce.

OpenMM keeps a Python force by pickling it. What goes into the pickle is the bundle of the model as plain
bytes, whose weights are read by safetensors and checked by their hash: no weights are unpickled.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import torch

from cgbridge.frames import FloatArray
from cgbridge.models.neural import TEMPERATURE
from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.committee import Committee
from cgbridge.models.neural.derivatives import Derivatives, derivatives
from cgbridge.models.neural.neighbours import PairList
from cgbridge.models.neural.potential import NeuralPotential, types_of
from cgbridge.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    import openmm
#: Beyond the cutoff, in nm: pairs are found anew when a particle has gone half as far.
SKIN = 0.1


@lru_cache(maxsize=8)
def _loaded(digest: str, read: Callable[[], bytes]) -> tuple[NeuralPotential | Committee, tuple[str, ...]]:
    """Potential and names of types of the bundle with this hash, made once in a process."""
    from cgbridge.models.neural.bundle import model_of_bytes

    model = model_of_bytes(read(), "neural force")
    for values in model.potential.parameters():
        values.requires_grad_(False)
    return model.potential, model.bead_names


class NeuralForce:
    """Energy in kJ/mol and forces in kJ/mol/nm of a State of OpenMM's; positions come in double precision.

    ``bundle`` are the bytes of a saved model. ``temperature`` in K is for potentials that depend on it, and
    stands in a Context under :data:`~cgbridge.models.neural.TEMPERATURE`. Torch uses ``threads`` threads:
    more than one is slower by far where cores are shared. ``device`` is torch's name of one.
    """

    def __init__(
        self,
        bundle: bytes,
        topology: Topology,
        *,
        periodic: bool = True,
        threads: int = 1,
        device: str = "cpu",
        temperature: float | None = None,
    ) -> None:
        self._kept = {
            "bundle": bundle,
            "topology": topology,
            "periodic": periodic,
            "threads": threads,
            "device": device,
            "temperature": temperature,
        }
        self.temperature = temperature
        self.periodic, self._threads, self._device = periodic, threads, device
        potential, names = _loaded(hashlib.sha256(bundle).hexdigest() + device, _Bytes(bundle))
        self._potential = potential.to(device)
        self._types = types_of(topology.types, names).to(device)
        self._bonded = Bonded.of(topology, device)
        self.pairs = PairList(potential.cutoff, SKIN, self._bonded.exclusions)

    def __call__(self, state: openmm.State) -> tuple[float, FloatArray]:
        """What OpenMM asks for at every step."""
        positions, box = places_of(state, self.periodic)
        if not np.isfinite(positions).all():
            return float("nan"), np.full_like(positions, np.nan)
        temperature = None if self.temperature is None else state.getParameters()[TEMPERATURE]
        found = self.derivatives(positions, box, temperature=temperature)
        return float(found.energy), found.forces.cpu().numpy()

    def derivatives(
        self,
        positions: FloatArray,
        box: FloatArray | None,
        *,
        virial: bool = False,
        temperature: float | None = None,
    ) -> Derivatives:
        """Energy, forces and virial at positions (N, 3) in a box (3, 3), in nm."""
        places = torch.tensor(positions, dtype=torch.float64, device=self._device)
        lattice = None if box is None else torch.tensor(box, dtype=torch.float64, device=self._device)
        with _threads(self._threads):
            return derivatives(
                self._potential,
                places,
                self._types,
                lattice,
                virial=virial,
                bonded=self._bonded,
                pairs=self.pairs(places, lattice),
                temperature=self.temperature if temperature is None else temperature,
            )

    def __getstate__(self) -> dict[str, Any]:
        return self._kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__init__(  # type: ignore[misc]
            kept["bundle"],
            kept["topology"],
            periodic=kept["periodic"],
            threads=kept["threads"],
            device=kept["device"],
            temperature=kept["temperature"],
        )


class _Bytes:
    """Bytes behind a call; all are alike to the cache, which knows them by their hash."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self) -> bytes:
        return self._content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)

    def __hash__(self) -> int:
        return 0


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Torch with ``count`` threads; the user's own number comes back."""
    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def places_of(state: openmm.State, periodic: bool) -> tuple[FloatArray, FloatArray | None]:
    """Positions and box vectors of a State in nm."""
    positions = np.asarray(state.getPositions(asNumpy=True)._value, dtype=float)
    if not periodic:
        return positions, None
    return positions, np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value, dtype=float)


def python_force(computation: NeuralForce, name: str) -> openmm.PythonForce:
    """The OpenMM force of a computation."""
    import openmm

    known = {} if computation.temperature is None else {TEMPERATURE: computation.temperature}
    force = openmm.PythonForce(computation, known)
    force.setUsesPeriodicBoundaryConditions(computation.periodic)
    force.setName(name)
    return force


class _OwnOnly(pickle.Unpickler):
    """Reads nothing but a :class:`NeuralForce`: what another Python force has in its pickle is not run."""

    def find_class(self, module: str, name: str) -> Any:
        for known in (NeuralForce, Topology):
            if (module, name) == (known.__module__, known.__name__):
                return known
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a neural force")


def computation_of(force: openmm.Force) -> NeuralForce | None:
    """The computation behind a force of a System, if it is a neural potential of cgbridge's."""
    import openmm

    if not isinstance(force, openmm.PythonForce):
        return None
    # OpenMM hands a pickle out in its XML only.
    content = ElementTree.fromstring(openmm.XmlSerializer.serialize(force)).get("function", "")
    try:
        found = _OwnOnly(io.BytesIO(bytes.fromhex(content))).load()
    except (pickle.UnpicklingError, EOFError):
        return None
    return found if isinstance(found, NeuralForce) else None
