"""Names of the observables and where their classes live; nothing is loaded until it is asked for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.interfaces import Observable, first_name

#: name in YAML -> "module:Class"
OBSERVABLES: Mapping[str, str] = MappingProxyType(
    {
        "lattice_energy": "cgbridge.observables.lattice_energy:LatticeEnergy",
        "lattice_density": "cgbridge.observables.lattice_density:LatticeDensity",
        "dimer_energy": "cgbridge.observables.dimer_energy:DimerEnergy",
        "dimer_distance": "cgbridge.observables.dimer_distance:DimerDistance",
        "density": "cgbridge.observables.density:Density",
        "rdf": "cgbridge.observables.rdf:RDF",
        "crystal_density": "cgbridge.observables.crystal_density:CrystalDensity",
        "enthalpy_of_vaporization": "cgbridge.observables.enthalpy_of_vaporization:EnthalpyOfVaporization",
        "enthalpy_of_fusion": "cgbridge.observables.enthalpy_of_fusion:EnthalpyOfFusion",
        "compressibility": "cgbridge.observables.compressibility:Compressibility",
        "heat_capacity": "cgbridge.observables.heat_capacity:HeatCapacity",
        "tmd": "cgbridge.observables.tmd:TMD",
        "adf": "cgbridge.observables.adf:ADF",
        "tetrahedral_order": "cgbridge.observables.tetrahedral_order:TetrahedralOrder",
        "diffusion": "cgbridge.observables.diffusion:Diffusion",
        "surface_tension": "cgbridge.observables.surface_tension:SurfaceTension",
        "melting_temperature": "cgbridge.observables.melting_temperature:MeltingTemperature",
    }
)


@dataclass(frozen=True)
class ObservableEntry:
    """One line of the catalogue: name, default unit and a one-line description."""

    name: str
    unit: str
    description: str


#: Other names of observables, from when only water was thought of.
ALIASES: Mapping[str, str] = MappingProxyType(
    {first_name(name): name for name in OBSERVABLES if first_name(name) != name}
)


def get_observable(name: str, folder: str = "") -> Observable:
    """A new instance of the observable called ``name``.

    ``module:Class`` names one of the user's own (:mod:`cgbridge.observables.own`), whose module is looked for
    in ``folder`` first. Raises :class:`~cgbridge.errors.ConfigError` for an unknown name.
    """
    if ":" in name:
        from cgbridge.observables.own import load_own

        return load_own(name, folder)
    known = ALIASES.get(name, name)
    if known not in OBSERVABLES:
        raise ConfigError(
            f"unknown observable '{name}'{did_you_mean(name, [*OBSERVABLES, *ALIASES])}",
            remedy="known observables: " + ", ".join(OBSERVABLES) + "; or module:Class for one of your own",
        )
    module, class_name = OBSERVABLES[known].split(":")
    observable: Observable = vars(import_module(module))[class_name]()
    return observable


def list_observables() -> list[ObservableEntry]:
    """All observables with unit and description, read from the sources without importing them."""
    return [_read(name, *path.split(":")) for name, path in OBSERVABLES.items()]


def _read(name: str, module: str, class_name: str) -> ObservableEntry:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ConfigError(f"observable '{name}': module '{module}' is not installed")
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name)
    unit = next(
        n.value.value
        for n in body.body
        if isinstance(n, ast.Assign)
        and isinstance(n.targets[0], ast.Name)
        and n.targets[0].id == "unit"
        and isinstance(n.value, ast.Constant)
    )
    summary = (ast.get_docstring(tree) or "").split("\n")[0].rstrip(".")
    return ObservableEntry(name, str(unit), summary)
