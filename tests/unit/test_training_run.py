"""A fit to forces in its run folder: published, measured, simulated, told, gone on with, refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fits import command
from labelled_frames import LENNARD_JONES, argon, save, water_set

from cgbridge.errors import ConfigError, RunFolderError
from cgbridge.fits.catalogue import read_fit_of_any_kind
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.dynamics import typical_start
from cgbridge.fits.training.folder import TrainingFolder
from cgbridge.fits.training.kind import TrainingFit
from cgbridge.fits.training.structure import Grid, overlap, rdf_difference, structure_of
from cgbridge.frames import Frame
from cgbridge.models.database import load_model
from cgbridge.models.pairs import pair_energy
from cgbridge.report.document import write_report
from cgbridge.report.status import run_lines, status_text
from cgbridge.topology import Topology

#: As `cgbridge simulate` keeps it in a trajectory of atoms, and `cgbridge map` hands it on.
SPEED = {
    "potential": "Rahman", "ns_per_day": 12.5, "timestep": 0.005, "atoms": 125,
    "platform": "CPU", "device": "a processor", "threads": 2,
}  # fmt: skip


def content(**more: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "method": "force-matching",
        "name": "argon <forces>",
        "data": {"files": [{"file": "frames.npz", "pressure": "1 bar"}], "gap": 0.0, "test": 0.1},
        "model": {"architecture": "pair-spline", "cutoff": 0.85},
        "run": {"folder": "run"},
        **more,
    }


def read(**more: Any) -> TrainingFit:
    """The fit of frames in the current folder."""
    source = {"ensemble": "nvt", "temperature": 120.0, "of": {"speed": SPEED}}
    save(Path("frames.npz"), argon(frames=30) | {"source": json.dumps(source)})
    Path("fit.yaml").write_text(yaml.safe_dump(content(**more)))
    found = read_fit_of_any_kind(Path("fit.yaml"))
    assert isinstance(found, TrainingFit)
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished fit, its dynamics among it."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        fit = read(validation={"time": 12.0, "equilibration": 2.0, "interval": 0.2, "shell": 0.5})
        fit.run(fresh=False, display=lambda rows: None)
        write_report(fit.layout)
    return folder


@pytest.fixture
def here(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the current folder."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True, symlinks=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_published_model_is_the_one_that_was_measured(here: Path) -> None:
    result = json.loads((here / "run/result.json").read_text())
    model = load_model("run/best/model.yaml")
    r = np.linspace(0.35, 0.8, 20)
    found, true = pair_energy(model, 0, 0, r), pair_energy(LENNARD_JONES, 0, 0, r)
    assert found is not None and true is not None
    np.testing.assert_allclose(found, true, atol=0.03)
    for use in ("train", "validation", "test"):
        errors = result["errors"][use]
        # What a spline of 0.02 nm leaves of Lennard-Jones forces, of 47 kJ/mol/nm.
        assert errors["force"] < 1.0 and errors["explained"] > 0.999


def test_dynamics_of_an_exact_model_are_those_of_the_data(here: Path) -> None:
    (state,) = json.loads((here / "run/result.json").read_text())["dynamics"]
    assert state["stable_ps"] == pytest.approx(14.0) and state["reason"] == ""
    rdf = state["rdf"]["Ar-Ar"]
    # 30 frames of 125 atoms beside 60 others: the difference is noise, as that of two halves of the data.
    assert rdf["difference"] < 2.5 * rdf["halves"]
    assert state["angles"]["overlap"] > 0.97
    assert state["pressure"]["stderr"] > 0.0 and state["ns_per_day"] > 0.0
    assert 0.1 < state["density"]["value"] < 1.6 and state["compressibility"]["value"] > 0.0
    assert state["compressibility"]["stderr"] > 0.0 and state["reference_compressibility"] is None


def test_the_page_and_the_terminal_tell_it(here: Path) -> None:
    page = (here / "run/report.html").read_text()
    assert "argon &lt;forces&gt;" in page and "<forces>" not in page
    for words in ("Force errors", "Dynamics with the model", "g(r) Ar-Ar", "agree at 120 K", "test"):
        assert words in page, words
    # The speed of the atoms has the name of its potential, and of where it was measured.
    words = "12 ns/day with Rahman (125 atoms, steps of 5 fs; when simulated: 2 threads of a processor)"
    assert words in page.replace("\u00a0", " "), page
    assert "http" not in page.replace("http://www.w3.org", "")
    fit = read_fit_of_any_kind(Path("fit.yaml"))
    status = status_text(fit.layout)
    assert "finished" in status and "14 ps stable" in status
    (line,) = run_lines(here)
    assert line.state == "finished" and "kJ/mol/nm" in line.deviation


@pytest.mark.parametrize("measured", [True, False])
def test_the_page_tells_the_rounds_of_active_learning(here: Path, measured: bool) -> None:
    keys = ("looks", "above", "threshold", "median", "largest", "broke", "labels", "failed", "force_error")
    rounds = [
        dict(zip(keys, values, strict=True))
        for values in ((101, 40, 25.0, 19.25, 171.5, 1, 20, 2, 61.8), (1, 1, 25.0, None, None, 0, 1, 0, 57.4))
    ]
    if measured:
        result = json.loads((here / "run" / "result.json").read_text())
        (here / "run" / "result.json").write_text(json.dumps(result | {"active_learning": rounds}))
    else:  # the last networks are still being simulated
        (here / "run" / "result.json").unlink()
        for number, one in enumerate(rounds, start=1):
            place = here / "run" / "rounds" / str(number)
            place.mkdir(parents=True)
            (place / "round.json").write_text(json.dumps(one))
    layout = TrainingFolder(here / "run")
    write_report(layout)
    page = (here / "run" / "report.html").read_text()
    for text in ("40 (40 %)", "171", "runs that broke down: 1; frames without a label: 2", "1 (100 %)"):
        assert text in page, text
    assert page.index("Active learning") < page.index("Disagreement by round") < page.index('id="dynamics"')
    assert "round 1     40 of 101 looks above 25 kJ/mol/nm, 20 labels" in status_text(layout)


def test_bonds_of_molecules_have_their_columns_and_pictures(here: Path) -> None:
    path = here / "run/dynamics.json"
    content_ = json.loads(path.read_text())
    curve = {"overlap": 0.9, "error": 0.01, "halves": 0.95, "unit": "nm", "x": [0.3, 0.302]}
    content_["states"]["0"]["bonded"] = {"bond A-B": curve | {"reference": [1.0, 2.0], "model": [2.0, 1.0]}}
    path.write_text(json.dumps(content_))
    page = write_report(read_fit_of_any_kind(Path("fit.yaml")).layout).read_text()
    for words in (
        "overlap of bonds and angles",
        "bond A-B 0.900 ± 0.010",
        "Bond A-B, frames.npz",
    ):
        assert words in page.replace("\u00a0", " "), words


def test_dynamics_begin_at_the_mean_volume_of_the_data() -> None:
    """Frames of a run at constant pressure have many volumes, and each belongs to another pressure."""
    found = argon(frames=10)
    scales = 1.0 + 0.02 * np.array([-4.0, 3.0, 1.0, -2.0, 0.4, 2.0, -1.0, 3.0, -3.0, 1.0])
    series = Series(
        "npt",
        Topology(tuple(map(str, found["bead_types"]))),
        (),
        (found["positions"] * scales[:, None, None]).astype(np.float32),
        found["forces"].astype(np.float32),
        found["box"] * scales[:, None, None],
        np.arange(10.0),
        np.arange(10),
    )
    start = typical_start(series)
    assert start.volume == pytest.approx(series.volume.mean(), rel=1e-12)
    # The fifth is nearest; places and box are scaled alike.
    np.testing.assert_allclose(
        start.positions / start.edges[0], found["positions"][4] / found["box"][4, 0, 0], atol=1e-6
    )


def test_the_same_command_takes_finished_dynamics_from_the_folder(here: Path) -> None:
    before = json.loads((here / "run/dynamics.json").read_text())
    told: list[str] = []
    fit = read_fit_of_any_kind(Path("fit.yaml"))
    fit.run(fresh=False, display=lambda rows: told.append(dict(rows)["doing"]))
    assert not any("constant" in words for words in told)
    assert json.loads((here / "run/dynamics.json").read_text()) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {"architecture": "pair-spline", "cutoff": 0.8}}, "model.cutoff 0.85 -> 0.8"),
        ({"training": {"loss": {"pressure": 1.0}}}, "training.loss.pressure 0.0 -> 1.0"),
        ({"method": "energy-force-matching"}, "another method"),
    ],
)
def test_another_input_is_refused_and_nothing_is_written_over(
    change: dict[str, Any], words: str, here: Path
) -> None:
    before = {
        path: path.read_bytes()
        for path in (here / "run").rglob("*")
        if path.is_file() and path.name != "run.lock"
    }
    with pytest.raises(RunFolderError, match=words):
        read(**change).run(fresh=False, display=lambda rows: None)
    assert all(path.read_bytes() == found for path, found in before.items())


def test_other_frames_under_the_same_name_are_refused(here: Path) -> None:
    save(Path("frames.npz"), argon(frames=31))
    with pytest.raises(RunFolderError, match=r"frames\.npz"):
        read_fit_of_any_kind(Path("fit.yaml")).run(fresh=False, display=lambda rows: None)


def test_fresh_forgets_it_but_not_what_others_put_there(here: Path) -> None:
    (here / "run/notes.txt").write_text("mine")
    fit = read(model={"architecture": "pair-spline", "cutoff": 0.8})
    fit.run(fresh=True, display=lambda rows: None)
    assert not (here / "run/dynamics.json").exists() and (here / "run/notes.txt").exists()


def test_the_commands(tmp_path: Path) -> None:
    save(tmp_path / "frames.npz", argon(frames=20))
    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(content()))
    checked = command(tmp_path, "check", "fit.yaml")
    assert checked.returncode == 0 and "coefficients" in checked.stdout, checked.stderr
    assert "14 train" in checked.stdout and "120 K" in checked.stdout
    assert "agree at 120 K" in checked.stderr and not (tmp_path / "run").exists()
    fitted = command(tmp_path, "fit", "fit.yaml")
    assert fitted.returncode == 0 and "force error" in fitted.stdout, fitted.stderr
    assert (tmp_path / "run/report.html").exists()
    again = command(tmp_path, "report", "run")
    assert again.returncode == 0, again.stderr


def test_keys_are_explained(tmp_path: Path) -> None:
    whole = command(tmp_path, "keys", "--forces").stdout
    assert "data.files[].file" in whole and "model.descriptor-network.neurons" in whole
    part = command(tmp_path, "keys", "training.rate", "--forces").stdout
    assert "training.rate.schedule" in part and "data.files" not in part


def test_a_method_that_nobody_knows_is_told(tmp_path: Path) -> None:
    (tmp_path / "fit.yaml").write_text("schema: 1\nmethod: force-maching\n")
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 2
    assert "fit.yaml:2: method: unknown method 'force-maching'; did you mean 'force-matching'?" in done.stderr


def test_a_committee_of_networks_is_published_as_one_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from cgbridge.models.neural.model import NeuralModel

    monkeypatch.chdir(tmp_path)
    model = {
        "architecture": "descriptor-network", "cutoff": 0.6, "angular_cutoff": 0.5, "neurons": 5,
        "radial_functions": 3, "angular_functions": 2, "angular_order": 2,
    }  # fmt: skip
    fit = read(
        model=model,
        data={"files": [{"file": "frames.npz"}], "gap": 0.0, "frames": 6},
        training={"epochs": 3, "committee": 2, "rate": {"begin": 0.01, "warm_up": 0}},
        validation={"time": 0.1, "equilibration": 0.0, "interval": 0.02},
    )
    told: list[dict[str, str]] = []
    fit.run(fresh=False, display=lambda rows: told.append(dict(rows)))
    assert {"network", "epoch", "force error", "rate", "time left"} <= set(told[-1]) | set(told[0])
    published = NeuralModel.load("run/best/model.cgnn")
    assert len(published.members) == 2 and published.members[0].priors[0].name == "repulsion"
    published.self_test()
    result = json.loads(Path("run/result.json").read_text())
    assert [member["epochs"] for member in result["model"]["members"]] == [3, 3]
    assert result["dynamics"][0]["stable_ps"] == pytest.approx(0.1)
    assert "network 2" in status_text(fit.layout)
    write_report(fit.layout)
    assert "Loss curves" in Path("run/report.html").read_text()


def test_atoms_with_energies_and_stresses_become_a_potential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an extended XYZ with boxes of two sizes to a bundle whose energies are those of the labels."""
    pytest.importorskip("torch")
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.units import EV

    monkeypatch.chdir(tmp_path)
    water_set(tmp_path / "dft.xyz", frames=24)
    model = {"architecture": "descriptor-network", "cutoff": 0.4, "angular_cutoff": 0.3, "neurons": 5}
    fit = read(
        method="energy-force-matching",
        model=model,
        data={"files": ["dft.xyz"], "gap": 0.0},
        training={"epochs": 2, "loss": {"virials": 0.01}, "batch": 3},
    )
    rows = dict(fit.trainer.describe())
    assert rows["priors"] == "none"
    fit.run(fresh=False, display=lambda rows: None)
    published = NeuralModel.load("run/best/model.cgnn")
    assert [bead.name for bead in published.beads] == ["O", "H"] and published.beads[0].mass is not None
    result = json.loads(Path("run/result.json").read_text())
    # All labels are -10 eV per atom: what the types have is all of it, and OpenMM's energies have it, too.
    energies = result["model"]["scales"]["type_energies"]
    assert energies[0] + 2.0 * energies[1] == pytest.approx(-30.0 * EV, rel=1e-6)
    assert published.example is not None
    per_atom = published.example.energy / len(published.example.topology.types)
    assert per_atom == pytest.approx(-10.0 * EV, abs=100.0)
    assert result["errors"]["validation"]["energy"] is not None
    curves = Path("run/members/1/curves.csv").read_text().splitlines()[0]
    assert "validation_energy" in curves


