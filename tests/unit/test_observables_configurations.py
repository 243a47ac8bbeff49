"""Labelled configurations: the model of the labels deviates by nothing, others by what can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cgbridge.engine.engine import Engine
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import ConfigError, FileFormatError, UnstableError
from cgbridge.frames import Frame
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run
from cgbridge.records.target import Sampling, Target
from cgbridge.structures.structure_files import Structure
from cgbridge.targets.data_files import data_files
from cgbridge.testing.made_up_runs import lattice_frame
from cgbridge.testing.observables import check_observable
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header


def mw() -> CoarseGrainedModel:
    return load_model("mw")


def configurations(count: int = 6, repeats: tuple[int, int, int] = (2, 2, 2), seed: int = 0) -> list[Frame]:
    """Jittered cubic ice, compressed, expanded and sheared, and turned against the axes."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        ice = lattice_frame("diamond", 0.27 + 0.004 * number, repeats, jitter=0.012, seed=number)
        strain = np.eye(3) + 0.03 * random.normal(size=(3, 3))
        turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
        turn[:, 0] *= np.sign(np.linalg.det(strain @ turn))
        found.append(Frame(ice.positions @ strain @ turn, ice.box @ strain @ turn, float(number)))
    return found


def labelled(model: CoarseGrainedModel, frames: Sequence[Frame], shift: float = 0.0) -> list[Frame]:
    found = []
    for frame in frames:
        types = ("W",) * len(frame.positions)
        label = evaluate_structure(model, Structure(types, frame.positions, frame.box), "Reference")
        found.append(
            replace(
                frame,
                energy=label["energy_kj_mol"] + shift * len(types),
                forces=np.array(label["forces_kj_mol_nm"]),
            )
        )
    return found


def write(path: Path, frames: Sequence[Frame], types: Sequence[str] | None = None) -> Path:
    names = tuple(types or ("W",) * len(frames[0].positions))
    fields = tuple(name for name in ("forces", "energy") if getattr(frames[0], name) is not None)
    with TrajectoryWriter(
        path, len(names), Header(Beads(Topology(names), (18.0,) * len(names)), fields)
    ) as out:
        for frame in frames:
            out.append(frame)
    return path


def target(folder: Path, pattern: str = "*.h5", feature: str = "energy", **options: object) -> Target:
    unit = "kJ/mol" if feature == "energy" else "kJ/mol/nm"
    files = data_files((pattern,), folder, "files")
    return Target(
        "set", "configurations", 0.0, 1.0, unit, options={"feature": feature, **options}, files=files
    )


def measured(model: CoarseGrainedModel, wanted: Target) -> tuple[float, Run]:
    (simulation,) = get_observable("configurations").simulations(wanted, Sampling())
    run = Engine(EngineSettings()).run(model, simulation, 1, Path("unused"))
    return get_observable("configurations").measure(wanted, [run]).value, run


def test_the_model_that_made_the_labels_deviates_by_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", labelled(mw(), configurations()))
    # Positions are stored in single precision: 1e-7 nm times forces of some hundred kJ/(mol nm).
    assert measured(mw(), target(tmp_path))[0] < 1e-4
    assert measured(mw(), target(tmp_path, feature="forces"))[0] < 0.02


