"""One live run per folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from cgbridge.errors import RunFolderError
from cgbridge.store.atomic import storage_errors


class RunLock:
    """An advisory lock on ``run.lock``; the kernel releases it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run.lock"
        with storage_errors(self.path):
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __enter__(self) -> RunLock:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._descriptor, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise RunFolderError(
                f"another run is alive in this folder (process {owner})",
                where=str(self.path.parent),
                remedy="wait for it, stop it, or choose another run.folder",
            ) from None
        with storage_errors(self.path):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a run is alive in the folder."""
    path = folder / "run.lock"
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
