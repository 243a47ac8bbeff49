"""What a worker process may be asked to do; it must be able to import it."""

from __future__ import annotations

import os
import signal
import struct
import sys
import warnings
from typing import Any

from cgbridge.errors import CgbridgeWarning, ConfigError


def answer(number: int) -> int:
    return 2 * number


def refuse() -> None:
    raise ConfigError("no such thing", where="here")


def warned(times: int) -> int:
    for _ in range(times):
        warnings.warn("the box has a net charge", CgbridgeWarning, stacklevel=1)
    warnings.warn("and another", CgbridgeWarning, stacklevel=1)
    return times


def mistake() -> None:
    raise KeyError("a bug")


def out_of_memory() -> None:
    raise MemoryError


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_message() -> None:
    """As a process that dies while it writes a large answer: the length is there, the rest is not."""
    frame = sys._getframe()
    while "sender" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    os.write(frame.f_locals["sender"].fileno(), struct.pack("!i", 10_000) + b"half")
    os._exit(0)


def unreadable() -> Any:
    """An answer whose class the reader does not know."""
    return type("Local", (), {})()


def asleep() -> None:
    signal.pause()