def test_structure_of_an_ideal_gas() -> None:
    random = np.random.default_rng(4)
    box = np.diag([2.0, 2.1, 2.2])
    frames = [Frame(random.uniform(0, 2.2, (100, 3)) * np.diag(box) / 2.2, box, 0.0) for _ in range(40)]
    found = structure_of(frames, Topology(("A",) * 60 + ("B",) * 40), Grid(0.9, 0.03, 0.4))
    for key, g in found.rdf.items():
        far = found.grid.centres > 0.3
        # 40 frames with some ten pairs in a bin: five per cent, over 20 bins.
        assert g.mean(axis=0)[far].mean() == pytest.approx(1.0, abs=0.03), key
    sine = np.sin(np.radians(found.grid.angles))
    assert overlap(found.angle_density, sine / sine.sum() / 2.0) > 0.96
    assert found.angle_density.sum() * 2.0 == pytest.approx(1.0)


def test_differences_of_curves() -> None:
    grid = Grid(1.0, 0.01, 0.3)
    one = np.ones(len(grid.centres))
    assert rdf_difference(one, 1.0 + 0.1 * np.sign(grid.centres - 0.5), grid) == pytest.approx(0.1)


@pytest.mark.parametrize("section", ["validation", "active_learning"])
def test_dynamics_at_an_unknown_temperature_are_refused(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They were left out without a word.
    monkeypatch.chdir(tmp_path)
    save(Path("frames.npz"), {**argon(frames=30), "source": "{}"})
    more: dict[str, Any] = {
        "validation": {"time": 1.0},
        "active_learning": {"atoms": "atoms.yaml", "mapping": "water-1bead", "threshold": 10.0},
    }
    given = content(training={"committee": 2}, **{section: more[section]})
    Path("fit.yaml").write_text(yaml.safe_dump(given))
    with pytest.raises(ConfigError, match=f"temperature of these frames is not known, and {section} runs"):
        read_fit_of_any_kind(Path("fit.yaml"))
    given["data"]["files"][0]["independent"] = True
    Path("fit.yaml").write_text(yaml.safe_dump(given))
    with pytest.raises(ConfigError, match=f"all frames are independent, and {section} runs"):
        read_fit_of_any_kind(Path("fit.yaml"))


def test_labels_of_chosen_frames_have_no_part_in_the_pressure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in the second round of active learning: labels that know no pressure beside a run that does.
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    save(Path("frames.npz"), argon(frames=30))
    save(Path("labels.npz"), argon(frames=10))
    files = [
        {"file": "frames.npz", "pressure": "1 bar"},
        {"file": "labels.npz", "temperature": "120 K", "independent": True},
    ]
    given = content(data={"files": files, "gap": 0.0}, training={"loss": {"pressure": 0.01}})
    given["model"] = {"architecture": "descriptor-network", "cutoff": 0.85}
    Path("fit.yaml").write_text(yaml.safe_dump(given))
    fit = read_fit_of_any_kind(Path("fit.yaml"))
    assert isinstance(fit, TrainingFit)
    run, labels = fit.task.data.series
    assert run.pressure is not None and labels.pressure is None
    # Even where a state is told: the mean over chosen frames is that of no ensemble.
    files[1]["pressure"] = "1 bar"
    Path("fit.yaml").write_text(yaml.safe_dump({**given, "data": {"files": files, "gap": 0.0}}))
    fit = read_fit_of_any_kind(Path("fit.yaml"))
    assert isinstance(fit, TrainingFit) and fit.task.data.series[1].pressure is None
