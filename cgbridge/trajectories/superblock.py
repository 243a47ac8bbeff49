"""The first bytes of an HDF5 file: how one that lost its writer is made fit to be read and written again.

A file that is open for "single writer, multiple readers" says so in its superblock, and one whose writer was
killed says it for ever; HDF5 then refuses further writers, and a reader of such a file waits without end for
what is missing if the file was cut off as well. HDF5's own program h5clear takes the mark away, but comes
with no Python wheel. Layout: HDF5 File Format Specification 3.0, II.A, superblock version 3.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: Signature, version, sizes of offsets and lengths, marks; base, extension, end of file, root; checksum.
_LAYOUT = struct.Struct("<8sBBBBQQQQI")
_VERSION, _OFFSET_SIZE = 3, 8
_WORD = 0xFFFFFFFF


def release(path: Path) -> None:
    """Take away the mark of a writer that is gone and set the end of the file behind all that it wrote.

    The data stay as they are, as does a file without the mark. Only for a file that nobody writes. Raises
    :class:`OSError`.
    """
    with open(path, "r+b") as file:
        head = _released(file)
        if head is not None:
            # One small write at the beginning of a file is done whole or not at all by a process that dies.
            os.pwrite(file.fileno(), head, 0)
            os.fsync(file.fileno())


def is_marked(path: Path) -> bool:
    """Whether the file says that it is being written. Raises :class:`OSError`."""
    with open(path, "rb") as file:
        return _released(file) is not None


class Released(io.FileIO):
    """A file read as :func:`release` would leave it; the file itself is not changed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._head = _released(self) or b""

    def readinto(self, buffer: Any) -> int:
        start = self.tell()
        count = super().readinto(buffer) or 0
        head = self._head[start : start + count]
        memoryview(buffer).cast("B")[: len(head)] = head
        return count


def _released(file: Any) -> bytes | None:
    """The superblock without the mark; None where it has none, or is none."""
    head = file.read(_LAYOUT.size)
    if len(head) < _LAYOUT.size:
        return None
    signature, version, offsets, lengths, marks, base, extension, _, root, _ = _LAYOUT.unpack(head)
    if (signature, version, offsets) != (_SIGNATURE, _VERSION, _OFFSET_SIZE) or not marks:
        return None
    size = os.fstat(file.fileno()).st_size
    fields = (signature, version, offsets, lengths, 0, base, extension, size, root)
    return _LAYOUT.pack(*fields, checksum(_LAYOUT.pack(*fields, 0)[:-4]))


def checksum(data: bytes) -> int:
    """HDF5's checksum of metadata: Bob Jenkins' lookup3 (hashlittle) with the initial value 0."""
    a = b = c = (0xDEADBEEF + len(data)) & _WORD
    position = 0
    while len(data) - position > 12:
        x, y, z = struct.unpack_from("<III", data, position)
        a, b, c = _mix((a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD)
        position += 12
    if position == len(data):
        return c
    x, y, z = struct.unpack("<III", data[position:].ljust(12, b"\0"))
    return _final((a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD)


def _turned(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _WORD


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for bits in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _WORD) ^ _turned(c, bits)
        c = (c + b) & _WORD
        a, b, c = b, c, a
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turned(b, bits)) & _WORD
        a, b, c = b, c, a
    # The last round made c, which the turn has moved to the place of b.
    return b
