"""Labelled frames: how they are dealt, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_frames import argon, save, water_set

from cgbridge.atoms import Atoms
from cgbridge.config.training_data_section import DataSection
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.engine.held_beads import LABEL_FIELDS, Label
from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError, FileFormatError
from cgbridge.fits.training.data_set import DataSet, Series, State
from cgbridge.fits.training.force_identity import force_slope
from cgbridge.fits.training.label_files import read_data
from cgbridge.fits.training.pair_geometry import minimum_image, pairs_within
from cgbridge.fits.training.split import split_frames
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.units import BAR_NM3, EV, GAS_CONSTANT, KCAL

Arrays = dict[str, Any]


@pytest.fixture(scope="module")
def liquid() -> Arrays:
    """Liquid argon with its forces."""
    return argon(frames=40)


def config(*files: Any, method: str = "force-matching", **data: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "method": method,
            "name": "argon",
            "data": {"files": list(files), **data},
            "model": {"architecture": "pair-spline"},
        }
    )


def read_all(found: TrainingConfig, folder: Path) -> DataSet:
    return read_data(found.data, folder, energies=found.with_energies)


def read(folder: Path, arrays: Arrays, **file: Any) -> DataSet:
    save(folder / "frames.npz", arrays)
    return read_all(config({"file": "frames.npz", **file}), folder)


def series(frames: int, *, apart: float = 1.0, name: str = "a") -> Series:
    """Frames without anything in them but their times."""
    return Series(
        name,
        Topology(("A", "A")),
        (1.0, 1.0),
        np.zeros((frames, 2, 3), dtype=np.float32),
        np.ones((frames, 2, 3), dtype=np.float32),
        np.tile(np.eye(3), (frames, 1, 1)),
        apart * np.arange(frames, dtype=float),
        np.arange(frames),
    )


def section(**keys: Any) -> DataSection:
    return DataSection.model_validate({"files": ["a"], **keys})


def test_means_know_their_noise_and_single_frames_do_not(liquid: Arrays, tmp_path: Path) -> None:
    assert read(tmp_path, liquid).noise is None
    topology = Topology(tuple(map(str, liquid["bead_types"])))
    header = Header(Beads(topology, (39.948,) * len(topology)), LABEL_FIELDS, source={"temperature": 120.0})
    with TrajectoryWriter(tmp_path / "labels.h5", len(topology), header) as writer:
        for number in range(40):
            positions, forces = liquid["positions"][number], liquid["forces"][number]
            label = Label(positions, forces, 0.0, variance=81.0, stderr=3.0 + number % 2, displacement=0.0)
            writer.append(label.frame(liquid["box"][number], float(number)))
    # 3 and 4 kJ/mol/nm in turn.
    assert read_all(config("labels.h5"), tmp_path).noise == pytest.approx(12.5**0.5)
    assert read_all(config("labels.h5", noise="7 kJ/mol/nm"), tmp_path).noise == 7.0


@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("frames", [50, 203])
def test_no_training_frame_is_near_a_held_back_one(frames: int, gap: float) -> None:
    one = series(frames, apart=0.5)
    found = split_frames(DataSet((one,)), section(gap=gap, validation=0.2, test=0.1))
    train = np.array([i for _, i in found.train])
    held = np.array([i for _, i in (*found.validation, *found.test)])
    nearest = np.abs(one.time[train][:, None] - one.time[held][None, :]).min()
    assert nearest > gap - 1e-9
    # What is left out stands on both sides of every held-back block, and nothing else is.
    assert len(found.train) + len(held) + found.left_out == frames
    assert found.left_out <= 2 * 3 * np.ceil(gap / 0.5)
    assert not set(train) & set(held)


def test_held_back_blocks_stand_evenly_and_have_the_size_asked_for() -> None:
    found = split_frames(DataSet((series(100),)), section(validation=0.2, test=0.1, gap=0.0))
    validation, test = ([i for _, i in part] for part in (found.validation, found.test))
    assert len(validation) == 20 and len(test) == 10
    # Whole blocks of ten, one near each end: a drift of the run is in both parts.
    assert {i // 10 for i in (*validation, *test)} == {1, 5, 8}


def test_every_file_has_frames_in_both_parts() -> None:
    data = DataSet((series(30), series(20, name="b")))
    found = split_frames(data, section(gap=0.0))
    for part in (found.train, found.validation):
        assert {number for number, _ in part} == {0, 1}


def test_fewer_training_frames_are_taken_evenly() -> None:
    found = split_frames(DataSet((series(100),)), section(gap=0.0, frames=8))
    places = [i for _, i in found.train]
    assert len(places) == 8 and min(np.diff(places)) >= 8


def test_too_few_frames_are_told() -> None:
    with pytest.raises(ConfigError, match="no frames are left for training"):
        split_frames(DataSet((series(5),)), section(gap=10.0))


@pytest.mark.parametrize("tilted", [False, True])
def test_pairs_are_those_of_all_images(tilted: bool) -> None:
    random = np.random.default_rng(3)
    box = np.array([[2.0, 0, 0], [0.6, 1.9, 0], [-0.5, 0.7, 2.1]]) if tilted else np.diag([2.0, 1.9, 2.1])
    positions = random.uniform(-4.0, 4.0, (40, 3))  # unwrapped, as trajectories are
    found = pairs_within(positions, box, 0.9, Topology(("A",) * 40, exclusions=((0, 1), (7, 3))))
    images = (
        np.array(
            [
                [i, j, k]
                for i in (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5)
                for j in range(-5, 6)
                for k in range(-5, 6)
            ]
        )
        @ box
    )
    nearest = {}
    for i in range(40):
        for j in range(i + 1, 40):
            distance = np.linalg.norm(positions[i] - positions[j] + images, axis=1).min()
            if distance < 0.9 and (i, j) not in ((0, 1), (3, 7)):
                nearest[i, j] = distance
    assert set(zip(found.first, found.second, strict=True)) == set(nearest)
    expected = [nearest[i, j] for i, j in zip(found.first, found.second, strict=True)]
    np.testing.assert_allclose(found.distance, expected, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found.vector, axis=1), found.distance, atol=1e-12)


def test_the_minimum_image_goes_from_the_second_to_the_first() -> None:
    vector = minimum_image(np.array([[0.1, 0.0, 0.0]]) - np.array([[1.9, 0.0, 0.0]]), 2.0 * np.eye(3))
    np.testing.assert_allclose(vector, [[0.2, 0.0, 0.0]], atol=1e-12)


def test_forces_and_distances_of_a_liquid_agree(tmp_path: Path, liquid: Arrays) -> None:
    (one,) = read(tmp_path, liquid).series
    found = force_slope(one)
    # 40 frames of 125 atoms give it to two per cent; four standard errors fail once in 16,000.
    assert found is not None and found.error < 0.05
    assert abs(found.value - 1.0) < 4.0 * found.error


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1.0 / (10.0 * KCAL), "kcal/mol/A"), (1.0 / (10.0 * 96.485), "eV/A"), (0.1, "kJ/mol/A"), (-1.0, "sign")],
)
def test_forces_in_another_unit_are_refused(tmp_path: Path, liquid: Arrays, factor: float, unit: str) -> None:
    with pytest.raises(FileFormatError, match="unit") as caught:
        read(tmp_path, liquid | {"forces": factor * liquid["forces"]})
    assert "frames.npz" in str(caught.value), unit


def test_another_temperature_is_told(tmp_path: Path, liquid: Arrays) -> None:
    with pytest.warns(CgbridgeWarning, match="another temperature"):
        read(tmp_path, liquid, temperature="240 K")


def test_forces_of_other_frames_are_refused(tmp_path: Path, liquid: Arrays) -> None:
    with pytest.raises(FileFormatError, match="forces and positions are of the same frames"):
        read(tmp_path, liquid | {"forces": np.roll(liquid["forces"], 7, axis=1)})


def test_chosen_frames_need_not_obey_the_identity(tmp_path: Path, liquid: Arrays) -> None:
    # It holds for forces of the ensemble that the frames are from. Frames that another model went to,
    # labelled afterwards with forces four times as large, are no fault of units.
    with pytest.raises(FileFormatError, match="look at the unit"):
        read(tmp_path, liquid | {"forces": 4.0 * liquid["forces"]})
    data = read(tmp_path, liquid | {"forces": 4.0 * liquid["forces"]}, independent=True)
    assert not data.notes


def test_labels_at_rest_are_of_no_temperature(tmp_path: Path) -> None:
    # The sets of ices say 0 K: taken as a temperature it would divide by zero, and halve kT beside 300 K.
    ices = sorted((Path(__file__).parents[2] / "targets" / "water" / "ices").glob("*.h5"))
    assert len(ices) == 7
    data = read_all(config({"file": str(ices[-1]), "stride": 20}), tmp_path)
    assert [one.state.temperature for one in data.series] == [None] and not data.notes


def test_a_bead_of_two_masses_is_refused(tmp_path: Path, liquid: Arrays) -> None:
    topology = Topology(tuple(map(str, liquid["bead_types"])))
    # 40.02 differs by 0.2 per cent, as tables of elements do at most.
    for name, mass in (("a", 39.948), ("b", 40.02), ("c", 46.0)):
        save(
            tmp_path / f"{name}.npz",
            liquid | {"topology": Beads(topology, (mass,) * len(topology)).to_json()},
        )
    read_all(config("a.npz", "b.npz"), tmp_path).require_masses()
    with pytest.raises(
        ConfigError, match=r"c\.npz: 'Ar' has a mass of 46 amu here, and 39\.948 amu elsewhere"
    ):
        read_all(config("a.npz", "c.npz"), tmp_path).require_masses()


def changed(name: str, frame: int, change: Callable[[np.ndarray], None]) -> Callable[[Arrays], Arrays]:
    def apply(arrays: Arrays) -> Arrays:
        copy = arrays[name].copy()
        change(copy[frame])
        return arrays | {name: copy}

    return apply


def put(place: Any, value: Any) -> Callable[[np.ndarray], None]:
    def change(array: np.ndarray) -> None:
        array[place] = value

    return change


def scaled(array: np.ndarray) -> None:
    array *= 3.0


BAD: dict[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "a NaN among the forces": (
        changed("forces", 3, put((2, 1), np.nan)),
        r"frame 3: the forces of particle 3 are no numbers",
    ),
    "an infinite position": (
        changed("positions", 5, put((0, 0), np.inf)),
        r"frame 5: the positions of particle 1",
    ),
    "a box that changes its sign": (
        changed("box", 7, put((2, 2), -1.85)),
        r"frame 7: the box changes its sign",
    ),
    "no box": (changed("box", 0, put(..., 0.0)), r"frame 0: the box is missing"),
    "a box that jumps": (changed("box", 9, scaled), r"frame 9: the volume changes"),
    "a wild force": (changed("forces", 11, put((4,), 1e5)), r"frame 11: the force on particle 4"),
    "no forces": (lambda a: {k: v for k, v in a.items() if k != "forces"}, r"frame 0: there are no forces"),
    "no names": (
        lambda a: {k: v for k, v in a.items() if k != "bead_types"},
        "nothing says what the particles",
    ),
    "no frames": (
        lambda a: a | {k: a[k][:0] for k in ("positions", "forces", "box", "time", "energy")},
        "no frames",
    ),
    "names of other beads": (
        lambda a: a | {"bead_types": a["bead_types"][:-3]},
        "the frame has 125 particles, and the topology 122",
    ),
    "positions in angstrom": (
        lambda a: a | {"positions": 100.0 * a["positions"], "box": 100.0 * a["box"]},
        "nearest particles",
    ),
    "forces of nothing": (lambda a: a | {"forces": 1e-3 * a["forces"]}, "root mean square"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_wrong_is_told_with_file_and_frame(fault: str, tmp_path: Path, liquid: Arrays) -> None:
    spoil, words = BAD[fault]
    with pytest.raises(FileFormatError, match=words) as caught:
        read(tmp_path, spoil(liquid))
    assert "frames.npz" in str(caught.value)


def test_a_file_that_is_cut_short_is_told(tmp_path: Path, liquid: Arrays) -> None:
    path = save(tmp_path / "frames.npz", liquid)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(FileFormatError, match=r"frames\.npz"):
        read_all(config("frames.npz"), tmp_path)


def test_a_pickle_is_not_opened(tmp_path: Path, liquid: Arrays) -> None:
    np.savez(tmp_path / "frames.npz", **(liquid | {"bead_types": np.array([{"a": 1}] * 125, dtype=object)}))
    with pytest.raises(FileFormatError, match=r"frames\.npz.*Object"):
        read_all(config("frames.npz"), tmp_path)


def test_energies_are_needed_where_they_are_fitted(tmp_path: Path, liquid: Arrays) -> None:
    save(tmp_path / "frames.npz", {k: v for k, v in liquid.items() if k != "energy"})
    with pytest.raises(FileFormatError, match="no energy"):
        read_all(config("frames.npz", method="energy-force-matching"), tmp_path)


def test_forces_that_do_not_add_up_are_told(tmp_path: Path, liquid: Arrays) -> None:
    with pytest.warns(CgbridgeWarning, match="do not add up to zero"):
        read(tmp_path, liquid | {"forces": liquid["forces"] + 20.0})


def test_all_bad_files_are_told_at_once(tmp_path: Path, liquid: Arrays) -> None:
    for name, (fault, _) in zip("ab", list(BAD.values())[:2], strict=True):
        save(tmp_path / f"{name}.npz", fault(liquid))
    with pytest.raises(CgbridgeError, match=r"(?s)a\.npz.*b\.npz"):
        read_all(config("a.npz", "b.npz"), tmp_path)


def test_a_file_says_its_state_and_the_yaml_may_say_another(tmp_path: Path, liquid: Arrays) -> None:
    (one,) = read(tmp_path, liquid).series
    assert one.state.temperature == 120.0 and one.state.pressure is None
    (other,) = read(tmp_path, liquid, temperature="121 K", pressure="5 bar", stride=2).series
    assert (other.state.temperature, other.state.pressure, len(other)) == (121.0, 5.0, 20)
    np.testing.assert_array_equal(other.number, np.arange(0, 40, 2))
    found = read(tmp_path, liquid, temperature="121 K")
    assert any("the temperature is 121 K here, and the file says 120 K" in note for note in found.notes)
    assert not any("the file says" in note for note in read(tmp_path, liquid).notes)


def test_molecules_of_atoms_are_no_beads(tmp_path: Path) -> None:
    """Forgotten to map: trained as beads they lack the forces of constraints, and all looked well."""
    atoms = Atoms(
        ("O", "H1", "H2") * 2, ("O", "H", "H") * 2, (16.0, 1.0, 1.0) * 2, ("HOH",) * 2, (0, 0, 0, 1, 1, 1),
        (0, 0, 0, 1, 1, 1), ((0, 1), (0, 2), (3, 4), (3, 5)),
    )  # fmt: skip
    random = np.random.default_rng(1)
    arrays = {
        "positions": random.random((12, 6, 3)),
        "forces": random.normal(size=(12, 6, 3)),
        "box": np.tile(np.eye(3), (12, 1, 1)),
        "time": np.arange(12.0),
        "energy": np.zeros(12),
        "atoms": atoms.to_json(),
    }
    with pytest.raises(ConfigError, match="atoms of molecules, and force-matching is for beads") as fault:
        read(tmp_path, arrays)
    assert "cgbridge map" in str(fault.value.remedy)


def test_a_run_at_constant_volume_has_the_mean_pressure_of_its_frames(tmp_path: Path, liquid: Arrays) -> None:
    told = 250.0 + 300.0 * np.random.default_rng(2).normal(size=len(liquid["positions"]))
    arrays = {**liquid, "pressure": told}
    (found,) = read(tmp_path, arrays).series
    assert found.state.pressure == pytest.approx(told.mean(), rel=1e-12)
    assert found.state.pressure_error == pytest.approx(300.0 / np.sqrt(len(told)), rel=0.4)
    assert found.pressure == pytest.approx(np.full(len(told), told.mean()))
    (other,) = read(tmp_path, arrays, pressure="1 bar").series
    assert (other.state.pressure, other.state.pressure_error) == (1.0, None)
    (chosen,) = read(tmp_path, arrays, independent=True).series
    assert chosen.state.pressure is None
    arrays["pressure"][3] = np.nan
    with pytest.raises(FileFormatError, match=r"frame 3.*the pressure is no number"):
        read(tmp_path, arrays)


def test_pressures_by_volume_of_a_run_at_constant_pressure() -> None:
    # A fluid with F(V) = K (V - V0)^2/(2 V0) has p = -dF/dV; at p = 0 its volumes are normal about V0.
    kelvin, v0, modulus = 300.0, 8.0, 1000.0
    random = np.random.default_rng(5)
    volume = v0 + np.sqrt(GAS_CONSTANT * kelvin * v0 / modulus) * random.standard_normal(20000)
    one = series(len(volume))
    box = np.eye(3)[None] * np.cbrt(volume)[:, None, None]
    found = Series(
        one.name, one.topology, one.masses, one.positions, one.forces, box, one.time, one.number,
        State(kelvin, 0.0, npt=True),
    ).pressure  # fmt: skip
    assert found is not None
    expected = -modulus * (volume - v0) / v0 / BAR_NM3
    slope = np.polyfit(expected, found, 1)[0]
    # The variance of 20,000 volumes is known to 1 per cent.
    assert slope == pytest.approx(1.0, abs=0.04)
    assert found.mean() == pytest.approx(0.0, abs=1e-6 * np.abs(expected).max())


def test_a_set_of_ase_is_read_with_all_of_its_labels(tmp_path: Path) -> None:
    frames = water_set(tmp_path / "dft.xyz")
    data = read_all(config("dft.xyz", method="energy-force-matching"), tmp_path)
    assert [one.particles for one in data.series] == [6, 9]
    assert data.types == ("O", "H") and data.masses["O"] == pytest.approx(15.999)
    for number, atoms in enumerate(frames):
        series = data.series[number % 2]
        place = int(np.flatnonzero(series.number == number)[0])
        assert series.energy is not None and series.virial is not None
        assert series.energy[place] == pytest.approx(EV * atoms.get_potential_energy())
        # Turned as a whole: what forces and positions are along each other stays, as do all invariants.
        forces, positions = series.forces[place].astype(float), series.positions[place].astype(float)
        expected = atoms.get_forces() * 10.0 * EV
        np.testing.assert_allclose(
            forces @ positions.T, expected @ (0.1 * atoms.positions).T, rtol=1e-4, atol=0.5
        )
        assert series.volume[place] == pytest.approx(1e-3 * atoms.get_volume())
        # The work of a strain: forces along F, virial along W, in one and the same frame.
        virial = -atoms.get_stress(voigt=False) * atoms.get_volume() * EV
        np.testing.assert_allclose(
            np.linalg.eigvalsh(series.virial[place]), np.linalg.eigvalsh(virial), rtol=1e-6
        )
        along = np.einsum("ia,ab,ib->", forces, series.virial[place], forces)
        assert along == pytest.approx(np.einsum("ia,ab,ib->", expected, virial, expected), rel=1e-5)


def _renamed(path: Path, **names: str) -> None:
    """The labels of an extended XYZ under other names."""
    text = path.read_text()
    for name, other in names.items():
        text = re.sub(rf"\b{name}(?=[:=])", other, text)
    path.write_text(text)


def test_labels_of_a_set_for_training_are_taken_with_a_note(tmp_path: Path) -> None:
    """Such sets put REF_ before the names, so that ASE does not take them for results of its own."""
    water_set(tmp_path / "dft.xyz")
    plain = read_all(config("dft.xyz", method="energy-force-matching"), tmp_path)
    _renamed(tmp_path / "dft.xyz", forces="REF_forces", energy="REF_energy", stress="REF_stress")
    named = read_all(config("dft.xyz", method="energy-force-matching"), tmp_path)
    assert "dft.xyz: labels are those called REF_forces, REF_energy, REF_stress" in named.notes
    for one, other in zip(plain.series, named.series, strict=True):
        for what in ("positions", "forces", "energy", "virial"):
            np.testing.assert_array_equal(getattr(one, what), getattr(other, what))
    _renamed(tmp_path / "dft.xyz", REF_forces="dft_forces")
    with pytest.raises(
        FileFormatError, match=r"no forces among its columns species, pos, dft_forces: .* REF_"
    ):
        read_all(config("dft.xyz"), tmp_path)


@pytest.mark.parametrize("periodic", ["F F F", "T T F", "T F F"])
def test_frames_that_are_not_periodic_stand_in_a_vacuum(periodic: str, tmp_path: Path) -> None:
    """Clusters, slabs and wires: distances within are kept, and no image is near. Lone atoms are left out."""
    frames = water_set(tmp_path / "dft.xyz")
    text = (tmp_path / "dft.xyz").read_text().replace('pbc="T T T"', f'pbc="{periodic}"')
    alone = '1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1 pbc="F F F"\nO 0 0 0 0 0 0\n'
    (tmp_path / "dft.xyz").write_text(alone + text)
    data = read_all(config("dft.xyz"), tmp_path)
    assert any("8 frames are not periodic in all directions" in note for note in data.notes)
    assert any("1 frames of one particle are left out" in note for note in data.notes)
    kept = [flag == "T" for flag in periodic.split()]
    for number, atoms in enumerate(frames):
        one = data.series[number % 2]
        place = int(np.flatnonzero(one.number == number + 1)[0])
        assert one.virial is None
        x, box = one.positions[place].astype(float), one.box[place]
        own = 0.1 * atoms.positions
        np.testing.assert_allclose(
            np.linalg.norm(x[:, None] - x, axis=-1), np.linalg.norm(own[:, None] - own, axis=-1), atol=1e-5
        )
        # The periodic vectors stay, turned; the faces of the others lie the vacuum apart and what is between.
        lengths, found = np.linalg.norm(0.1 * atoms.cell, axis=1), np.linalg.norm(box, axis=1)
        np.testing.assert_allclose(found[kept], lengths[kept], rtol=1e-6)
        heights = 1.0 / np.linalg.norm(np.linalg.inv(box), axis=0)
        assert (heights[np.logical_not(kept)] > 4.0 - 1e-6).all() and np.linalg.det(box) > 0.0


def test_a_time_step_is_for_dumps(tmp_path: Path) -> None:
    water_set(tmp_path / "dft.xyz")
    with pytest.raises(ConfigError, match="an extended XYZ counts no steps"):
        read_all(config({"file": "dft.xyz", "timestep": "1 fs"}), tmp_path)


def test_frames_that_lost_their_box_are_no_clusters(tmp_path: Path, liquid: Arrays) -> None:
    arrays = {name: value for name, value in liquid.items() if name != "box"}
    with pytest.raises(FileFormatError, match="the box is missing") as fault:
        read(tmp_path, arrays)
    assert 'pbc="F F F"' in str(fault.value.remedy)


def test_frames_that_are_numbered_have_no_times(tmp_path: Path, liquid: Arrays) -> None:
    """A gap in ps is not to be one of frames."""
    (one,) = read(tmp_path, {name: value for name, value in liquid.items() if name != "time"}).series
    assert np.isnan(one.time).all()


def test_a_virial_in_the_comment_is_taken_as_it_is(tmp_path: Path) -> None:
    water_set(tmp_path / "dft.xyz")
    text = (tmp_path / "dft.xyz").read_text()
    numbers = " ".join(str(float(i)) for i in range(1, 10))
    (tmp_path / "dft.xyz").write_text(re.sub('stress="[^"]*"', f'virial="{numbers}"', text))
    (one, _) = read_all(config("dft.xyz"), tmp_path).series
    assert one.virial is not None
    assert np.trace(one.virial[0]) == pytest.approx(15.0 * EV)
