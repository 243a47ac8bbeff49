"""Trained networks as models of terms: a fit may search their factors, and other terms stand beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cgbridge.errors import ConfigError
from cgbridge.extras import require
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.network_model import SUFFIX, read_network
from cgbridge.models.term import Key, Term
from cgbridge.models.terms.catalogue import get_form
from cgbridge.models.terms.network import Network, NetworkData
from cgbridge.models.typed_beads import TypedBeads

if TYPE_CHECKING:
    from cgbridge.models.neural.model import NeuralModel


def network_of_file(path: Path) -> NetworkData:
    """The network of a bundle (``.cgnn``) or of a ``nep.txt``, without the terms beside it.

    Raises :class:`ConfigError` for another kind of model, and what reading the file does.
    """
    return _parts(path)[1]


def model_of_file(path: Path) -> CoarseGrainedModel:
    """The same model as terms: a network, and the bonds and angles beside it.

    Raises what :func:`network_of_file` does.
    """
    model, data, terms = _parts(path)
    factors = tuple(p for p in Network.shared if p.name not in data.without)
    values: dict[Key, dict[str, float]] = {(): {p.name: p.value or 0.0 for p in factors}}
    network = Term(Network.name, values | {(name,): {} for name in data.beads}, factors, network=data)
    return CoarseGrainedModel(
        model.name,
        model.beads,
        (network, *terms),
        model.molecules,
        model.description,
        model.source or str(path),
        model.notes,
    )


def network_of_terms(model: CoarseGrainedModel) -> NetworkData | None:
    """The one network that a model of terms is, its factors within; None where it is more than that."""
    term = model.terms[0]
    if len(model.terms) > 1 or term.network is None or term.network.change is not None:
        return None
    return term.network.with_factors(term.indexed(model.bead_index)[()])


def _parts(path: Path) -> tuple[TypedBeads, NetworkData, list[Term]]:
    if path.suffix == SUFFIX:
        file = read_network(path)
        if file.repulsion is not None:
            raise ConfigError("no term says what the repulsion of its nuclei says", where=str(path))
        return file, NetworkData(file.bead_names, file.network), []
    require(("torch", "safetensors"), f"the neural model {path}")
    from cgbridge.models.neural.model import NeuralModel

    model = NeuralModel.load(path)
    return (model, *_network_and_terms(model, path))


def _network_and_terms(model: NeuralModel, path: Path) -> tuple[NetworkData, list[Term]]:
    from cgbridge.models.neural.native import network_and_rest

    network, change, priors = network_and_rest(model, str(path))
    thermal = model.members[0].thermal
    temperatures = None if thermal is None else thermal.range
    terms = []
    for prior in priors:
        if prior.name not in _BONDED:
            raise ConfigError(
                f"its prior '{prior.name}' leaves out bonded pairs, and no term says the same",
                where=str(path),
            )
        terms.append(_bonded(prior.name, prior.content()["entries"], model.bead_names))
    return NetworkData(model.bead_names, network, change, temperatures), terms


#: Forms of priors, and the names and units of what their entries hold.
_BONDED = {
    "bonds": ("harmonic-bond", {"r0": "nm", "k": "kJ/mol/nm^2"}),
    "angles": ("harmonic-angle", {"theta0": "rad", "k": "kJ/mol/rad^2"}),
}


def _bonded(prior: str, entries: Mapping[str, Sequence[float]], beads: Sequence[str]) -> Term:
    """The term of a prior, whose entries are by numbers of types along a chain: ``0-1``."""
    name, units = _BONDED[prior]
    form = get_form(name)
    values = {
        form.canonical(tuple(beads[int(number)] for number in chain.split("-"))): dict(
            zip(units, found, strict=True)
        )
        for chain, found in entries.items()
    }
    return Term(name, values, tuple(replace(p, unit=units[p.name]) for p in form.parameters))
