"""The journal: one JSON line per finished evaluation, appended and fsynced, never rewritten.

Each line has the content hash of what was computed (``key``), so nothing is computed twice. A line cut
short by a crash or a full disk is dropped on the next opening; all lines before it stay valid.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cgbridge.errors import FileFormatError
from cgbridge.store.atomic import storage_errors


def content_key(content: Mapping[str, Any]) -> str:
    """Hash of a JSON-able mapping; floats enter by their exact repr."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


class Journal:
    """Append-only store of evaluations by key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, dict[str, Any]] = {}
        self.dropped_bytes = 0
        good = self._read()
        with storage_errors(path):
            # Unbuffered: bytes that a full disk refused must not come back at closing.
            self._file = open(path, "ab", buffering=0)  # noqa: SIM115  (lives as long as the journal)
            if self._file.tell() > good:
                self.dropped_bytes = self._file.tell() - good
                self._file.truncate(good)

    def _read(self) -> int:
        """Read all whole lines; return the number of bytes they take."""
        if not self.path.exists():
            return 0
        good = 0
        with open(self.path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                    self._entries[entry["key"]] = entry
                except (ValueError, KeyError, TypeError):
                    raise FileFormatError(
                        "this line is not a journal entry",
                        where=f"{self.path}:{number}",
                        remedy="restore the file, or start over with --fresh",
                    ) from None
                good += len(line)
        return good

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._entries.values())

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append durably; on a full disk the torn line is taken back and StorageError raised."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with storage_errors(self.path):
            start = self._file.tell()
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[self._file.write(rest) :]
                os.fsync(self._file.fileno())
            except OSError:
                os.truncate(self.path, start)
                raise
        self._entries[entry["key"]] = dict(entry)

    def close(self) -> None:
        self._file.close()
