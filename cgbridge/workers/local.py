"""One machine: a fresh process for every evaluation, behind ``concurrent.futures.Executor``.

A segmentation fault, an out-of-memory kill or a hang ends one evaluation, never the fit. Processes are
forked from a small server that has the heavy modules loaded already, so that a start costs milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import select
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from cgbridge.errors import CgbridgeError, CgbridgeWarning, WorkerDied, WorkerTimeout
from cgbridge.workers.scratch import use_scratch

T = TypeVar("T")
_PR_SET_PDEATHSIG = 1
_LONGEST = 21 * 86400.0
#: Bytes of the name of a folder in which a socket can be: of 107, multiprocessing takes 32 for its own part.
_LONGEST_FOLDER = 75


class ProcessWorkers(Executor):
    """Runs each call in its own process, at most ``slots`` at a time.

    ``preload`` names modules that the fork server imports once. ``wall_limit`` is in seconds, None for none;
    files of the calls go to ``scratch``. Exceptions of the call travel back; a process that cannot be
    started, dies, runs out of memory or answers with half a message raises :class:`WorkerDied`. Warnings of
    the call (:class:`~cgbridge.errors.CgbridgeWarning`) are given again here.
    """

    def __init__(
        self,
        slots: int,
        *,
        wall_limit: float | None = None,
        preload: tuple[str, ...] = (),
        scratch: Path | None = None,
    ) -> None:
        self.slots, self._scratch = slots, scratch
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        _start_server()
        # The system's timers hold milliseconds in 32 bits; three weeks are as good as no limit.
        self._wall_limit = None if wall_limit is None or wall_limit > _LONGEST else wall_limit
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="evaluation")
        self._alive: set[Any] = set()
        self._lock = threading.Lock()
        self._closing = False

    def submit(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return self._threads.submit(self._run, call, args, kwargs)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what was submitted; after an exception, such as that of Ctrl-C, end it instead."""
        self.shutdown(wait=True, cancel_futures=kind is not None)

    def _run(self, call: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        receiver, process = self._start(call, args, kwargs)
        try:
            if not receiver.poll(self._wall_limit):
                raise WorkerTimeout(f"no result after {self._wall_limit:g} s of wall time")
            try:
                message = receiver.recv_bytes()
            except (EOFError, OSError):  # nothing, or the beginning of a message
                process.join()
                raise WorkerDied(f"the evaluation's process died ({_describe(process.exitcode)})") from None
            good, payload, told = _read(message)
        finally:
            process.join(0.5)
            if process.is_alive():
                process.kill()
                process.join()
            receiver.close()
            with self._lock:
                self._alive.discard(process)
        for text in told:
            warnings.warn(text, CgbridgeWarning, stacklevel=2)
        if not good:
            raise payload
        result: T = payload
        return result

    def _start(
        self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Connection, Any]:
        """A process that computes, and the end of the pipe where its answer comes out."""
        try:
            receiver, sender = self._context.Pipe(duplex=False)
        except OSError as error:
            raise WorkerDied(f"no process could be started: {error.strerror or error}") from None
        process = self._context.Process(target=_child, args=(sender, call, args, kwargs, self._scratch))
        try:
            with self._lock:
                if self._closing:
                    raise WorkerDied("the fit is being stopped")
                process.start()
                self._alive.add(process)
        except (OSError, EOFError, MemoryError) as error:
            receiver.close()
            raise WorkerDied(f"no process could be started: {error or type(error).__name__}") from None
        finally:
            sender.close()
        return receiver, process

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop; with ``cancel_futures`` running evaluations are ended at once."""
        if cancel_futures:
            with self._lock:
                self._closing = True
                for process in self._alive:
                    process.kill()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)


def _start_server() -> None:
    """Start the fork server with this process's module path.

    Left alone it would look into the current directory first, which may be a checkout of cgbridge without the
    compiled plugin, or hold any file with the name of a module. Its socket lies in the temporary folder,
    unless the name of that is too long for a socket.
    """
    own = {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    saved = {name: os.environ.get(name) for name in own}
    folder = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) > _LONGEST_FOLDER:
        tempfile.tempdir = "/tmp"
    os.environ.update(own)
    try:
        forkserver.ensure_running()
    finally:
        tempfile.tempdir = folder
        for name, value in saved.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _child(
    sender: Connection,
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    scratch: Path | None,
) -> None:
    if scratch is not None:
        use_scratch(scratch)
    # The parent decides about Ctrl-C; and no worker outlives a killed parent or fork server. The latter lives
    # as long as one of its children, so that it cannot tell them of the parent's end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_reader, args=(sender,), daemon=True).start()
    message = _answer(call, args, kwargs)
    # A parent that was ended waits for no answer; a traceback of every worker would bury what it said.
    with contextlib.suppress(BrokenPipeError):
        sender.send_bytes(message)
    # Skip interpreter teardown: plugin and driver destructors have no work left to save.
    os._exit(0)


def _answer(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    """The result, or the error, as it travels, with the warnings for the user: the parent shows them."""
    told: dict[str, None] = {}
    show = warnings.showwarning

    def note(message: Warning | str, category: type[Warning], *place: Any, **options: Any) -> None:
        if issubclass(category, CgbridgeWarning):
            told[str(message)] = None
        else:
            show(message, category, *place, **options)

    warnings.showwarning = note
    warnings.simplefilter("always", CgbridgeWarning)
    try:
        return pickle.dumps((True, call(*args, **kwargs), tuple(told)))
    except MemoryError:
        return pickle.dumps((False, WorkerDied("the evaluation ran out of memory"), ()))
    except CgbridgeError as error:
        return pickle.dumps((False, error, tuple(told)))
    except BaseException as error:
        fault = RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
        return pickle.dumps((False, fault, tuple(told)))


def _read(message: bytes) -> tuple[bool, Any, tuple[str, ...]]:
    """The answer in a message; what is no answer is a fault of the machine."""
    try:
        good, payload, told = pickle.loads(message)
    except Exception as error:  # pickle raises anything on damaged bytes
        raise WorkerDied(f"the answer of the evaluation could not be read ({type(error).__name__})") from None
    return bool(good), payload, told


def _end_with_reader(sender: Connection) -> None:
    """End this process when nobody is left who could read its answer."""
    pipe = select.poll()
    # No event is asked for; a broken pipe is reported all the same.
    pipe.register(sender.fileno(), 0)
    pipe.poll()
    os._exit(1)


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def default_workers() -> int:
    """Number of cores this process may use."""
    return len(os.sched_getaffinity(0))
