"""What is looked at in dynamics of a committee, what of it is labelled, and when there is nothing left."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from neural_models import EDGE, liquid_places, small_model

from cgbridge.config.active_learning_section import ActiveLearningSection
from cgbridge.fits.training.active_learning import Round
from cgbridge.fits.training.data_set import DataSet, Series, State
from cgbridge.fits.training.exploration import Exploration, Look, chosen, explore
from cgbridge.topology import Topology

#: Nobody disagrees by as much, in kJ/mol/nm.
ALIKE = 1e7


def section(threshold: float, **more) -> ActiveLearningSection:
    plan = {"time": 1.0, "interval": 0.1, "timestep": 0.01, "stop": 1e9}
    return ActiveLearningSection(atoms="a.yaml", mapping="m", threshold=threshold, explore=plan, **more)


def explored(weights: float, found: ActiveLearningSection) -> Exploration:
    """A committee of two whose landscapes are as many times as steep as those that can be simulated."""
    model = small_model(members=2)
    with torch.no_grad():
        for potential in model.members:
            for values in list(potential.network.parameters())[-2:]:
                values *= weights
    topology = Topology(("W",) * 64)
    model = model.with_example(liquid_places(), EDGE * np.eye(3), topology)
    places = liquid_places()[None].astype(np.float32)
    series = Series(
        "frames.npz", topology, (18.015,) * 64, places, 0 * places, EDGE * np.eye(3)[None],
        np.zeros(1), np.arange(1), State(300.0),
    )  # fmt: skip
    return explore(model, DataSet((series,)), found, 1, lambda text: None)


def test_a_stable_run_is_looked_at_from_its_beginning_on():
    found = explored(1.0, section(ALIKE))
    assert len(found.looks) == 11 and not found.broke
    np.testing.assert_array_equal(found.looks[0].positions, liquid_places().astype(np.float32))
    assert not chosen(found.looks, section(ALIKE), 1)


def test_what_came_before_a_run_broke_down_is_labelled_although_nobody_disagreed():
    # The members of a committee may be wrong alike: an explosion was taken for convergence.
    found = explored(20.0, section(ALIKE))
    (reason,) = found.broke
    # Not all of the ten looks of a whole run, and the close ones before the end.
    assert reason.startswith("frames.npz: ") and 1 < len(found.looks) < 10 + 16
    picked = chosen(found.looks, section(ALIKE), 1)
    assert (
        picked
        and all(look.doomed for look in picked)
        and any(picked[-1] is look for look in found.looks[-2:])
    )


def test_the_interval_before_is_looked_at_closely():
    # It breaks down before its first look of 0.1 ps, and with steps of 2 fs there is something to be seen.
    plan = {"time": 1.0, "interval": 0.1, "timestep": 0.002, "stop": 1e9}
    given = ActiveLearningSection(atoms="a.yaml", mapping="m", threshold=ALIKE, explore=plan)
    found = explored(100.0, given)
    assert found.broke and len(found.looks) > 1
    (picked,) = chosen(found.looks[1:2], given, 1)
    # Beads at 300 K move by 0.4 nm/ps, and these have been pulled at for a sixteenth of the interval.
    moved = np.linalg.norm(picked.positions - liquid_places(), axis=1)
    assert 1e-4 < moved.max() < 0.1


def test_a_run_that_shows_nothing_has_nothing_to_label():
    found = explored(1000.0, section(ALIKE))
    assert found.broke and len(found.looks) == 1 and not chosen(found.looks, section(ALIKE), 1)


@pytest.mark.parametrize("choose", ["disagreement", "random"])
def test_no_number_is_no_agreement_and_no_label(choose):
    given = section(50.0, choose=choose)
    looks = [Look(np.zeros((4, 3)), np.eye(3), value, 0) for value in (float("nan"), 10.0, 60.0, 70.0)]
    assert looks[0].is_wanted(50.0) and not looks[1].is_wanted(50.0)
    picked = chosen(looks, given, 1)
    assert picked and all(np.isfinite(look.disagreement) for look in picked)
    assert not chosen(looks[:1], given, 1) and not chosen(looks[1:2], given, 1)


@pytest.mark.parametrize(
    ("looks", "above", "broke", "last"),
    [(9, 0, 0, True), (0, 0, 1, False), (9, 0, 1, False), (9, 2, 0, False)],
)
def test_it_ends_only_where_it_was_looked_and_nobody_disagreed(looks, above, broke, last):
    assert Round(looks, above, 50.0, 1.0, 2.0, broke, 0, 0, 100.0).is_last is last
