"""Targets from trajectories of beads, in the form of the reference data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.apps.mapped_run import MappedRun
from cgbridge.errors import ConfigError, UnstableError, did_you_mean
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.peaks import first_peak
from cgbridge.records.simulation import Run
from cgbridge.records.target import Curve, Estimate, Target
from cgbridge.store.atomic import write_atomic
from cgbridge.units import AMU_PER_NM3

#: The value of a target is that of the atomistic model to within its error, and a coarse model is not asked
#: for more than this: share of the value for numbers, half that of the mean value for curves.
USUAL_TOLERANCE = 0.02
#: A tolerance is this many standard errors of the reference at least, so that noise decides nothing.
ERRORS = 3.0
#: Distances in nm from which and to which g(r) is written.
CLOSEST = 0.15


@dataclass(frozen=True)
class BuiltTarget:
    """One target: the name of its entry without the temperature, the entry, its curve where it has one."""

    key: str
    entry: Mapping[str, Any]
    curve: Curve | None = None


@dataclass(frozen=True)
class Build:
    """What is built, with notes of what could not be."""

    targets: list[BuiltTarget] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def build_targets(run: MappedRun, wanted: Sequence[str] = ()) -> Build:
    """All targets that the trajectory can give, or the ``wanted`` observables.

    Values are measured by the observables that a fit measures a model with. Raises :class:`ConfigError` for
    an observable that is not built, and for a run at constant pressure that says none.
    """
    for name in wanted:
        if name == "pressure":
            raise ConfigError(
                "a pressure is no target: fits simulate at constant pressure, and their answer is a density",
                where="--observable",
                remedy="name density. A run at constant pressure has it, and one at constant volume whose "
                "frames tell the pressure of the atoms; for others give --pressure, its mean, as well",
            )
        if name not in _BUILDERS:
            raise ConfigError(
                f"'{name}' is not built from trajectories{did_you_mean(name, _BUILDERS)}",
                where="--observable",
                remedy="one of " + ", ".join(_BUILDERS),
            )
    built, whole = Build(), run.run()
    if run.said is not None and run.said != run.temperature:
        built.notes.append(
            f"{run.source}: its targets are for {run.temperature:g} K, and the file says {run.said:g} K"
        )
    built.notes.extend(_pressure_notes(run))
    for name, builder in _BUILDERS.items():
        if wanted and name not in wanted:
            continue
        try:
            built.targets.extend(builder(run, whole))
        except _NotThere as reason:
            if wanted or reason.told:
                built.notes.append(f"{run.source}: no {name}: {reason}")
        except UnstableError as error:
            built.notes.append(f"{run.source}: no {name}: {error.what}")
    return built


class _NotThere(Exception):
    """Why a trajectory does not give a quantity; ``told`` even where nobody asked for it."""

    def __init__(self, reason: str, *, told: bool = True) -> None:
        super().__init__(reason)
        self.told = told


def _measured(run: MappedRun, whole: Run, observable: str, unit: str, **options: Any) -> Estimate:
    target = Target(
        observable,
        observable,
        0.0,
        1.0,
        unit,
        temperature=run.temperature,
        pressure=_bar(run),
        options=options,
    )
    return get_observable(observable).measure(target, [whole])


def _pressure_notes(run: MappedRun) -> list[str]:
    """What was taken for the pressure of the targets, which a fit simulates at."""
    if run.pressure is not None:
        return []
    found = run.mean_pressure
    if found is not None and run.torn:
        return [
            f"{run.source}: its atoms have {found.mean:.4g} bar, a tension that no liquid is held at: its "
            "targets are for 1 bar, and there is no density; --pressure names another"
        ]
    if found is not None:
        return [
            f"{run.source}: its targets are for {found.mean:.4g} bar, the mean pressure of the atoms; its "
            f"standard error is {found.stderr:.2g} bar"
        ]
    if not run.constant_volume:
        raise ConfigError(
            "the volume changes, and the file does not say at which pressure",
            where=run.source,
            remedy='give --pressure "1 bar", that of the barostat',
        )
    return [f"{run.source} says no pressure: its targets are for 1 bar; --pressure names another"]


def _bar(run: MappedRun) -> float:
    """To whole bars where it is a mean, whose error is more."""
    if run.pressure is not None:
        return run.pressure
    return 1.0 if run.mean_pressure is None or run.torn else float(round(run.mean_pressure.mean))


def _state(run: MappedRun, observable: str, **more: Any) -> dict[str, Any]:
    pressure = {} if _bar(run) == 1.0 else {"pressure": _bar(run)}
    return {"observable": observable, "temperature": run.temperature, **pressure, **more}


def _number(run: MappedRun, whole: Run, observable: str, unit: str) -> Iterator[BuiltTarget]:
    """A scalar that is known from fluctuations at constant pressure."""
    if run.constant_volume:
        raise _NotThere("the volume is constant; it needs a simulation at constant pressure")
    found = _measured(run, whole, observable, unit, check_phase=False)
    tolerance = max(USUAL_TOLERANCE * abs(found.value), ERRORS * found.stderr)
    entry = _state(
        run,
        observable,
        value=f"{found.value:.6g} {unit}",
        error=_rounded(found.stderr),
        tolerance=_rounded(tolerance),
        source=_source(run, found),
    )
    yield BuiltTarget(observable.replace("_", "-"), entry)


def _curve(
    run: MappedRun,
    curve: Curve,
    found: Estimate,
    *,
    observable: str,
    key: str,
    options: Mapping[str, Any],
) -> BuiltTarget:
    """A whole curve: the value of the target is the deviation from it, zero."""
    unit = curve.y_unit
    scale = float(np.mean(np.abs(curve.y)))
    # The noise of the reference alone makes a deviation of sqrt(2/pi) standard errors.
    noise = math.sqrt(2.0 / math.pi) * float(np.mean(curve.y_err))
    entry = _state(
        run,
        observable,
        value=0 if unit == "1" else f"0 {unit}",
        tolerance=_rounded(max(2.0 * USUAL_TOLERANCE * scale, ERRORS * noise)),
        options=dict(options),
        source=_source(run, found),
    )
    return BuiltTarget(key, entry, curve)


def _source(run: MappedRun, found: Estimate) -> str:
    return f"{run.source}, {len(run.upright)} frames; {found.n_eff:.0f} independent" + "".join(
        f"; {note}" for note in found.notes
    )


def _density(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    """Of a constant volume as well, where its pressure is known: there a model must have it, too."""
    if not run.constant_volume:
        return _number(run, whole, "density", "g/cm^3")
    if run.pressure is None and run.torn:
        raise _NotThere("the atoms are under tension, where a model would not keep it", told=False)
    if run.pressure is None and run.mean_pressure is None:
        raise _NotThere("the volume is constant; give --pressure, the mean pressure of its atoms")
    value = sum(run.beads.masses) * AMU_PER_NM3 / float(run.volumes.mean())
    entry = _state(
        run,
        "density",
        value=f"{value:.6g} g/cm^3",
        tolerance=_rounded(USUAL_TOLERANCE * value),
        source=f"{run.source}, at constant volume; the pressure is "
        + ("as it was given" if run.pressure is not None else "the mean of its frames"),
    )
    return iter([BuiltTarget("density", entry)])


def _compressibility(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    return _number(run, whole, "compressibility", "1/GPa")


def _rdf(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    """g(r) of all beads of one kind; of several kinds, and molecules, between every two types."""
    types = list(dict.fromkeys(run.topology.types))
    alone = len(types) == 1 and not run.topology.bonds
    for pair in [None] if alone else list(combinations_with_replacement(types, 2)):
        options: dict[str, Any] = (
            {"check_phase": False} if pair is None else {"check_phase": False, "pair": list(pair)}
        )
        found = _measured(run, whole, "rdf", "nm", feature="first_peak_position", **options)
        curve = found.curves["rdf"]
        kept = _slice(curve, curve.x >= CLOSEST)
        # The edge of the last bin, so that a fit counts in the same bins.
        end = round(float(1.5 * kept.x[-1] - 0.5 * kept.x[-2]), 6)
        options = {**options, "feature": "curve", "r_min": CLOSEST, "r_max": end}
        if pair is None:
            del options["check_phase"]
        yield _curve(run, kept, found, observable="rdf", key=_key("rdf", pair or ()), options=options)


def _adf(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    """Angles within the first shell of g(r), for beads of one kind."""
    if len(set(run.topology.types)) > 1 or run.topology.bonds:
        raise _NotThere("angles between neighbours are measured for beads of one kind", told=False)
    g = _measured(run, whole, "rdf", "nm", feature="first_peak_position", check_phase=False)
    cutoff = first_shell(g.curves["rdf"])
    found = _measured(run, whole, "adf", "deg", feature="mean_angle", cutoff=cutoff, check_phase=False)
    options = {"feature": "curve", "cutoff": cutoff}
    yield _curve(run, found.curves["adf"], found, observable="adf", key="adf", options=options)


def first_shell(g: Curve) -> float:
    """The first minimum of g(r) behind its first peak, to 0.005 nm; raises :class:`UnstableError`."""
    smooth = np.convolve(g.y, np.full(7, 1 / 7), mode="same")
    top = int(np.searchsorted(g.x, first_peak(g.x, g.y)[0]))
    # Beyond twice the distance of the peak lies the second shell of any liquid.
    window = np.arange(top, int(np.searchsorted(g.x, 2.0 * g.x[top])))
    if len(window) < 3 or window[-1] >= len(g.x) - 3:
        raise UnstableError("g(r) ends before its first minimum")
    return round(float(g.x[window[np.argmin(smooth[window])]]) / 0.005) * 0.005


def _bonds(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    yield from _bonded(run, whole, "bond", run.topology.bonds)


def _angles(run: MappedRun, whole: Run) -> Iterator[BuiltTarget]:
    yield from _bonded(run, whole, "angle", run.topology.angles)


def _bonded(
    run: MappedRun, whole: Run, kind: str, chains: Sequence[tuple[int, ...]]
) -> Iterator[BuiltTarget]:
    if not chains:
        raise _NotThere("no beads are bonded", told=False)
    names = [tuple(run.topology.types[bead] for bead in chain) for chain in chains]
    for beads in dict.fromkeys(min(name, name[::-1]) for name in names):
        observable, unit = f"{kind}_distribution", "nm" if kind == "bond" else "deg"
        options = {kind: list(beads), "check_phase": False}
        found = _measured(run, whole, observable, unit, feature="mean", **options)
        curve = found.curves[kind]
        filled = np.flatnonzero(curve.y)
        # Two empty bins on either side, where a model has nothing to look for.
        inside = np.zeros(len(curve.x), dtype=bool)
        inside[max(0, filled[0] - 2) : filled[-1] + 3] = True
        kept = _slice(curve, inside)
        yield _curve(run, kept, found, observable=observable, key=_key(kind, beads), options=options)


def _key(kind: str, beads: Sequence[str]) -> str:
    return "-".join([kind, *beads])


def _slice(curve: Curve, kept: np.ndarray) -> Curve:
    return Curve(curve.x[kept], curve.y[kept], curve.y_err[kept], curve.x_unit, curve.y_unit)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


_BUILDERS: dict[str, Callable[[MappedRun, Run], Iterator[BuiltTarget]]] = {
    "density": _density,
    "compressibility": _compressibility,
    "rdf": _rdf,
    "adf": _adf,
    "bond_distribution": _bonds,
    "angle_distribution": _angles,
}
#: What can be built.
BUILT = tuple(_BUILDERS)


def write_targets(
    folder: Path, name: str, builds: Mapping[float, Build], description: str, *, replace: bool = False
) -> Path:
    """Write ``folder/NAME.yaml``, with the curves beside it in ``folder/NAME/``; builds by temperature in K.

    Targets are called ``NAME/density-300K``. Raises :class:`ConfigError` where the file is there and is not
    to be replaced, and :class:`~cgbridge.errors.StorageError` where it cannot be written.
    """
    import yaml

    path = folder / f"{name}.yaml"
    if path.exists() and not replace:
        raise ConfigError("this file exists", where=str(path), remedy="give --overwrite, or another --name")
    targets: dict[str, Any] = {}
    for kelvin, build in builds.items():
        for target in build.targets:
            key = f"{target.key}-{kelvin:.0f}K"
            entry = dict(target.entry)
            if target.curve is not None:
                file = f"{name}/{key}.csv"
                _write_curve(folder / file, target.curve, str(entry["source"]))
                entry["reference"] = {
                    "csv": file,
                    "x_unit": target.curve.x_unit,
                    "y_unit": target.curve.y_unit,
                }
            targets[key] = entry
    content = {"description": description, "targets": targets}
    write_atomic(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))
    return path


def _write_curve(path: Path, curve: Curve, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"# {source}", "x,y,y_err"]
    rows += [f"{x:.6g},{y:.6g},{e:.3g}" for x, y, e in zip(curve.x, curve.y, curve.y_err, strict=True)]
    write_atomic(path, "\n".join(rows) + "\n")
