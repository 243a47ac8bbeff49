"""One YAML document as plain data: what has one meaning is read, everything else is a fault with its line.

The rules are those of YAML 1.2 (core schema), not of 1.1: ``NO``, ``Y`` and ``On`` are words, ``010`` is ten,
``12:30`` and ``2024-01-01`` are text, ``1e5`` is a number. Keys are always words. ``<<`` merges are followed,
anchors too, unless they contain themselves or grow beyond measure.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from cgbridge.config.places import Lines, Path_
from cgbridge.units import is_overflowing

#: More values than this come from anchors that multiply; the longest honest file has some thousands.
_MOST = 50_000
#: Levels of lists and mappings in each other; an honest file has ten.
_DEEPEST = 50
#: Characters of a number that a message shows.
_SHOWN = 40
_TOO_DEEP = "lists or mappings are nested too deeply"
_TAG = "tag:yaml.org,2002:"
_NO_TAGS = "leave out what begins with '!'"


class DocumentError(Exception):
    """``what`` is wrong at ``line`` (None: not known) and what helps; ``place`` leads to a value."""

    def __init__(
        self, what: str, line: int | None = None, remedy: str | None = None, *, place: Path_ = ()
    ) -> None:
        super().__init__(what)
        self.what, self.line, self.remedy, self.place = what, line, remedy, place


class _CoreLoader(yaml.SafeLoader):
    """Recognises numbers and truth values as YAML 1.2 does, and stops at deep nesting."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth == _DEEPEST:
            raise DocumentError(_TOO_DEEP, int(self.line) + 1, "write it flat")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
        "-+.0123456789",
    ),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
):
    _CoreLoader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), list(_first))


def parse_document(text: str) -> tuple[Any, Lines]:
    """The data of a YAML text and its places; raises :class:`DocumentError`."""
    try:
        node = yaml.compose(text, Loader=_CoreLoader)
        reader = _Reader()
        return (None if node is None else reader.value(node, ())), reader.lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(part for part in (error.problem, error.context) if part)
        raise DocumentError(f"not valid YAML: {words}", mark.line + 1 if mark else None) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        raise DocumentError(f"not valid YAML: {error.reason} (character {error.character!r})", line) from None
    except (ValueError, OverflowError) as error:  # escapes such as "\UFFFFFFFF" that PyYAML does not check
        raise DocumentError(f"not valid YAML: {error}") from None


class _Reader:
    """Turns nodes into data; one reader for one document."""

    def __init__(self) -> None:
        self.lines = Lines()
        self._above: list[int] = []
        self._count = 0

    def value(self, node: yaml.Node, place: Path_) -> Any:
        self._tally(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        with self._inside(node):
            if isinstance(node, yaml.MappingNode):
                _require_tag(node, "map")
                return self._mapping(node, place)
            assert isinstance(node, yaml.SequenceNode)
            _require_tag(node, "seq")
            return self._sequence(node, place)

    def _mapping(self, node: yaml.MappingNode, place: Path_) -> dict[str, Any]:
        content = {}
        for key, (key_node, value_node) in self._pairs(node).items():
            self.lines[(*place, key)] = _line(key_node)
            content[key] = self.value(value_node, (*place, key))
        return content

    def _pairs(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Keys with their nodes; of keys that several merged mappings give the first counts, own ones win."""
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            self._tally(key_node)
            if key_node.tag == f"{_TAG}merge":
                for source in _merged_nodes(value_node):
                    with self._inside(source):
                        merged = self._pairs(source) | merged
                continue
            key = _key(key_node, value_node)
            if key in own:
                raise DocumentError(f"key '{key}' is given twice", _line(key_node), "keep one of them")
            own[key] = key_node, value_node
        return merged | own

    def _sequence(self, node: yaml.SequenceNode, place: Path_) -> list[Any]:
        found = []
        for index, item in enumerate(node.value):
            self.lines[(*place, index)] = _line(item)
            found.append(self.value(item, (*place, index)))
        return found

    def _scalar(self, node: yaml.ScalarNode, place: Path_) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind in ("str", "merge"):  # a value '<<' is a word
            if is_overflowing(text):  # here, because nothing else looks at what is never used
                raise _not_finite(node, place)
            return _word(node)
        if kind == "null":
            return None
        self.lines.written[place] = text
        if kind == "bool" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        try:
            if kind == "int":
                whole = _whole(text)
                if abs(whole) > sys.float_info.max:
                    raise _not_finite(node, place)
                return whole
            if kind == "float":
                number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
                if math.isfinite(number):
                    return number
                raise _not_finite(node, place)
        except ValueError:
            pass
        raise DocumentError(f"'{text}' with the tag '{node.tag}' is not read here", _line(node), _NO_TAGS)

    def _tally(self, node: yaml.Node) -> None:
        self._count += 1
        if self._count > _MOST:
            raise DocumentError(
                f"anchors make more than {_MOST} values of this file", _line(node), "write out what is meant"
            )

    @contextmanager
    def _inside(self, node: yaml.Node) -> Iterator[None]:
        if id(node) in self._above:
            raise DocumentError("an anchor is used inside itself", _line(node), "write out what is meant")
        if len(self._above) == _DEEPEST:
            raise DocumentError(_TOO_DEEP, _line(node), "write it flat")
        self._above.append(id(node))
        yield
        self._above.pop()


def _merged_nodes(node: yaml.Node) -> list[yaml.MappingNode]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(one, yaml.MappingNode) for one in nodes):
        raise DocumentError(
            "'<<' takes over the keys of a mapping, and this is none",
            _line(node),
            "write '<<: *name', where '&name' stands before a mapping",
        )
    return list(nodes)


def _key(node: yaml.Node, value: yaml.Node) -> str:
    """A key as it is written: ``NO``, ``7`` and ``true`` are words here."""
    if not isinstance(node, yaml.ScalarNode):
        kind = "a mapping" if isinstance(node, yaml.MappingNode) else "a list"
        raise DocumentError(
            f"a key is a word, and here it is {kind}",
            _line(node),
            "write 'key: value'; text that begins with '{', '[' or '?' needs quotes",
        )
    if not node.value.strip():
        raise DocumentError("a key is missing before the colon", _line(value), "write 'key: value'")
    return _word(node)


def _word(node: yaml.ScalarNode) -> str:
    text = str(node.value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise DocumentError("half a character (a lone surrogate)", _line(node), "write the character itself")
    return text


def _whole(text: str) -> int | float:
    """The number of decimal, hexadecimal or octal digits; of more decimal ones than int takes infinity."""
    if text[:2] in ("0x", "0o"):
        return int(text, 0)
    return int(text) if math.isfinite(float(text)) else math.inf


def _not_finite(node: yaml.ScalarNode, place: Path_) -> DocumentError:
    text = node.value if len(node.value) <= _SHOWN else f"{node.value[:_SHOWN]}..."
    return DocumentError(f"'{text}' is no finite number", _line(node), "give a number", place=place)


def _require_tag(node: yaml.Node, kind: str) -> None:
    if node.tag != _TAG + kind:
        raise DocumentError(f"the tag '{node.tag}' is not read here", _line(node), _NO_TAGS)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
