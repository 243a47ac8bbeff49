"""What the parameters of a model are called: ``tersoff.A[Si-C-C]``, or a shorter name where it is clear.

The full name is that of the term, of the parameter, and of the bead types of its entry. The term is left out
where the model has only one, the types where the term has only one entry. Every other name that can mean one
parameter only is understood as well, with commas for the hyphens, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.term import Key, Term


@dataclass(frozen=True)
class Address:
    """Where a value stands: number of the term, entry, name of the parameter."""

    term: int
    key: Key
    name: str


def parameter_names(terms: Sequence[Term]) -> dict[str, Address]:
    """The name of every parameter, in the order of terms and entries."""
    found = {}
    for number, term in enumerate(terms):
        prefix = f"{term.name}." if len(terms) > 1 else ""
        entries = [key for key in term.entries if key]
        for key, name, _ in term.values():
            types = f"[{'-'.join(key)}]" if key and len(entries) > 1 else ""
            found[f"{prefix}{name}{types}"] = Address(number, key, name)
    return found


def find_parameter(name: str, names: Mapping[str, Address], terms: Sequence[Term], model: str) -> Address:
    """The parameter that ``name`` means.

    Raises :class:`ConfigError` for a name that means none (with a suggestion) or several (with their names).
    """
    if name in names:
        return names[name]
    wanted = name.replace(" ", "")
    found = [address for address in names.values() if wanted in _other_names(address, terms)]
    if len(found) == 1:
        return found[0]
    known = list(names)
    if not found:
        _refuse_mixed(wanted, names, terms)
        raise ConfigError(
            f"model '{model}' has no parameter '{name}'{did_you_mean(name, known)}",
            remedy="its parameters: " + _listed(known),
        )
    meant = [full for full, address in names.items() if address in found]
    raise ConfigError(
        f"'{name}' may be any of {len(meant)} parameters of model '{model}'",
        remedy="name one of them: " + _listed(meant),
    )


def _refuse_mixed(wanted: str, names: Mapping[str, Address], terms: Sequence[Term]) -> None:
    """Raise :class:`ConfigError` for a name of what mixing makes, which has no value of its own."""
    for number, term in enumerate(terms):
        for key, values in term.mixed.items():
            if any(wanted in _other_names(Address(number, key, name), terms) for name in values):
                raise ConfigError(
                    f"'{wanted}' follows by mixing from the pairs of like beads",
                    remedy=f"search or set those of [{key[0]}-{key[0]}] and [{key[1]}-{key[1]}], or give the "
                    f"base model an entry for {key[0]} {key[1]}, which mixing then leaves alone",
                )


def _other_names(address: Address, terms: Sequence[Term]) -> set[str]:
    term = terms[address.term]
    keys = {address.key, address.key[::-1]} if term.functional_form.mirrored else {address.key}
    types = {f"[{sign.join(key)}]" for key in keys for sign in "-," if key} | {""}
    return {f"{prefix}{address.name}{end}" for prefix, end in product(("", f"{term.name}."), types)}


def _listed(names: Sequence[str]) -> str:
    most = 20
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
