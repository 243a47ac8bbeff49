"""The command line in a fork of a process that has its libraries loaded.

Most of the time of a short command is the loading of numpy, OpenMM and matplotlib. A server loads them once
and forks for every command, as a fit does for its evaluations; a command has its own process, folder and
output as ever. `tests/repo` looks at how the true program starts.

As a script it is that server: a line of JSON in, ``{"words", "folder", "environment", "out", "err"}``, and
two lines out, the process id and the exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

LIBRARIES = (
    "ase.io", "cmaes", "freud", "mdtraj", "openmm", "scipy.optimize", "sklearn.gaussian_process",
    "cgbridge.apps.evaluate", "cgbridge.fits.search.loop", "cgbridge.cli.app", "cgbridge.engine.free_run",
    "cgbridge.export.writers", "cgbridge.openmm", "cgbridge.report.document",
)  # fmt: skip


class Command:
    """A command while it runs; one at a time."""

    def __init__(self, folder: Path, words: tuple[str, ...]) -> None:
        self._words = words
        self._scratch = tempfile.TemporaryDirectory(prefix="cgbridge-test-")
        self._out, self._err = (Path(self._scratch.name) / name for name in ("out", "err"))
        self._server = _server()
        self.pid = self._server.ask(
            {
                "words": words,
                "folder": str(folder),
                "environment": dict(os.environ),
                "out": str(self._out),
                "err": str(self._err),
            }
        )

    @property
    def ended(self) -> bool:
        return self._server.answers(0.0)

    def kill(self) -> None:
        """End it as a power failure would."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float = 600.0) -> subprocess.CompletedProcess[str]:
        """Exit code (minus a signal's number) and what was printed; a hang is killed."""
        in_time = self._server.answers(timeout)
        if not in_time:
            self.kill()
        code = self._server.exit_code()
        with self._scratch:
            out, err = self._out.read_text(), self._err.read_text()
        if not in_time:
            raise subprocess.TimeoutExpired(list(self._words), timeout, out, err)
        return subprocess.CompletedProcess(list(self._words), code, out, err)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``cgbridge WORDS`` in ``folder`` and return what it printed and its exit code."""
    return Command(folder, words).wait()


class _Server:
    """The client's end."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        #: The command that nobody has waited for yet.
        self._running: int | None = None
        # Without buffers: what was read ahead would not be there for select.
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        atexit.register(self.close)

    def close(self) -> None:
        if self.owner == os.getpid():
            with self._process:  # closes its pipes, by which it ends, and waits for it
                pass

    def ask(self, request: dict[str, Any]) -> int:
        """The process id; what a test has left behind where it failed is ended first."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running, signal.SIGKILL)
            self.exit_code()
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._running = self._answer()
        return self._running

    def exit_code(self) -> int:
        """Of the command that runs, when it has ended."""
        code = self._answer()
        self._running = None
        return code

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def answers(self, timeout: float) -> bool:
        """Whether there is a line to read, or will be within ``timeout`` seconds."""
        return bool(select.select([self._process.stdout], [], [], timeout)[0])


_servers: list[_Server] = []


def _server() -> _Server:
    """This process's server, started when the first command is run."""
    if not _servers or _servers[0].owner != os.getpid():
        _servers[:] = [_Server()]
    return _servers[0]


def load() -> None:
    """Load what the commands load."""
    for name in LIBRARIES:
        importlib.import_module(name)


def serve() -> None:
    """Answer requests until the client's end is closed."""
    load()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: dict[str, Any]) -> None:
    """In the fork: be the command that was asked for."""
    code = 1
    try:
        for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
            file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, number)
            os.close(file)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  (the server's has been read ahead)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["cgbridge", *request["words"]]
        from cgbridge.cli import main

        main()
        code = 0
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