def test_a_constant_of_each_composition_does_not_count(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", labelled(mw(), configurations(), shift=-57.0))
    assert measured(mw(), target(tmp_path))[0] < 1e-4


def test_another_model_deviates_by_what_a_hand_finds(tmp_path: Path) -> None:
    frames = configurations()
    write(tmp_path / "a.h5", labelled(load_model("ml-bop"), frames))
    found, _ = measured(mw(), target(tmp_path))
    forces, _ = measured(mw(), target(tmp_path, feature="forces"))
    mine, other = labelled(mw(), frames), labelled(load_model("ml-bop"), frames)
    difference = np.array([(a.energy - b.energy) / 64 for a, b in zip(mine, other, strict=True)])
    assert found == pytest.approx(np.std(difference), rel=1e-5)  # single precision of the file
    expected = np.sqrt(np.mean([(a.forces - b.forces) ** 2 for a, b in zip(mine, other, strict=True)]))
    assert forces == pytest.approx(expected, rel=1e-5)


def test_narrow_cells_are_repeated(tmp_path: Path) -> None:
    # Cells of one and of eight: the same crystal, so the same energy per bead and forces.
    small = [lattice_frame("diamond", r, (1, 1, 1), jitter=0.01) for r in (0.26, 0.28)]
    write(tmp_path / "a.h5", labelled(mw(), small))
    _, run = measured(mw(), target(tmp_path))
    assert run.beads == 16 and measured(mw(), target(tmp_path, feature="forces"))[0] < 0.02


def test_files_of_different_sizes_make_one_set(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", labelled(mw(), configurations(2)))
    write(tmp_path / "b.h5", labelled(mw(), configurations(3, (3, 2, 2))))
    found, run = measured(mw(), target(tmp_path))
    assert found < 1e-4 and len(run.series["potential_energy"]) == 5 and run.beads == 2 * 64 + 3 * 96


def test_a_window_leaves_out_what_lies_high(tmp_path: Path) -> None:
    frames = labelled(mw(), configurations())
    frames[2] = replace(frames[2], energy=frames[2].energy + 64 * 500.0)
    write(tmp_path / "a.h5", frames)
    assert measured(mw(), target(tmp_path))[0] > 100.0
    assert measured(mw(), target(tmp_path, window="100 kJ/mol"))[0] < 1e-4


def test_it_conforms(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", labelled(mw(), configurations()))
    for feature in ("energy", "forces"):
        check_observable(target(tmp_path, feature=feature), tmp_path)


def test_equal_content_is_one_simulation_wherever_it_lies(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", labelled(mw(), configurations(2)))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.h5").write_bytes((tmp_path / "a.h5").read_bytes())
    one, other = target(tmp_path), target(tmp_path / "elsewhere")
    first, second = (get_observable("configurations").simulations(t, Sampling())[0] for t in (one, other))
    assert first.key == second.key and first.static and first.crystal is None
    frames = labelled(mw(), configurations(2))
    write(tmp_path / "elsewhere" / "b.h5", [replace(f, energy=f.energy + 1.0) for f in frames])
    changed = get_observable("configurations").simulations(target(tmp_path / "elsewhere"), Sampling())[0]
    assert changed.key != first.key


def test_faults(tmp_path: Path) -> None:
    plain = configurations(2)
    with pytest.raises(ConfigError, match=r"no file is called '\*\.h5'"):
        target(tmp_path)
    write(tmp_path / "a.h5", plain)
    with pytest.raises(ConfigError, match="this configuration has no energy"):
        measured(mw(), target(tmp_path))
    write(tmp_path / "a.h5", [replace(frame, energy=1.0) for frame in plain])
    with pytest.raises(ConfigError, match="this configuration has no forces"):
        measured(mw(), target(tmp_path, feature="forces"))
    bad = labelled(mw(), plain)
    bad[1].forces[3, 0] = np.nan
    write(tmp_path / "a.h5", bad)
    with pytest.raises(FileFormatError, match="forces of particle 4 are no numbers") as caught:
        measured(mw(), target(tmp_path))
    assert str(caught.value.where).endswith("a.h5, frame 1")
    write(tmp_path / "a.h5", labelled(mw(), plain), ["V"] * 64)
    with pytest.raises(ConfigError, match="model 'mw' has no bead 'V'"):
        measured(mw(), target(tmp_path))
    with pytest.raises(ConfigError, match="read from files"):
        get_observable("configurations").simulations(replace(target(tmp_path), files=()), Sampling())


def test_beads_on_each_other_break_the_candidate(tmp_path: Path) -> None:
    frame = labelled(mw(), configurations(1))[0]
    frame.positions[1] = frame.positions[0]
    write(tmp_path / "a.h5", [frame])
    with pytest.raises(UnstableError, match="not a number"):
        measured(mw(), target(tmp_path))
