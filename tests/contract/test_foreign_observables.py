"""Observables of installed packages: found by their names, loaded on use, held to the same contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cgbridge.errors import ConfigError
from cgbridge.fits.search.problem import resolve_target
from cgbridge.observables.catalogue import OBSERVABLES, code_digest, get_observable, list_observables
from cgbridge.observables.traits import is_static, options_of, state_words, target_traits
from cgbridge.records.target import Target
from cgbridge.report.words import observable_words
from cgbridge.testing.observables import check_observable

SOURCE = '''
"""Volume per bead of the bulk crystal."""

from cgbridge.observables.bulk import bulk_simulation, crystal_structure, density_series
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import mean_error


class VolumePerBead:
    """V/N of the crystal in nm^3, the mean over an NPT run; one over the number density (nobody's paper)."""

    name = "volume_per_bead"
    unit = "nm^3"
    options = BulkOptions
    words = "room of a bead"
    phase = "crystal"

    def simulations(self, target, sampling):
        unit_factor(target, self.unit)
        options = parse_options(self.options, target)
        return [bulk_simulation(target, sampling, options, structure=crystal_structure(target))]

    def measure(self, target, runs):
        run = one_run(runs)
        density_series(run)
        mean = mean_error(run.series["volume"] / run.beads)
        return estimate(target, self.unit, mean.mean, stderr=mean.stderr, n_eff=mean.n_eff)
'''


def install(folder: Path, package: str, observables: dict[str, str], **modules: str) -> None:
    """What pip would leave in ``folder`` of a package with modules and entry points."""
    described = folder / f"{package}-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {place}\n" for name, place in observables.items()]
    (described / "entry_points.txt").write_text("[cgbridge.observables]\n" + "".join(lines))
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages: one with an observable, one whose module is broken."""
    folder = tmp_path / "site"
    install(folder, "roomy", {"volume_per_bead": "roomy_volume:VolumePerBead"}, roomy_volume=SOURCE)
    install(folder, "broken", {"charge": "broken_charge:Charge"}, broken_charge="import nothing_like_it\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "roomy_volume", raising=False)
    return folder


def test_it_conforms_and_is_described_by_its_class_alone(site: Path, tmp_path: Path) -> None:
    target = Target("v", "volume_per_bead", 0.03, 0.01, "nm^3", temperature=250.0)
    check_observable(target, tmp_path)
    assert observable_words(target) == "room of a bead of the crystal at 250\u00a0K"
    assert state_words(target) == ("crystal", "250 K")
    assert "check_phase" in options_of("volume_per_bead").model_fields
    assert not is_static(target)


def test_a_fit_takes_it_and_depends_on_its_code(site: Path, tmp_path: Path) -> None:
    item = {"observable": "volume_per_bead", "value": "0.03 nm^3", "tolerance": "5 %", "name": "v"}
    assert resolve_target(item, tmp_path, "targets.0").unit == "nm^3"
    with pytest.raises(ConfigError, match=r"'beeds'.*did you mean 'beads'"):
        resolve_target({**item, "options": {"beeds": 3}}, tmp_path, "targets.0")
    before = code_digest("volume_per_bead", "")
    with open(site / "roomy_volume.py", "a") as file:
        file.write("# other code, other results\n")
    assert before != code_digest("volume_per_bead", "") != ""
    assert code_digest("density", "") == ""


def test_a_broken_package_breaks_nothing_else(site: Path) -> None:
    listed = {entry.name: entry for entry in list_observables()}
    assert set(listed) == {*OBSERVABLES, "volume_per_bead", "charge"}
    assert listed["volume_per_bead"].package == "roomy"
    assert listed["volume_per_bead"].description == "Volume per bead of the bulk crystal"
    assert (
        "cannot be loaded" in listed["charge"].description
        and "nothing_like_it" in listed["charge"].description
    )
    with pytest.raises(ConfigError, match=r"broken_charge.py:1: .*nothing_like_it"):
        get_observable("charge")
    # A report of an earlier run is written all the same.
    assert target_traits(Target("q", "charge", 1.0, 1.0, "1")).words == "charge"


def test_nothing_is_loaded_before_it_is_asked_for(site: Path) -> None:
    code = (
        "import sys\nfrom cgbridge.observables.catalogue import get_observable\n"
        "get_observable('density')\nprint([m for m in sys.modules if m.startswith(('roomy', 'broken'))])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env={"PYTHONPATH": str(site)}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_names_are_nobodys_twice(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = tmp_path / "second"
    places = {"volume_per_bead": "other_volume:VolumePerBead", "density": "other_volume:VolumePerBead"}
    install(second, "other", places, other_volume=SOURCE)
    monkeypatch.syspath_prepend(str(second))
    assert type(get_observable("density")).__name__ == "Density"  # cgbridge's own cannot be replaced
    with pytest.raises(ConfigError, match="is in two packages: other, roomy"):
        get_observable("volume_per_bead")
    assert get_observable("other_volume:VolumePerBead").unit == "nm^3"
    with pytest.raises(ConfigError, match="did you mean 'volume_per_bead'"):
        get_observable("volume_per_beat")
