"""Models by name (the database that comes with the package) or from a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.extras import require
from cgbridge.models.files.model_file import read_model
from cgbridge.models.lammps_styles import style_of_file
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.network_model import SUFFIX as NETWORK_SUFFIX
from cgbridge.models.network_model import read_network
from cgbridge.models.neural import SUFFIX
from cgbridge.models.neural_terms import model_of_file
from cgbridge.models.terms.catalogue import form_of_suffix
from cgbridge.models.typed_beads import TypedBeads

DATA_FOLDER = Path(__file__).parent / "data"
_YAML_SUFFIXES = (".yaml", ".yml")
#: Files of models without named parameters.
NEURAL_SUFFIXES = (SUFFIX, NETWORK_SUFFIX)


def list_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in DATA_FOLDER.glob("*.yaml"))


def open_model(
    name_or_path: str | Path,
    *,
    masses: Mapping[str, float] | None = None,
    units: str | None = None,
    beads: Collection[str] | None = None,
) -> TypedBeads:
    """A model of any kind: what :func:`load_model` reads, a neural one (``.cgnn``), or a network of
    descriptors in a file of GPUMD's (``nep.txt``).

    Raises what :func:`load_model` does and, for the others, what
    :meth:`~cgbridge.models.neural.model.NeuralModel.load` and
    :func:`~cgbridge.models.network_model.read_network` do.
    """
    path = Path(name_or_path)
    if path.suffix not in NEURAL_SUFFIXES:
        return load_model(name_or_path, masses=masses, units=units, beads=beads)
    if units is not None or beads is not None:
        raise ConfigError(
            "a neural model has its own units and beads",
            where="--units" if units is not None else "--bead",
            remedy="leave the option out",
        )
    if path.suffix == NETWORK_SUFFIX:
        return read_network(_find(path, None), masses)
    require(("torch", "safetensors"), f"the neural model {path}")
    from cgbridge.models.neural.model import NeuralModel

    model = NeuralModel.load(_find(path, None))
    return model if masses is None else model.with_masses(masses)


def load_model(
    name_or_path: str | Path,
    search_folder: str | Path | None = None,
    *,
    bead_mass: float | None = None,
    masses: Mapping[str, float] | None = None,
    units: str | None = None,
    beads: Collection[str] | None = None,
) -> CoarseGrainedModel:
    """Load a model by database name, from a YAML model file, or from a LAMMPS .tersoff or .sw file; or a
    trained network of descriptors (``.cgnn``, ``nep.txt``) as a model of terms.

    A relative path is looked up in ``search_folder`` (the folder of the user's YAML) and then in the
    current folder. ``bead_mass`` in amu replaces the mass of every bead, ``masses`` those of the beads it
    names. ``beads`` names those that are needed: others of the file are left out; the only bead of a file
    serves beads of any name.

    LAMMPS files hold no masses and need not say their ``units`` (metal or real); what is taken then is
    told by :func:`~cgbridge.models.files.lammps_format.read_lammps`.

    Raises :class:`ConfigError` for an unknown name (with a suggestion), a missing file or a bad model,
    and :class:`~cgbridge.errors.FileFormatError` for a malformed LAMMPS file.
    """
    text = str(name_or_path)
    path = Path(text)
    if form_of_suffix(path.suffix) or style_of_file(path):
        from cgbridge.models.files.lammps_format import ModelChoices, read_lammps

        return read_lammps(_find(path, search_folder), ModelChoices(units, beads, masses, bead_mass))
    if units is not None:
        raise ConfigError(
            f"the model '{text}' has its own units",
            where="--units",
            remedy="leave them out; they are for LAMMPS files without a UNITS tag",
        )
    if path.suffix in NEURAL_SUFFIXES:
        model = model_of_file(_find(path, search_folder))
    elif path.suffix in _YAML_SUFFIXES:
        model = read_model(_find(path, search_folder))
    else:
        path = DATA_FOLDER / f"{text}.yaml"
        if text not in list_models():
            raise _unknown(text)
        model = read_model(path)
    model = model if beads is None else model.restricted(beads)
    model = model if bead_mass is None else model.with_bead_mass(bead_mass)
    return model if masses is None else model.with_masses(masses)


def _unknown(text: str) -> ConfigError:
    folder = Path(text)
    if folder.is_dir():  # such as the `best` of a run
        inside = sorted(p for p in folder.iterdir() if p.suffix in (SUFFIX, *_YAML_SUFFIXES))
        words = "give the file in it: " + ", ".join(map(str, inside)) if inside else "give a model file"
        return ConfigError(f"'{text}' is a folder", remedy=words)
    return ConfigError(
        f"unknown model '{text}'{did_you_mean(text.lower(), list_models())}",
        remedy=f"give a model file (.yaml, {SUFFIX}, .tersoff, .sw, nep.txt) or one of: "
        + ", ".join(list_models()),
    )


def _find(path: Path, search_folder: str | Path | None) -> Path:
    candidates = [path] if path.is_absolute() or search_folder is None else [Path(search_folder) / path, path]
    for candidate in candidates:
        if os.path.isfile(candidate):  # False as well for what can be no name of a file
            return candidate
    folders = " and ".join(dict.fromkeys(f"'{candidate.parent}'" for candidate in candidates))
    raise ConfigError(
        f"model file '{path}' not found",
        remedy=f"it was looked for in {folders}: paths are relative to the folder of the input file, or to "
        "the current one"
        if search_folder
        else "check the path",
    )
