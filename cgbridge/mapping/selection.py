"""Words that choose atoms of a molecule: ``name CA CB or (element H and bonded to name CA)``.

``name``, ``resname`` and ``element`` take names (with ``*`` and ``?``), ``index`` takes numbers from 0 and
ranges ``3-7`` within the molecule, ``bonded to`` takes a selection; ``all``, ``and``, ``or``, ``not`` and
parentheses as usual.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.mapping.variants import Variant

_KEYWORDS = ("name", "resname", "element", "index", "bonded", "to", "all", "and", "or", "not", "(", ")")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def select(text: str, variant: Variant) -> tuple[int, ...]:
    """The indices in one copy of what ``text`` chooses, in ascending order.

    Raises :class:`~cgbridge.errors.ConfigError` for text that is no selection.
    """
    parser = _Parser(text, variant)
    chosen = parser.alternatives()
    parser.require_end()
    return tuple(sorted(chosen))


class _Parser:
    def __init__(self, text: str, variant: Variant) -> None:
        self._text, self._variant = text, variant
        self._words = re.findall(r"[()]|[^\s()]+", text)
        self._everything = frozenset(range(len(variant.names)))

    def alternatives(self) -> frozenset[int]:
        chosen = self._conjunction()
        while self._next() == "or":
            self._take()
            chosen |= self._conjunction()
        return chosen

    def require_end(self) -> None:
        if self._words:
            raise self._fault(f"'{self._words[0]}' is not expected there")

    def _conjunction(self) -> frozenset[int]:
        chosen = self._factor()
        while self._next() == "and":
            self._take()
            chosen &= self._factor()
        return chosen

    def _factor(self) -> frozenset[int]:
        word = self._take()
        if word == "not":
            return self._everything - self._factor()
        if word == "all":
            return self._everything
        if word == "(":
            chosen = self.alternatives()
            if self._take() != ")":
                raise self._fault("a parenthesis is not closed")
            return chosen
        if word == "bonded":
            if self._next() == "to":
                self._take()
            return self._neighbours(self._factor())
        if word == "index":
            return self._indices()
        return self._named(word)

    def _named(self, word: str) -> frozenset[int]:
        v = self._variant
        columns: dict[str, Callable[[int], str]] = {
            "name": lambda i: v.names[i],
            "element": lambda i: v.elements[i],
            "resname": lambda i: v.residues[v.residue_of[i]],
        }
        if word not in columns:
            raise self._fault(f"unknown word '{word}'{did_you_mean(word, _KEYWORDS)}")
        patterns = self._values(word)
        of = columns[word]
        return frozenset(i for i in self._everything if any(fnmatchcase(of(i), p) for p in patterns))

    def _indices(self) -> frozenset[int]:
        chosen: set[int] = set()
        for text in self._values("index"):
            match = _RANGE.fullmatch(text)
            if match is None:
                raise self._fault(f"'{text}' is no index")
            first, last = int(match[1]), int(match[2] or match[1])
            chosen.update(range(first, last + 1))
        if not chosen <= self._everything:
            raise self._fault(
                f"there is no atom {max(chosen)}: the indices end at {len(self._everything) - 1}"
            )
        return frozenset(chosen)

    def _values(self, word: str) -> list[str]:
        found = []
        while self._words and self._words[0] not in _KEYWORDS:
            found.append(self._words.pop(0))
        if not found:
            raise self._fault(f"'{word}' is followed by nothing")
        return found

    def _neighbours(self, chosen: frozenset[int]) -> frozenset[int]:
        pairs = [*self._variant.bonds, *((j, i) for i, j in self._variant.bonds)]
        return frozenset(j for i, j in pairs if i in chosen)

    def _next(self) -> str:
        return self._words[0] if self._words else ""

    def _take(self) -> str:
        if not self._words:
            raise self._fault("it ends too early")
        return self._words.pop(0)

    def _fault(self, what: str) -> ConfigError:
        return ConfigError(
            f"selection '{self._text}': {what}",
            remedy="for example: name CA CB, element H and bonded to name CA, index 0-3, not resname HOH",
        )
