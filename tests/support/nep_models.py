"""Random networks of GPUMD's form, and configurations for them.

python tests/support/nep_models.py    # what calorine 4.1 (PyPI) says of them, into nep_values.json
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork
from cgbridge.models.files.nep import write_nep
from cgbridge.units import ANGSTROM, EV

VALUES = Path(__file__).with_name("nep_values.json")
ELEMENTS = ("O", "H", "Si", "C")
#: Kinds of particles, highest l, and whether there are q_222 and q_1111.
MODELS = {
    "one type": (1, 4, False, False),
    "one type, many-body": (1, 4, True, True),
    "two types": (2, 4, True, False),
    "two types, one network": (2, 3, False, True),
    "four types": (4, 4, True, True),
    "two types, no angles": (2, 0, False, False),
}
#: The second of these is written as version 3, which has one network for all types.
ONE_NETWORK = "two types, one network"
#: Files with the repulsion of nuclei: the network, the line of the head, and numbers for each pair of types
#: where they have their own. It reaches farther than anybody would let it, so that particles feel it.
WITH_REPULSION = {
    "four types, ZBL": ("four types", "zbl 1.5 4.2", []),
    "two types, ZBL by radii": ("two types", "zbl 1 5 2.4", []),
    "two types, own ZBL": (
        "two types",
        "zbl 0 0",
        [[1.0, 4.0, 0.2, 3.0, 0.5, 0.9, 0.3, 0.4, 0.03, 0.2],
         [0.5, 4.5, 0.3, 2.0, 0.3, 0.8, 0.3, 0.4, 0.1, 0.3],
         [2.0, 4.2, 0.1, 3.5, 0.4, 1.0, 0.4, 0.5, 0.05, 0.2]],
    ),
}  # fmt: skip
#: Of version 5, with a constant for each type.
OWN_CONSTANTS = "two types, own constants"
#: Edges in nm, a little more than twice the cutoff.
BOXES = {
    "orthogonal": np.diag([1.22, 1.4, 1.25]),
    "skewed": np.array([[1.4, 0.0, 0.0], [0.6, 1.3, 0.0], [-0.5, 0.55, 1.25]]),
}


@dataclass(frozen=True)
class Configuration:
    positions: np.ndarray  # (n, 3) / nm
    types: np.ndarray  # (n,)
    box: np.ndarray  # (3, 3), rows / nm


def names() -> list[str]:
    """All files."""
    return [*MODELS, *WITH_REPULSION, OWN_CONSTANTS]


def network(name: str) -> DescriptorNetwork:
    """With descriptors and energies of the order of one in a liquid, in units of 0.2 eV."""
    if name in WITH_REPULSION:
        return network(WITH_REPULSION[name][0])
    if name == OWN_CONSTANTS:
        found = network("two types")
        first, second = found.networks
        return replace(found, networks=(first, replace(second, constant=-50.0)))
    kinds, order, four, five = MODELS[name]
    random = np.random.default_rng(7)
    radial, angular, neurons = 6, 4, 12
    size = radial + angular * (order + four + five)

    def one() -> TypeNetwork:
        layer = Layer(0.6 * random.normal(size=(neurons, size)), 0.3 * random.normal(size=neurons))
        return TypeNetwork((layer,), 20.0 * random.normal(size=neurons), -30.0)

    networks = tuple(one() for _ in range(kinds))
    if name == ONE_NETWORK:
        networks = networks[:1] * kinds
    return DescriptorNetwork(
        0.6,
        0.45,
        0.3 * random.normal(size=(kinds, kinds, radial, 8)),
        0.5 * random.normal(size=(kinds, kinds, angular, 7)),
        order,
        networks,
        four,
        five,
    )


def write(path: Path, name: str) -> None:
    """The file of a network."""
    found = network(name)
    write_nep(path, ELEMENTS[: found.kinds], found)
    if name == ONE_NETWORK:
        lines = path.read_text().splitlines()
        neurons = len(found.networks[0].outputs)
        own = neurons * (found.size + 2)
        lines[0] = lines[0].replace("nep4", "nep3")
        path.write_text("\n".join(lines[: 6 + own] + lines[6 + own * found.kinds :]) + "\n")
    if name in WITH_REPULSION:
        _, head, numbers = WITH_REPULSION[name]
        lines = path.read_text().splitlines()
        lines[0] = lines[0].replace("nep4", "nep4_zbl")
        lines.insert(1, head)
        lines += [str(value) for pair in numbers for value in pair]
        path.write_text("\n".join(lines) + "\n")


def configuration(kinds: int, box: np.ndarray, density: float = 16.0) -> Configuration:
    """A disturbed lattice of ``density`` particles per nm^3."""
    random = np.random.default_rng(3)
    sides = np.maximum(1, np.round(np.diag(box) * density ** (1 / 3))).astype(int)
    places = np.stack(np.meshgrid(*map(np.arange, sides), indexing="ij"), -1).reshape(-1, 3)
    places = places + 0.5 + 0.4 * (random.random(places.shape) - 0.5)
    return Configuration(places / sides @ box, random.integers(0, kinds, len(places)), box)


def said_by_calorine(path: Path, frame: Configuration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energies of the particles in kJ/mol, forces in kJ/mol/nm, virial in kJ/mol."""
    import _nepy

    count = len(frame.positions)
    program = _nepy.NEPY(
        str(path),
        count,
        list((frame.box.T / ANGSTROM).ravel()),
        [ELEMENTS[kind] for kind in frame.types],
        list((frame.positions.T / ANGSTROM).ravel()),
        [1.0] * count,
    )
    energies, forces, virials = program.get_potential_forces_and_virials()
    return (
        np.array(energies) * EV,
        np.array(forces).reshape(3, count).T * (EV / ANGSTROM),
        # Theirs is the sum over the neighbours of r_ij times the force on i by j.
        np.array(virials).reshape(9, count).sum(axis=1).reshape(3, 3) * EV,
    )


def main() -> None:
    values: dict[str, dict[str, dict[str, list[float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nep.txt"
        for name in names():
            write(path, name)
            for box, vectors in BOXES.items():
                frame = configuration(network(name).kinds, vectors)
                found = said_by_calorine(path, frame)
                keys = ("energies", "forces", "virial")
                values.setdefault(name, {})[box] = {
                    key: [float(f"{v:.13g}") for v in part.ravel()]
                    for key, part in zip(keys, found, strict=True)
                }
    VALUES.write_text(json.dumps(values) + "\n")


if __name__ == "__main__":
    main()
