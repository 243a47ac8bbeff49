"""Observables of one's own: found beside the YAML, in workers too; their faults told in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cgbridge.errors import ConfigError, SimulationError, UnitError
from cgbridge.records.target import Target
from cgbridge.testing.observables import ConformanceError, check_observable


def faulty(change: str) -> str:
    """Source of an observable that conforms but for one line."""
    source = GOOD
    before, after = change.split(" -> ")
    assert before in source
    return source.replace(before, after)


GOOD = '''
import numpy as np
from cgbridge.observables.bulk import bulk_simulation, density_series
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import mean_error


class VolumePerBead:
    """V/N of the liquid in nm^3, the mean over an NPT run; one over the number density (nobody's paper)."""

    name = "volume_per_bead"
    unit = "nm^3"

    def simulations(self, target, sampling):
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(BulkOptions, target))]

    def measure(self, target, runs):
        run = one_run(runs)
        density_series(run)
        mean = mean_error(run.series["volume"] / run.beads)
        return estimate(target, self.unit, mean.mean, stderr=mean.stderr, n_eff=mean.n_eff)
'''

#: What is wrong, the check that says so, and words of what it says.
FAULTS = [
    ('unit = "nm^3" -> unit = "nanometre"', UnitError, "unknown unit"),
    ("unit_factor(target, self.unit) -> pass", ConformanceError, "it takes a value in ps"),
    ("parse_options(BulkOptions, target)) -> BulkOptions())", ConformanceError, "option that it does not"),
    ("n_eff=mean.n_eff -> n_eff=0.5", ConformanceError, "0.5 independent samples"),
    ("stderr=mean.stderr -> stderr=float('inf')", ConformanceError, "standard error is inf"),
    ("self.unit, mean.mean -> self.unit, float(id(runs))", ConformanceError, "another value"),
    ('density_series(run) -> if not run.series: return estimate(target, self.unit, 1, stderr=0, n_eff=1)',
     ConformanceError, "hold nothing"),
    ("parse_options(BulkOptions, target))] -> parse_options(BulkOptions, target)), 3]", ConfigError,
     "no list of Simulation"),
    ("density_series(run) -> 1 / 0", SimulationError, r"own.py:21: measure of own:VolumePerBead failed: Z"),
    ("unit_factor(target, self.unit) -> target.nothing", ConfigError, r"own.py:16: simulations of .*Attr"),
    ("return estimate -> estimate", SimulationError, "returned NoneType, not an Estimate"),
    ("def measure -> def mesure", ConfigError, "is no observable: it has no measure"),
    ("class VolumePerBead -> class Volume", ConfigError, "did you mean 'Volume"),
    ("import mean_error -> import mean_err", ConfigError, "own.py:6: the module of .* ImportError"),
    ("measure(self, target, runs): -> measure(self, target, runs)", ConfigError, "own.py:19: .*Synt"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "error", "words"), FAULTS)
def test_faults_of_an_own_observable_are_found(change, error, words, tmp_path: Path) -> None:
    """Each fault that one can really make is told in words."""
    (tmp_path / "own.py").write_text(faulty(change))
    target = Target("v", "own:VolumePerBead", 0.03, 0.01, "nm^3", folder=str(tmp_path))
    with pytest.raises(error, match=words):
        check_observable(target, tmp_path)


def test_an_own_observable_conforms(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(GOOD)
    check_observable(Target("v", "own:VolumePerBead", 0.03, 0.01, "nm^3", folder=str(tmp_path)), tmp_path)
