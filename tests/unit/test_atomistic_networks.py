"""Networks as potentials of atoms: our bundles, openmm-ml's potentials, and what is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import openmm
import pytest
from neural_models import small_model
from waters import configuration, water_box

torch = pytest.importorskip("torch")

from cgbridge.apps.atomistic import AtomisticRun  # noqa: E402
from cgbridge.config.atomistic_config import PotentialSection, StateSection  # noqa: E402
from cgbridge.engine.atomistic import AtomisticDynamics  # noqa: E402
from cgbridge.engine.settings import EngineSettings  # noqa: E402
from cgbridge.errors import (  # noqa: E402
    CgbridgeError,
    ConfigError,
    FileFormatError,
    MissingDependencyError,
    SimulationError,
)
from cgbridge.models.atomistic.catalogue import find_potential  # noqa: E402
from cgbridge.models.atomistic.openmm_ml import OpenMMPotential, known_potentials  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.trajectories.hdf5 import Trajectory  # noqa: E402
from cgbridge.units import EV  # noqa: E402


def test_a_bundle_moves_atoms_and_its_labels_are_those_of_torch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = small_model(kinds=("O", "H"), precision="float64", priors=False)
    model.save(tmp_path / "small.cgnn")
    config = configuration(
        model={"bundle": "small.cgnn"},
        system={"molecules": 64},
        state={"ensemble": "npt"},
        dynamics={
            "timestep": "0.1 fs",
            "equilibration": 0,
            "time": "1 fs",
            "interval": "0.5 fs",
            "minimise": False,
        },
    )
    AtomisticRun(config, tmp_path, lambda p: None).run()
    trajectory = Trajectory(tmp_path / "water.h5")
    assert trajectory.header.source["settings"]["potential"]["fingerprint"] == model.fingerprint()
    atoms = water_box(molecules=64, model={"bundle": str(tmp_path / "small.cgnn")})
    moving = AtomisticDynamics(atoms, StateSection(), EngineSettings("Reference", 1, 1e-4), 1)
    moving.begin(False)
    frame = moving.frame(0.0)
    kinds = torch.tensor([("O", "H").index(name) for name in atoms.atoms.elements])
    wanted = derivatives(model.potential, torch.tensor(frame.positions), kinds, torch.tensor(frame.box))
    # Double precision throughout; forces are some 1e3 kJ/mol/nm.
    assert frame.energy == pytest.approx(float(wanted.energy), rel=1e-10)
    assert np.allclose(frame.forces, wanted.forces.detach().numpy(), atol=1e-7)


def test_a_bundle_for_other_atoms_is_refused(tmp_path):
    small_model(kinds=("Ar",)).save(tmp_path / "argon.cgnn")
    with pytest.raises(SimulationError, match=r"knows Ar, not H, O"):
        potential = find_potential(PotentialSection(bundle="argon.cgnn"), tmp_path)
        potential.system(water_box(molecules=64).start)


def checkpoint(path: Path):
    """A TensorNet with random weights as torchmd-net writes it, and the model itself."""
    models = pytest.importorskip("torchmdnet.models.model")
    arguments = {
        "model": "tensornet", "precision": 32, "embedding_dimension": 16, "num_layers": 1, "num_rbf": 8,
        "rbf_type": "expnorm", "trainable_rbf": False, "activation": "silu", "cutoff_lower": 0.0,
        "cutoff_upper": 3.0, "max_z": 10, "max_num_neighbors": 32, "derivative": False, "atom_filter": -1,
        "prior_model": None, "output_model": "Scalar", "reduce_op": "add",
        "equivariance_invariance_group": "O(3)",
    }  # fmt: skip
    torch.manual_seed(2)
    model = models.create_model(arguments)
    weights = {f"model.{name}": value for name, value in model.state_dict().items()}
    torch.save({"state_dict": weights, "hyper_parameters": arguments}, path)
    return model


@pytest.mark.filterwarnings("ignore")  # of torch about openmm-ml and torchmd-net
def test_a_checkpoint_of_torchmd_net_keeps_its_weights_in_openmm(tmp_path):
    """openmm-ml 1.8 permutes those of a TensorNet, with energies that are wrong by any amount."""
    pytest.importorskip("openmmml")
    model = checkpoint(tmp_path / "net.ckpt")
    atoms = water_box(
        molecules=27, model={"potential": "torchmdnet", "file": str(tmp_path / "net.ckpt"), "trusted": True}
    )
    # One call only: for the second openmm-ml has torch compile the network, which takes a minute.
    context = openmm.Context(
        atoms.system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("CPU")
    )
    context.setPositions(atoms.start.positions)
    state = context.getState(energy=True, forces=True)
    numbers = torch.tensor([{"O": 8, "H": 1}[symbol] for symbol in atoms.atoms.elements])
    positions = torch.tensor(10 * atoms.start.positions, dtype=torch.float32, requires_grad=True)
    box = torch.tensor(10 * atoms.start.box, dtype=torch.float32)
    energy, _ = model(numbers, positions, torch.zeros(len(numbers), dtype=torch.long), box=box)
    energy.sum().backward()
    # Single precision inside, eV outside.
    assert state.getPotentialEnergy()._value == pytest.approx(float(energy.detach()) * EV, rel=1e-5)
    forces = -positions.grad.numpy() * 10 * EV
    found = state.getForces(asNumpy=True)._value
    assert np.allclose(found, forces, atol=1e-4 * np.abs(forces).max())


@pytest.mark.parametrize(
    ("section", "error", "words"),
    [
        ({"potential": "mase"}, ConfigError, "did you mean 'mace'"),
        ({"potential": "mace"}, ConfigError, "needs a file"),
        ({"potential": "torchmdnet", "file": "none.ckpt"}, FileFormatError, "no such file"),
        ({"potential": "torchmdnet", "file": "text.ckpt"}, ConfigError, "trusted: true"),
        ({"potential": "ani2x", "file": "text.ckpt"}, ConfigError, "need no file"),
        ({"potential": "torchmdnet", "file": "text.ckpt", "trusted": True}, FileFormatError, "text.ckpt"),
    ],
)
def test_potentials_that_do_not_do_are_refused(tmp_path, section, error, words):
    pytest.importorskip("openmmml")
    (tmp_path / "text.ckpt").write_text("no weights")
    with pytest.raises(error, match=words):
        OpenMMPotential(PotentialSection.model_validate(section), tmp_path).system(water_box().start)


def test_names_whose_weights_would_be_downloaded_are_refused_without_a_network(tmp_path, monkeypatch):
    """None of them runs on: either its package is missing here, or there is no network."""
    pytest.importorskip("openmmml")

    def unreachable(*_):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setenv("HOME", str(tmp_path))  # no weights of earlier days
    published = [name for name in known_potentials() if "-" in name]
    assert len(published) > 15
    start = water_box().start
    for name in published:
        with pytest.raises((MissingDependencyError, SimulationError)) as caught:
            OpenMMPotential(PotentialSection(potential=name), tmp_path).system(start)
        assert "model.potential" in str(caught.value) and caught.value.remedy


def test_a_server_that_cannot_be_reached_is_told_with_the_file_to_give():
    """What the packages raise that download: urllib's and requests' errors are OSErrors."""
    from urllib.error import URLError

    pytest.importorskip("openmmml")
    potential = OpenMMPotential(PotentialSection(potential="fennix-bio1-small"), Path())
    before = socket.getdefaulttimeout()
    with pytest.raises(CgbridgeError, match="give potential: fennix and file") as caught:  # noqa: SIM117
        with potential._foreign_faults():
            raise URLError("Name or service not known")
    assert caught.value.exit_code == 7 and socket.getdefaulttimeout() == before
