"""Names of the observables and where they live; nothing is loaded until it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from cgbridge.errors import CgbridgeError
from cgbridge.interfaces import Observable
from cgbridge.records.simulation import first_name
from cgbridge.registry import Registry

#: name in YAML -> "module:class or instance"
OBSERVABLES: Mapping[str, str] = MappingProxyType(
    {
        "lattice_energy": "cgbridge.observables.static:LATTICE_ENERGY",
        "lattice_density": "cgbridge.observables.static:LATTICE_DENSITY",
        "lattice_constant": "cgbridge.observables.static:LATTICE_CONSTANT",
        "dimer_energy": "cgbridge.observables.static:DIMER_ENERGY",
        "dimer_distance": "cgbridge.observables.static:DIMER_DISTANCE",
        "configurations": "cgbridge.observables.configurations:Configurations",
        "density": "cgbridge.observables.density:Density",
        "rdf": "cgbridge.observables.rdf:RDF",
        "crystal_density": "cgbridge.observables.crystal_density:CrystalDensity",
        "enthalpy_of_vaporization": "cgbridge.observables.enthalpy_of_vaporization:EnthalpyOfVaporization",
        "enthalpy_of_fusion": "cgbridge.observables.enthalpy_of_fusion:EnthalpyOfFusion",
        "compressibility": "cgbridge.observables.compressibility:Compressibility",
        "heat_capacity": "cgbridge.observables.heat_capacity:HeatCapacity",
        "tmd": "cgbridge.observables.tmd:TMD",
        "adf": "cgbridge.observables.adf:ADF",
        "bond_distribution": "cgbridge.observables.bonded:BondDistribution",
        "angle_distribution": "cgbridge.observables.bonded:AngleDistribution",
        "tetrahedral_order": "cgbridge.observables.tetrahedral_order:TetrahedralOrder",
        "diffusion": "cgbridge.observables.diffusion:Diffusion",
        "surface_tension": "cgbridge.observables.surface_tension:SurfaceTension",
        "melting_temperature": "cgbridge.observables.melting_temperature:MeltingTemperature",
    }
)


#: Other names of observables, from when only water was thought of.
ALIASES: Mapping[str, str] = MappingProxyType(
    {first_name(name): name for name in OBSERVABLES if first_name(name) != name}
)
#: Those of cgbridge, and those of packages that others install.
REGISTRY = Registry(
    "observable", "cgbridge.observables", OBSERVABLES, "; or module:Class for one of your own"
)


@dataclass(frozen=True)
class ObservableEntry:
    """One line of the catalogue: name, default unit, one line of description, and the package it is from."""

    name: str
    unit: str
    description: str
    package: str = ""


def get_observable(name: str, folder: str = "") -> Observable:
    """The observable ``name``: cgbridge's, that of an installed package, or one's own ``module:Class``.

    The module of one's own (:mod:`cgbridge.observables.own`) is looked for in ``folder`` first. Raises
    :class:`~cgbridge.errors.ConfigError` for an unknown name, and for a stranger's that cannot be loaded.
    """
    known = ALIASES.get(name, name)
    if ":" not in name and known in OBSERVABLES:
        module, _, attribute = OBSERVABLES[known].partition(":")
        found = vars(import_module(module))[attribute]
        observable: Observable = found() if isinstance(found, type) else found
        return observable
    from cgbridge.observables.own import load_own

    return load_own(name, folder) if ":" in name else load_own(REGISTRY.find(name).place, called=name)


def code_digest(name: str, folder: str) -> str:
    """Hash of the code of an observable that is not cgbridge's, which stands for its results; else empty."""
    if ":" not in name and ALIASES.get(name, name) in OBSERVABLES:
        return ""
    from cgbridge.observables.own import source_digest

    return source_digest(name if ":" in name else REGISTRY.find(name).place, folder)


def list_observables() -> list[ObservableEntry]:
    """All observables, cgbridge's own first; of one that cannot be loaded the description says why."""
    from cgbridge.observables.traits import traits_of

    found = []
    for entry in REGISTRY:
        try:
            observable = get_observable(entry.name)
        except CgbridgeError as error:
            found.append(ObservableEntry(entry.name, "", f"cannot be loaded: {error.what}", entry.package))
        else:
            summary = traits_of(observable).summary
            found.append(ObservableEntry(entry.name, observable.unit, summary, entry.package))
    return found
