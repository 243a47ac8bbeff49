"""One term of a model's energy: a functional form and its values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.terms.catalogue import get_form
from cgbridge.models.terms.form import ROUNDING, Form, IndexedEntries
from cgbridge.models.terms.mixing import RULES, mixed_values, unlike_pairs
from cgbridge.models.terms.network import Network, NetworkData
from cgbridge.models.terms.table import PairTable, Table
from cgbridge.records.parameter import Parameter
from cgbridge.units import internal, similarity_factor

#: The bead types of an entry; ``()`` for the values that the whole term shares.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """A functional form with values for types of beads; immutable, so that a fit makes new ones.

    ``entries`` maps the names of bead types to values in the units of ``parameters``, which are those of the
    form, without values of their own. ``label`` is the name that the parameters of the term are called by,
    ``tables`` holds the curves of the form ``table``, ``network`` the numbers of the form
    ``descriptor-network``. ``mixing`` names the rule that makes the pairs of
    unlike beads which have no entry (:mod:`cgbridge.models.terms.mixing`).
    """

    form: str
    entries: Mapping[Key, Mapping[str, float]]
    parameters: tuple[Parameter, ...]
    label: str = ""
    tables: Mapping[Key, PairTable] = field(default_factory=dict)
    mixing: str = ""
    network: NetworkData | None = None

    @cached_property
    def functional_form(self) -> Form:
        """The form behind the name ``form``."""
        return get_form(self.form)

    @property
    def name(self) -> str:
        """What the term is called: its label, or that of its form."""
        return self.label or self.functional_form.label

    @property
    def beads(self) -> tuple[str, ...]:
        """The bead types that the term knows."""
        return tuple(dict.fromkeys(name for key in self.entries for name in key))

    @cached_property
    def mixed(self) -> dict[Key, dict[str, float]]:
        """The entries that mixing makes, in the units of ``parameters``; they have no values to be set."""
        if self.mixing not in RULES:
            return {}
        return {
            key: mixed_values(
                self.mixing, self.parameters, self.entries[key[:1] * 2], self.entries[key[1:] * 2]
            )
            for key, possible in unlike_pairs(self.beads, self.entries)
            if possible
        }

    @property
    def all_entries(self) -> dict[Key, Mapping[str, float]]:
        """What the energy is made of: ``entries``, and those that mixing makes."""
        return {**self.entries, **self.mixed}

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``; raises :class:`ConfigError` with a suggestion."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = [parameter.name for parameter in self.parameters]
        raise ConfigError(
            f"the term '{self.name}' has no parameter '{name}'{did_you_mean(name, known)}",
            remedy="its parameters: " + ", ".join(known),
        )

    def values(self) -> Iterator[tuple[Key, str, float]]:
        """Entry, parameter and value, one after the other."""
        for key, values in self.entries.items():
            for name, value in values.items():
                yield key, name, value

    def with_values(self, changed: Mapping[tuple[Key, str], float]) -> Term:
        """The same term with some values replaced, each in the unit of its parameter."""
        entries = {
            key: {name: changed.get((key, name), value) for name, value in values.items()}
            for key, values in self.entries.items()
        }
        return replace(self, entries=entries)

    def rescaled(self, energy: float, length: float) -> Term:
        """The similar term; see :meth:`~cgbridge.models.model.CoarseGrainedModel.rescaled`."""
        factors = {p.name: similarity_factor(p.unit, energy, length) for p in self.parameters}
        entries = {
            key: {name: value * factors[name] for name, value in values.items()}
            for key, values in self.entries.items()
        }
        tables = {
            key: PairTable(tuple(r * length for r in table.distance), tuple(u * energy for u in table.energy))
            for key, table in self.tables.items()
        }
        network = None if self.network is None else self.network.rescaled(energy, length)
        return replace(self, entries=entries, tables=tables, network=network)

    def restricted(self, names: Collection[str]) -> Term | None:
        """The term for the beads called ``names`` only; None where it does not act among them."""
        entries = {key: values for key, values in self.entries.items() if set(key) <= set(names)}
        tables = {key: table for key, table in self.tables.items() if set(key) <= set(names)}
        return replace(self, entries=entries, tables=tables) if any(entries) else None

    def renamed(self, name: Callable[[str], str]) -> Term:
        """The term with other names of beads."""
        return replace(
            self,
            entries={tuple(map(name, key)): values for key, values in self.entries.items()},
            tables={tuple(map(name, key)): table for key, table in self.tables.items()},
            network=None
            if self.network is None
            else replace(self.network, beads=tuple(map(name, self.network.beads))),
        )

    def indexed(self, index: Mapping[str, int]) -> dict[tuple[int, ...], dict[str, float]]:
        """Values in the internal system (nm, kJ/mol) by type indices, those of mixed pairs among them."""
        units = {parameter.name: parameter.unit for parameter in self.parameters}
        return {
            tuple(index[name] for name in key): {
                name: internal(value, units[name]) for name, value in values.items()
            }
            for key, values in self.all_entries.items()
        }

    def bound_form(self, index: Mapping[str, int]) -> Form:
        """The form, with the tables or the network of this term where it has any."""
        form = self.functional_form
        if isinstance(form, Network) and self.network is not None:
            return form.with_network(self.network, index)
        if not isinstance(form, Table):
            return form
        return form.with_tables(
            {tuple(index[name] for name in key): table for key, table in self.tables.items()}
        )

    def require_sound(self, index: Mapping[str, int], where: str) -> None:
        """Raise :class:`ConfigError` for values that are incomplete, not finite, impossible or contradictory.

        ``index`` numbers the beads of the model, ``where`` is the place for messages.
        """
        self._require_known(index, where)
        self._require_mixable(where)
        form, entries = self.functional_form, self.indexed(index)
        places = {
            indices: f"{where}, entry {' '.join(key)}" if key else where
            for key, indices in zip(self.all_entries, entries, strict=True)
        }
        given = list(entries.items())[: len(self.entries)]
        # Those that mixing makes come after, for they are wrong where the given ones are.
        for these in (given, list(entries.items())[len(given) :]):
            for indices, values in these:
                form.require_numbers(indices, values, where=places[indices])
            for indices, values in these:
                form.check(values, where=places[indices], in_use=form.in_use(entries, indices))
        self._require_agreement(form, entries, {number: name for name, number in index.items()}, where)

    def _require_known(self, index: Mapping[str, int], where: str) -> None:
        form = self.functional_form
        known = {parameter.name for parameter in self.parameters}
        for key, values in self.entries.items():
            for name in key:
                if name not in index:
                    raise ConfigError(
                        f"entry {' '.join(key)}: no bead '{name}'{did_you_mean(name, index)}", where=where
                    )
            if len(key) not in (0, form.bodies):
                raise ConfigError(
                    f"entry {' '.join(key)}: a {form.name} entry is for {form.bodies} bead types", where=where
                )
            for name in values:
                if name not in known:
                    raise ConfigError(f"parameter '{name}' has no unit", where=where)
        if form.shared and () not in self.entries:
            raise ConfigError(f"the term '{self.name}' lacks its shared values", where=where)
        if isinstance(form, Table):
            for key in self.entries:
                if key and key not in self.tables:
                    raise ConfigError(f"no table for the pair {' '.join(key)}", where=where)
        if isinstance(form, Network):
            self._require_network(where)

    def _require_network(self, where: str) -> None:
        if self.network is None:
            raise ConfigError(
                f"the term '{self.name}' has no network", where=where, remedy="write network: model.cgnn"
            )
        for bead in self.beads:
            if bead not in self.network.beads:
                raise ConfigError(
                    f"the network knows no bead '{bead}'{did_you_mean(bead, self.network.beads)}",
                    where=where,
                    remedy="its beads: " + ", ".join(self.network.beads),
                )

    def _require_mixable(self, where: str) -> None:
        if not self.mixing:
            return
        if self.mixing not in RULES:
            raise ConfigError(
                f"unknown mixing '{self.mixing}'{did_you_mean(self.mixing, RULES)}",
                where=where,
                remedy="one of: " + ", ".join(RULES) + "; LAMMPS's arithmetic is lorentz-berthelot",
            )
        if not self.functional_form.mixes:
            raise ConfigError(
                f"the form {self.form} has no mixing rules",
                where=where,
                remedy="give an entry for every pair that interacts; lennard-jones and mie have rules",
            )
        for pair, possible in unlike_pairs(self.beads, self.entries):
            if not possible:
                lacking = [f"{bead} {bead}" for bead in pair if (bead, bead) not in self.entries]
                raise ConfigError(
                    f"the pair {' '.join(pair)} cannot be mixed, for {' and '.join(lacking)} "
                    f"{'has' if len(lacking) == 1 else 'have'} no entry",
                    where=where,
                    remedy=f"give an entry for {lacking[0]}, or one for {' '.join(pair)} (with an epsilon of "
                    "0 they do not interact)",
                )

    @staticmethod
    def _require_agreement(form: Form, entries: IndexedEntries, names: Mapping[int, str], where: str) -> None:
        for found in form.disagreements(entries):
            if found.ordered and found.relative > ROUNDING:
                first, second = (" ".join(names[i] for i in key) for key in (found.first, found.second))
                raise ConfigError(
                    f"the entries {first} and {second} differ in {found.what}, so that the energy would "
                    "depend on the order of the beads",
                    where=where,
                    remedy="they are one angle: give both the same values",
                )
