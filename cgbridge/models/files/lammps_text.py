"""The text of a LAMMPS parameter file: encoding, comments, units tag, words with their places."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cgbridge.errors import FileFormatError

#: Energy unit of a LAMMPS unit style; lengths are in angstrom in both.
ENERGY_UNITS = {"metal": "eV", "real": "kcal/mol"}

_UNITS_TAG = re.compile(r"\b(UNITS):\s*(\w+)", re.IGNORECASE)
_OTHER_STYLES = ("lj", "si", "cgs", "electron", "micro", "nano")
# Not splitlines(), which also ends lines at characters that Latin-1 comments may hold.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Word:
    """A word outside comments; line and column count from 1."""

    text: str
    line: int
    column: int

    def place(self, path: Path) -> str:
        return f"{path}, line {self.line}, column {self.column}"


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark, or else in Latin-1.

    Only comments may hold other characters than ASCII, so that the difference does not matter. Raises
    :class:`FileFormatError` for a file that cannot be read, is empty, or is in UTF-16.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error.strerror}", where=str(path)) from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileFormatError(
            "the file is in UTF-16", where=str(path), remedy="save it as plain text (UTF-8)"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if not text.strip():
        raise FileFormatError("the file is empty", where=str(path), remedy="check the download or copy")
    return text


def read_header(text: str, path: Path) -> tuple[str | None, str]:
    """Units, None without a tag, and the first comment; a tag counts only inside comments."""
    units, comment = None, ""
    for number, line in enumerate(_LINE_END.split(text), start=1):
        _, hash_sign, note = line.partition("#")
        if not hash_sign:
            continue
        comment = comment or note.strip("# \t")
        tag = _UNITS_TAG.search(note)
        if tag is None:
            continue
        place, found = f"{path}, line {number}", tag.group(2).lower()
        if found not in ENERGY_UNITS:
            if tag.group(1) != "UNITS" and found not in _OTHER_STYLES:
                continue  # a sentence such as "metal units: epsilon in eV"
            raise FileFormatError(
                f"units '{tag.group(2)}' are not supported",
                where=place,
                remedy="convert to metal or real units",
            )
        if units not in (None, found):
            raise FileFormatError("two different UNITS tags", where=place, remedy="keep the right one")
        units = found
    return units, comment


def read_words(text: str, path: Path) -> Iterator[Word]:
    """The words outside comments; :class:`FileFormatError` for a character that is not plain ASCII."""
    for number, line in enumerate(_LINE_END.split(text), start=1):
        content = line.partition("#")[0]
        for column, character in enumerate(content, start=1):
            if not (" " <= character <= "~" or character == "\t"):
                name = unicodedata.name(character, "control character")
                raise FileFormatError(
                    f"character '{character}' (U+{ord(character):04X}, {name}) is not plain ASCII",
                    where=f"{path}, line {number}, column {column}",
                    remedy="replace it by an ASCII '-'"
                    if unicodedata.category(character) in ("Pd", "Sm")
                    else "replace or remove it",
                )
        for match in re.finditer(r"\S+", content):
            yield Word(match.group(), number, match.start() + 1)
