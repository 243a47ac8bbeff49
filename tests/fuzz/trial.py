"""One command on one file, in a process of its own: what a user would see of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Seconds of processor time; the commands need a tenth of a second each.
CPU_LIMIT = 20
#: Seconds; a sleeping command is a hang as well, but a busy machine is not.
WALL_LIMIT = 180.0
#: Bytes of memory beyond what the program has mapped. A file of a few kB needs no more.
MEMORY = 4 << 30
#: A number that is none, as the program prints it.
_NOT_A_NUMBER = re.compile(r"(?<![\w.'/-])[-+]?(?:nan|inf)(?![\w.'/-])", re.IGNORECASE)
_FAULT = 99


@dataclass(frozen=True)
class Verdict:
    """``fault`` is None, or one line that tells what must not happen; ``text`` is what was printed."""

    fault: str | None
    code: int
    text: str


def try_command(words: Sequence[str], folder: Path) -> Verdict:
    """Run ``cgbridge WORDS`` in ``folder``, in a fork of this process, and judge how it ended.

    Faults are: an exception that is no message to the user, a signal, a time or memory limit, a number that
    is none where all is said to be well, and warnings of foreign libraries.
    """
    log = folder / ".output"
    child = os.fork()
    if child == 0:
        _run_and_leave(words, folder, log)
    status = _wait(child)
    text = log.read_text(encoding="utf-8", errors="replace")
    log.unlink()
    if status is None:
        return Verdict("hang: no end after the limit of wall time", -1, text)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return Verdict("hang: SIGXCPU" if name == "SIGXCPU" else f"crash: {name}", -1, text)
    code = os.WEXITSTATUS(status)
    return Verdict(_fault(code, text, folder), code, text)


def _run_and_leave(words: Sequence[str], folder: Path, log: Path) -> None:
    """In the child: the program's own entry, with everything printed going to ``log``."""
    try:
        with log.open("w", encoding="utf-8") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        os.chdir(folder)
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
        used = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_LIMIT, used + CPU_LIMIT + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.argv = ["cgbridge", *words]
        from cgbridge.cli import main

        try:
            main()
            code = 0
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
        except BaseException:
            traceback.print_exc()
            code = _FAULT
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        code = _FAULT
    # No teardown, and nothing of the parent's: it is not the child's to close.
    os._exit(code)


def _wait(child: int) -> int | None:
    """The child's status, or None after the limit of wall time."""
    deadline = time.monotonic() + WALL_LIMIT
    pause = 0.001
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(pause)
        pause = min(1.5 * pause, 0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _fault(code: int, text: str, folder: Path) -> str | None:
    if "Traceback (most recent call last)" in text:
        lines = [line for line in text.splitlines() if line.strip()]
        places = [line.strip() for line in lines if line.lstrip().startswith("File ")]
        place = re.sub(r'File ".*?/(cgbridge/[^"]*|[^/"]*)", line (\d+), in (\S+)', r"\1:\2 \3", places[-1])
        own = [line for line in places if "/cgbridge/" in line]
        origin = re.sub(r'.*/(cgbridge/[^"]*)", line (\d+), in (\S+)', r"\1:\2 \3", own[-1]) if own else ""
        return f"traceback: {lines[-1][:150]} ({origin or place})"
    if foreign := re.search(r"^.*?(\w*Warning): (.*)$", text, re.MULTILINE):
        return f"foreign warning: {foreign[1]}: {foreign[2][:150]}"
    if "MemoryError" in text or "bad_alloc" in text:
        return f"memory: {text.strip().splitlines()[-1][:150]}"
    if "OpenMMException" in text:
        return f"exception's name in a message: {text.strip().splitlines()[-1][:150]}"
    if code == 0:
        return _silent(text, folder)
    if not re.search(r"^(error|Usage|not measured)\b", text, re.MULTILINE):
        return f"exit code {code} without a message"
    return None


def _silent(text: str, folder: Path) -> str | None:
    """A number that is none in what a successful command printed or wrote."""
    for line in text.splitlines():
        # Lines that repeat the user's own words, such as a description, begin with a name.
        if (found := _NOT_A_NUMBER.search(line)) and not re.match(r"[\w-]+: |source ", line):
            return f"silent {found[0].lower()}: {line.strip()[:150]}"
    out = folder / "out.json"
    if out.exists():
        record = json.loads(out.read_text())
        for key in ("energy_kj_mol", "forces_kj_mol_nm", "virial_kj_mol"):
            if not _complete(record[key]):
                return f"silent null: {key}"
    return None


def _complete(value: Any) -> bool:
    return all(map(_complete, value)) if isinstance(value, list) else value is not None


def emptied(folder: Path) -> Path:
    """The folder, new and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
