"""Files that are either the old or the new version, never half of one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgbridge.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn operating-system faults of writing into a :class:`StorageError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            what, remedy = "the disk is full", "free some space and run the same command again; a fit resumes"
        else:
            what, remedy = (
                f"cannot be written: {error.strerror or error}",
                "check the folder and its permissions",
            )
        raise StorageError(what, where=str(path), remedy=remedy) from error


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write through a temporary file, fsync and rename; text as UTF-8."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        try:
            with open(temporary, "wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
