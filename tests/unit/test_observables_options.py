"""Options of targets: units, strictness, and messages that help."""

from __future__ import annotations

import pytest

from cgbridge.errors import ConfigError
from cgbridge.observables.options import BulkOptions, SamplingOptions, parse_options
from cgbridge.observables.temperatures import checked_temperatures, ladder
from cgbridge.records.target import Target


def make_target(**options: object) -> Target:
    return Target("rho", "density", 1.0, 0.1, "g/cm^3", options=options)


def test_defaults_leave_the_choice_to_the_engine_section() -> None:
    options = parse_options(BulkOptions, make_target())
    assert (options.beads, options.equilibration, options.production, options.interval) == (None,) * 4
    assert options.check_phase


def test_times_carry_units() -> None:
    options = parse_options(
        SamplingOptions, make_target(production="0.5 ns", interval="200 fs", equilibration=0)
    )
    assert (options.production, options.interval, options.equilibration) == (500.0, 0.2, 0.0)


def test_unknown_option() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_options(SamplingOptions, make_target(prodution=3))
    assert "did you mean 'production'" in str(caught.value)
    assert caught.value.where == "targets.rho.options.prodution"
    assert "beads" in (caught.value.remedy or "")


@pytest.mark.parametrize("value", ["3 K", "long", True, float("nan"), [1]])
def test_no_time_is_refused(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_options(SamplingOptions, make_target(production=value))
    assert "production" in (caught.value.where or "")


def test_temperatures() -> None:
    assert ladder(280.0, 60.0, 7) == [250.0, 260.0, 270.0, 280.0, 290.0, 300.0, 310.0]
    assert checked_temperatures(make_target(), [300, 250, 270], 3) == [250.0, 270.0, 300.0]
    for bad in ([250, 260], [0, 250, 300], [250, 250, 300]):
        with pytest.raises(ConfigError, match="temperature"):
            checked_temperatures(make_target(), bad, 3)
