"""A YAML file in the hands of a command that wants another: it is told what it is, and who takes it."""

from pathlib import Path

import pytest

from cgbridge.config.atomistic_config import AtomisticConfig
from cgbridge.config.file_kinds import require_kind
from cgbridge.config.loader import load_atomistic, load_fit, read_yaml
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.errors import ConfigError
from cgbridge.mapping.mapping_file import MappingFile
from cgbridge.models.files.model_file import ModelFile, read_model

ROOT = Path(__file__).parents[2]
FILES = {
    "fit": (ROOT / "examples/water.yaml", FitConfig, "a fit ", "cgbridge fit "),
    "forces": (ROOT / "examples/neural/beads.yaml", TrainingConfig, "a fit to forces", "cgbridge fit "),
    "atoms": (ROOT / "examples/neural/atoms.yaml", AtomisticConfig, "a simulation of atoms", "simulate "),
    "targets": (ROOT / "examples/evaluate/mw.yaml", EvaluateConfig, "a list of targets", "evaluate MODEL "),
    "model": (ROOT / "cgbridge/models/data/mw.yaml", ModelFile, "a model", "cgbridge models "),
    "mapping": (ROOT / "mappings/water-1bead.yaml", MappingFile, "a mapping", "--mapping "),
}


@pytest.mark.parametrize("wanted", FILES)
@pytest.mark.parametrize("given", FILES)
def test_every_kind_is_known_from_every_other(given, wanted):
    path, reader, what, use = FILES[given]
    data, _ = read_yaml(path)
    if given == wanted:
        require_kind(reader, data, str(path))
        return
    with pytest.raises(ConfigError, match=f"this is {what}") as caught:
        require_kind(FILES[wanted][1], data, str(path))
    assert use in str(caught.value.remedy) and str(path) in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (load_fit, "atoms"),
        (load_fit, "model"),
        (load_atomistic, "fit"),
        (read_model, "fit"),
        (read_model, "atoms"),
    ],
)
def test_readers_say_so(read, given):
    path, _, what, _ = FILES[given]
    with pytest.raises(ConfigError, match=f"this is {what.strip()}"):
        read(path)


def test_a_file_of_the_right_kind_is_told_its_own_faults(tmp_path):
    """Also with a key of another kind in it."""
    text = FILES["fit"][0].read_text() + "\ndata: {files: [x.h5]}\n"
    (tmp_path / "fit.yaml").write_text(text)
    with pytest.raises(ConfigError, match="unknown key 'data'"):
        load_fit(tmp_path / "fit.yaml")
