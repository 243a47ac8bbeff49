"""A neural model as one file: a zip of ``model.json`` and ``weights.safetensors``, and nothing to execute."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.errors import CgbridgeError, ConfigErrors, FileFormatError
from cgbridge.models.beads import Bead, Molecule
from cgbridge.models.neural import SUFFIX
from cgbridge.models.neural.architecture import build, network_settings
from cgbridge.models.neural.model import Example, NeuralModel
from cgbridge.models.neural.priors import prior_of
from cgbridge.models.neural.self_test import require_torch_agrees
from cgbridge.store.atomic import write_atomic
from cgbridge.topology import Topology

FORMAT = "cgbridge-neural-model"
SCHEMA = 1
_DESCRIPTION, _WEIGHTS = "model.json", "weights.safetensors"
#: A zip keeps times; equal models are equal files.
_TIME = (1980, 1, 1, 0, 0, 0)


def write_bundle(model: NeuralModel, path: Path) -> None:
    """Write ``path`` as a whole or not at all."""
    write_atomic(path, bytes_of_model(model))


def read_bundle(path: Path) -> NeuralModel:
    """The model of a file; see :meth:`~cgbridge.models.neural.model.NeuralModel.load`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return model_of_bytes(content, str(path))


def bytes_of_model(model: NeuralModel) -> bytes:
    """The content of the file; equal for equal models."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (
            (_DESCRIPTION, json.dumps(_description(model), indent=1).encode()),
            (_WEIGHTS, weights_of(model)),
        ):
            archive.writestr(zipfile.ZipInfo(name, _TIME), content)
    return file.getvalue()


def weights_of(model: NeuralModel) -> bytes:
    """All weights and buffers of all members, as safetensors."""
    from safetensors.torch import save

    tensors = {
        f"{number}.{key}": values.detach().contiguous().clone()
        for number, member in enumerate(model.members)
        for key, values in member.state_dict().items()
    }
    return save(tensors)


def physics(model: NeuralModel) -> str:
    """What decides about forces besides the weights, as JSON."""
    return json.dumps(
        {
            "architecture": model.architecture,
            "settings": model.settings.model_dump(mode="json"),
            "beads": [{"name": bead.name, "mass": bead.mass} for bead in model.beads],
            "molecules": [
                {"name": m.name, "beads": m.beads, "bonds": m.bonds, "excluded": m.excluded}
                for m in model.molecules
            ],
            "members": len(model.members),
            "priors": [{"name": p.name, **p.content()} for p in model.members[0].known],
        }
    )


def _description(model: NeuralModel) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": model.name,
        "description": model.description,
        "source": model.source,
        **json.loads(physics(model)),
        "cutoff": model.cutoff,
        "units": {"length": "nm", "energy": "kJ/mol", "force": "kJ/mol/nm", "mass": "amu"},
        "mapping": model.mapping,
        "provenance": dict(model.provenance),
        "example": None if model.example is None else _example_to_json(model.example),
    }


def _example_to_json(example: Example) -> dict[str, Any]:
    topology = example.topology
    return {
        "types": topology.types,
        "molecules": topology.molecules,
        "bonds": topology.bonds,
        "angles": topology.angles,
        "torsions": topology.torsions,
        "exclusions": topology.exclusions,
        "positions": example.positions.tolist(),
        "box": None if example.box is None else example.box.tolist(),
        "energy": example.energy,
        "forces": example.forces.tolist(),
        "temperature": example.temperature,
    }


def _example_of_json(content: Mapping[str, Any]) -> Example:
    def chains(key: str) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(index) for index in chain) for chain in content[key])

    topology = Topology(
        tuple(content["types"]),
        tuple(content["molecules"]),
        chains("bonds"),
        chains("angles"),
        chains("torsions"),
        chains("exclusions"),
    )
    box = content["box"]
    return Example(
        topology,
        np.array(content["positions"], dtype=float).reshape(-1, 3),
        None if box is None else np.array(box, dtype=float),
        float(content["energy"]),
        np.array(content["forces"], dtype=float).reshape(-1, 3),
        content["temperature"],
    )


def model_of_bytes(content: bytes, where: str) -> NeuralModel:
    """The model of a file's content, its potential tested against its example.

    Raises :class:`FileFormatError` for what is no bundle of this schema,
    :class:`~cgbridge.errors.MissingDependencyError` where a package is missing, and
    :class:`~cgbridge.errors.SimulationError` where the potential does not say what it said.
    """
    description, weights = _parts(content, where)
    if description.get("format") != FORMAT:
        raise FileFormatError("this is no neural model of cgbridge's", where=where)
    if description.get("schema") != SCHEMA:
        raise FileFormatError(
            f"the model has schema {description.get('schema')!r}, and this cgbridge reads {SCHEMA}",
            where=where,
            remedy="use the cgbridge that wrote it, or one that is newer",
        )
    try:
        model = _assembled(description, weights)
    except ConfigErrors as error:
        what = "; ".join(fault.what for fault in error.faults)
        raise FileFormatError(
            f"the model has settings that are not known here: {what}", where=where
        ) from None
    except CgbridgeError as error:
        place = f"{where}, {error.where or _DESCRIPTION}"
        raise type(error)(error.what, where=place, remedy=error.remedy) from None
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FileFormatError(
            f"the model is damaged: {type(error).__name__}: {reason[:200]}",
            where=where,
            remedy="copy the file anew, or save the model again",
        ) from None
    require_torch_agrees(model, where)
    return model


def _parts(content: bytes, where: str) -> tuple[dict[str, Any], bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Stored without compression: no file becomes larger than it is.
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise FileFormatError("the parts of the model are compressed", where=where)
            description = json.loads(archive.read(_DESCRIPTION))
            weights = archive.read(_WEIGHTS)
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, EOFError) as error:
        raise FileFormatError(
            f"this is no bundle of a neural model ({error})",
            where=where,
            remedy=f"a {SUFFIX} file is a zip of {_DESCRIPTION} and {_WEIGHTS}; "
            "checkpoints of other programs, which are pickles, are not read",
        ) from None
    if not isinstance(description, dict):
        raise FileFormatError(f"{_DESCRIPTION} is no mapping", where=where)
    return description, weights


def _assembled(description: Mapping[str, Any], weights: bytes) -> NeuralModel:
    from safetensors import SafetensorError
    from safetensors.torch import load

    settings = network_settings(description["architecture"], description["settings"], "settings")
    beads = tuple(Bead(bead["name"], bead["mass"]) for bead in description["beads"])
    priors = [
        prior_of(prior["name"], {key: value for key, value in prior.items() if key != "name"})
        for prior in description["priors"]
    ]
    try:
        tensors = load(weights)
    except SafetensorError as error:
        raise ValueError(str(error)) from None
    members = []
    for number in range(int(description["members"])):
        member = build(
            description["architecture"], settings, [bead.name for bead in beads], priors=priors, seed=0
        )
        prefix = f"{number}."
        own = {key.removeprefix(prefix): v for key, v in tensors.items() if key.startswith(prefix)}
        member.load_state_dict(own)
        members.append(member.eval())
    example = description["example"]
    return NeuralModel(
        name=description["name"],
        architecture=description["architecture"],
        settings=settings,
        beads=beads,
        members=tuple(members),
        molecules=tuple(
            Molecule(m["name"], tuple(m["beads"]), tuple(map(tuple, m["bonds"])), m["excluded"])
            for m in description["molecules"]
        ),
        description=description["description"],
        source=description["source"],
        mapping=description["mapping"],
        provenance=description["provenance"],
        example=None if example is None else _example_of_json(example),
    )
