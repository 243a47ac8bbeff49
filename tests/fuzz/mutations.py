"""Changes that people, editors and other programs make to a file.

Every mutation takes a random generator and the bytes of a file, and returns other bytes; equal generators
give equal changes. Those of :data:`YAML` change the parsed document, so that what they leave is still YAML.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import yaml

Mutation = Callable[[random.Random, bytes], bytes]

_NUMBER = re.compile(rb"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_WORD = re.compile(rb"[A-Za-z_][\w-]*")
#: What stands where a number should: not finite, out of range, in other people's notation, no number.
_ODD_NUMBERS = (
    b"nan", b"NaN", b"inf", b"-inf", b"1e400", b"-1e400", b"1e-400", b"0", b"-0", b"-1", b"1e308", b"1e30",
    b"1e-30", b"99999999999999999999", b"1,5", b"1.5.2", b"1e", b"--1", b"+-1", b"1d3", b"1_000", b"0x1F",
    b"x", b"*", b"", b'"2"', b"1/3", "−1".encode(), "１".encode(), "½".encode(), b".5.", b"1e+", b"True",
)  # fmt: skip
_UNITS = (
    b"A",
    b"nm",
    b"kcal/mol",
    b"kJ/mol",
    b"eV",
    b"K",
    b"bar",
    b"GPa",
    b"ps",
    b"fs",
    b"ns",
    b"g/cm^3",
    b"amu",
)


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _at_line(change: Callable[[random.Random, list[bytes], int], None]) -> Mutation:
    """A mutation of the list of lines at a random place."""

    def mutate(dice: random.Random, data: bytes) -> bytes:
        lines = _lines(data)
        if lines:
            change(dice, lines, dice.randrange(len(lines)))
        return b"".join(lines)

    return mutate


def _delete(dice: random.Random, lines: list[bytes], at: int) -> None:
    del lines[at : at + dice.choice((1, 1, 1, 2, 5))]


def _duplicate(dice: random.Random, lines: list[bytes], at: int) -> None:
    lines[at:at] = lines[at : at + dice.choice((1, 1, 3))]


def _swap(dice: random.Random, lines: list[bytes], at: int) -> None:
    other = dice.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _indent(dice: random.Random, lines: list[bytes], at: int) -> None:
    lines[at] = dice.choice((b" ", b"  ", b"\t")) + lines[at]


def _dedent(dice: random.Random, lines: list[bytes], at: int) -> None:
    lines[at] = lines[at].lstrip(b" ") or b"\n"


def _empty(dice: random.Random, lines: list[bytes], at: int) -> None:
    lines[at] = dice.choice((b"\n", b"   \n", b"#\n", b"\r\n"))


def _column(dice: random.Random, lines: list[bytes], at: int) -> None:
    """A column lost, given twice, or in another place."""
    words = lines[at].split()
    if not words:
        return
    here, there = dice.randrange(len(words)), dice.randrange(len(words))
    kind = dice.randrange(3)
    if kind == 0:
        del words[here]
    elif kind == 1:
        words.insert(here, words[there])
    else:
        words[here], words[there] = words[there], words[here]
    lines[at] = b" ".join(words) + b"\n"


def _join(dice: random.Random, lines: list[bytes], at: int) -> None:
    lines[at] = lines[at].rstrip(b"\r\n") + b" "


def _replace_one(pattern: re.Pattern[bytes], new: Callable[[random.Random, bytes], bytes]) -> Mutation:
    def mutate(dice: random.Random, data: bytes) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return data
        match = dice.choice(found)
        return data[: match.start()] + new(dice, match[0]) + data[match.end() :]

    return mutate


def _odd_number(dice: random.Random, old: bytes) -> bytes:
    return dice.choice(_ODD_NUMBERS)


def _scaled(dice: random.Random, old: bytes) -> bytes:
    """Another unit, another sign, nothing, or just a little off."""
    factor = dice.choice((0.0, -1.0, 0.1, 10.0, 1e3, 1e-3, 4.184, 1e10, 1.000001))
    return f"{float(old) * factor:.10g}".encode()


def _odd_word(dice: random.Random, old: bytes) -> bytes:
    at = dice.randrange(len(old))
    return dice.choice(
        (
            old[:at] + old[at + 1 :],
            old[:at] + old[at : at + 1] + old[at:],
            old.upper(),
            old.swapcase(),
            "é".encode(),
            b"",
            b"Xx",
            b"null",
            b"17",
            b"[" + old + b"]",
        )
    )


def _other_unit(dice: random.Random, old: bytes) -> bytes:
    return dice.choice(_UNITS)


def _truncate(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _encoded(dice: random.Random, data: bytes) -> bytes:
    """As other systems and editors save it."""
    kind = dice.randrange(6)
    if kind == 0:
        return b"\xef\xbb\xbf" + data
    if kind == 1:
        return data.replace(b"\n", b"\r\n")
    if kind == 2:
        return data.replace(b"\n", b"\r")
    if kind == 3:
        return data.decode(errors="replace").encode("utf-16")
    if kind == 4:
        return data.replace(b"-", "−".encode())
    return data.replace(b" ", "\N{NO-BREAK SPACE}".encode())


def _stray_bytes(dice: random.Random, data: bytes) -> bytes:
    """Latin-1, NUL and control characters in the middle."""
    at = dice.randrange(len(data) + 1)
    return (
        data[:at]
        + dice.choice((b"\xe9", b"\xb5", b"\x00", b"\x1a", b"\x0c", b"\x7f", b"\xff\xfe"))
        + data[at:]
    )


def _tabs(dice: random.Random, data: bytes) -> bytes:
    return data.replace(b" ", b"\t")


#: Those that any text file may suffer.
TEXT: tuple[Mutation, ...] = (
    *(_at_line(change) for change in (_delete, _duplicate, _swap, _indent, _dedent, _empty, _column, _join)),
    _at_line(_column),
    _replace_one(_NUMBER, _odd_number),
    _replace_one(_NUMBER, _odd_number),
    _replace_one(_NUMBER, _odd_number),
    _replace_one(_NUMBER, _scaled),
    _replace_one(_NUMBER, _scaled),
    _replace_one(_WORD, _odd_word),
    _replace_one(_WORD, _other_unit),
    _truncate,
    _encoded,
    _stray_bytes,
    _tabs,
)  # fmt: skip

#: Values of a wrong type, size or kind, for any place of a YAML document.
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e400, float("nan"), float("-inf"), 10**25, -(10**25), 1e-300, "", " ",
    "x", "nan", "1e400 K", "-5 K", "0 A", "3 parsec", "5 kJ/mol/mol", "1 %", "é", "−1 A", "1,5 A", "1e5",
    "mw", "auto", [], {}, [1], ["mw"], {"value": 1}, [[]], {"min": 1}, [None], {"x": {"y": []}}, "../../etc",
    "a" * 5000,
)  # fmt: skip


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        found += [(node, key), *_places(value)]
    return found


def _on_document(change: Callable[[random.Random, Any, Any, Any], None]) -> Mutation:
    def mutate(dice: random.Random, data: bytes) -> bytes:
        document = yaml.safe_load(data)
        places = _places(document)
        if places:
            change(dice, document, *dice.choice(places))
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()

    return mutate


def _odd_value(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    container[key] = dice.choice(_ODD_VALUES)


def _lost_value(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    del container[key]


def _wrapped(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    """A list for a value, a value for a list."""
    value = container[key]
    container[key] = value[0] if isinstance(value, list) and value else [value]


def _another_value(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    other, there = dice.choice(_places(document))
    # A copy: a reference would make an alias, and perhaps a document without an end.
    container[key] = yaml.safe_load(yaml.safe_dump(other[there]))


def _other_key(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    """A misspelt, foreign or odd key; in a list, an item twice."""
    if isinstance(container, list):
        container.append(container[key])
        return
    value = container.pop(key)
    name = str(key)
    container[
        dice.choice((name[:-1], name + "s", name.upper(), 1, None, 2.5, True, "é", "", "name", "seed"))
    ] = value


def _bare_number(dice: random.Random, document: Any, container: Any, key: Any) -> None:
    value = container[key]
    found = _NUMBER.search(value.encode()) if isinstance(value, str) else None
    container[key] = float(found[0]) if found else str(value)


_FRAGMENTS = (
    b"<<: *missing\n", b"<<: {name: x}\n", b"? [a, b]\n: 1\n", b"? {a: b}\n: 1\n", b"&a a: *a\n", b"{\n",
    b"'\n", b"!foo bar: 1\n", b"!!python/none x: 1\n", b"- a\n", b"%YAML 9.9\n", b"---\n", b"...\n", b"? \n",
    b"key: |\n  text\n", b"a: !!binary x\n", b"a: 2001-99-99\n", b"a: 2001-01-01\n", b"a: 1:60:00\n",
    b"a: !!int x\n", b"a: !!set {b}\n",
)  # fmt: skip


def _fragment(dice: random.Random, data: bytes) -> bytes:
    """Corners of YAML at the start of a line."""
    lines = _lines(data)
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(_FRAGMENTS))
    return b"".join(lines)


#: Those of YAML files, with the texts' own.
YAML: tuple[Mutation, ...] = (
    *(
        _on_document(change)
        for change in (_odd_value, _lost_value, _wrapped, _another_value, _other_key, _bare_number)
    ),
    *(_on_document(_odd_value),) * 4,
    _fragment,
    *TEXT,
)


def mutated(dice: random.Random, data: bytes, mutations: tuple[Mutation, ...]) -> bytes:
    """``data`` after one change, or a few where the file is still what the mutation needs."""
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        try:
            data = dice.choice(mutations)(dice, data)
        except (yaml.YAMLError, UnicodeError, ValueError, TypeError, RecursionError):
            continue  # after a first change the text may be no YAML any more
    return data
