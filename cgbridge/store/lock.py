"""One live run per folder."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType

from cgbridge.errors import RunFolderError
from cgbridge.store.atomic import storage_errors

#: C's ``struct flock``: kind of lock, where its range starts (0: at the beginning), start, length (0: to the
#: end), owner (0 for a lock of an open file); with native padding.
_FLOCK = "hhqqi0q"


class RunLock:
    """An advisory lock on the file ``name``; the kernel releases it when the process dies, however it dies.

    It belongs to the open file and not to the process ("open file description lock"), so that another thread
    that opens and closes the file does not lose it; and whether it is held can be asked without taking it.
    ``other`` names what the user may choose instead of the folder.
    """

    def __init__(self, folder: Path, other: str = "run.folder", name: str = "run.lock") -> None:
        self.path, self._other = folder / name, other
        with storage_errors(self.path):
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __enter__(self) -> RunLock:
        with storage_errors(self.path):
            try:
                fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _request())
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    os.close(self._descriptor)
                    raise
                owner = os.pread(self._descriptor, 64, 0).decode(errors="replace").strip() or "unknown"
                os.close(self._descriptor)
                raise RunFolderError(
                    f"another run is alive in this folder (process {owner})",
                    where=str(self.path.parent),
                    remedy=f"wait for it, stop it, or choose another {self._other}",
                ) from None
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a run is alive in the folder. Takes no lock, so that no run that is just starting meets one."""
    try:
        descriptor = os.open(folder / "run.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _request())
    except OSError:  # a file system without locks: nobody can hold one
        return False
    finally:
        os.close(descriptor)
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)


def _request() -> bytes:
    """An exclusive lock of the whole file."""
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
