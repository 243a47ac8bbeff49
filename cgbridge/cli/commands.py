"""What all commands share: how they are registered, how they end, how they read and write."""

from __future__ import annotations

import functools
import json
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

#: Exit code after Ctrl-C, and after SIGTERM, which batch systems send before they kill.
INTERRUPTED = 130

#: Headings of ``cgbridge --help``.
FIT, MODEL, LOOK_UP = "Fit a model", "Use a model", "Look things up"


def add_command(
    app: typer.Typer,
    function: Callable[..., None],
    panel: str,
    *,
    name: str | None = None,
    stopped: str = "stopped",
) -> None:
    """Register ``function`` under the heading ``panel``; after Ctrl-C or SIGTERM it says ``stopped``."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)
        try:
            function(*args, **kwargs)
        except KeyboardInterrupt:
            typer.echo(stopped, err=True)
            raise typer.Exit(INTERRUPTED) from None

    app.command(name=name, rich_help_panel=panel)(command)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def read_quantity(text: str, unit: str, option: str, *, positive: bool = True) -> float:
    """A command-line quantity in ``unit``; raises :class:`~cgbridge.errors.ConfigError` naming the option."""
    from cgbridge.errors import ConfigError, UnitError
    from cgbridge.units import quantity

    try:
        value = quantity(text, unit)
    except UnitError as error:
        raise UnitError(error.what, where=option, remedy=error.remedy) from None
    if positive and not value > 0:
        raise ConfigError(f"must be positive, found '{text}'", where=option)
    return value


def read_temperatures(texts: list[str] | None, files: int) -> list[float | None]:
    """``--temperature`` of every one of ``files``, in their order, in K; None where the files shall say it.

    Raises :class:`~cgbridge.errors.ConfigError` for another number of them.
    """
    from cgbridge.errors import ConfigError

    if not texts:
        return [None] * files
    if len(texts) != files:
        raise ConfigError(
            f"{len(texts)} temperatures for {files} trajectories",
            where="--temperature",
            remedy="give one for each, in their order",
        )
    return [read_quantity(text, "K", "--temperature") for text in texts]


def require_writable(path: Path | None) -> None:
    """Find out before hours of work that ``path`` cannot be written.

    Raises :class:`~cgbridge.errors.StorageError`.
    """
    from cgbridge.errors import StorageError

    if path is None:
        return
    folder = path.parent
    if not folder.is_dir():
        raise StorageError("no such folder", where=str(folder), remedy="make it, or choose another place")
    if path.is_dir():
        raise StorageError("this is a folder", where=str(path), remedy="give the name of a file")
    if not os.access(folder, os.W_OK):
        raise StorageError("this folder cannot be written", where=str(folder), remedy="check its permissions")


def require_absent(path: Path, option: str) -> None:
    """Refuse to replace a file; raises :class:`~cgbridge.errors.ConfigError`."""
    from cgbridge.errors import ConfigError

    if path.exists():
        raise ConfigError("this file exists", where=str(path), remedy=f"give {option}, or another name")


def write_json(path: Path, record: Any) -> None:
    """Write ``record`` as strict JSON: numbers that are not finite become null."""
    from cgbridge.store.atomic import write_atomic

    write_atomic(path, json.dumps(_finite(record), indent=1, allow_nan=False) + "\n")
    typer.echo(f"written: {path}")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def show_notes(notes: Iterable[str]) -> None:
    """Say what was taken without being asked, on standard error."""
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def on_terminal() -> bool:
    """Whether a person is watching the output."""
    return sys.stdout.isatty()
