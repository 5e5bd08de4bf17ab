"""The worker: the process in which a submission lives.

Imports the standard library, NumPy and the floors below, nothing else. Started by ``process`` with
the numbers of two pipes; see the theory of operation in the package's docstring.
"""

import fcntl
import os
import sys
import warnings
from pathlib import Path
from typing import Final, NoReturn

from gradcheck_suite.engines.discovery import explore
from gradcheck_suite.engines.discovery.bench import attempt
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.protocol import Engine
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.codec import decode
from gradcheck_suite.sandbox import wire
from gradcheck_suite.sandbox.answers import encode_answer
from gradcheck_suite.sandbox.isolation import probe
from gradcheck_suite.sandbox.layers import put_on
from gradcheck_suite.sandbox.patience import patience
from gradcheck_suite.sandbox.plain import Discovery, pack, pack_discovery
from gradcheck_suite.sandbox.setup import Setup
from gradcheck_suite.sandbox.wire import Kind

__all__ = ["main"]

_FIRST_DESCRIPTOR: Final = 40  # away from 3, 4, 5, and below the limit of open files
_CHUNK: Final = 1 << 16  # what a pipe holds
_MAX_TEXT: Final = 4000  # characters of a reason
_NO_ENGINE: Final = 3  # exit status after a refusal, which the grader has read by then


def main(request: int, reply: int, n_paths: int) -> NoReturn:
    """Serve one submission, then end. ``n_paths``: how many folders at the end of sys.path go."""
    status = 1
    try:
        pipes = _Pipes(request, reply)
        setup = _prepare(pipes, n_paths)
        engine = _engine(pipes, setup)
        while True:
            case, program = wire.split_request(pipes.read())
            outcomes = run(decode(program), engine)
            pipes.write(Kind.ANSWER, case, encode_answer(outcomes, setup.output_bytes))
    except _EndError as end:
        status = end.status
    finally:
        os._exit(status)  # no exit handlers, no finalizers, no waiting for threads


class _EndError(BaseException):
    """The worker is done; not an Exception, so that nothing on the way takes it for one."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Pipes:
    """Where requests come from and replies go to."""

    def __init__(self, request: int, reply: int) -> None:
        self._request = fcntl.fcntl(request, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
        self._reply = fcntl.fcntl(reply, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
        os.close(request)
        os.close(reply)
        self._data = b""
        self._n_read = 0  # of these

    def read(self) -> bytes:
        """Return the next request without its length; ends the worker when the grader is gone."""
        self._wait_for(wire.LENGTH.size)
        length = wire.LENGTH.unpack_from(self._data, self._n_read)[0]
        self._wait_for(wire.LENGTH.size + length)
        start = self._n_read + wire.LENGTH.size
        self._n_read = start + length
        return self._data[start : self._n_read]

    def _wait_for(self, n: int) -> None:
        """Have ``n`` bytes that were not read."""
        missing = n - (len(self._data) - self._n_read)
        if missing <= 0:
            return
        parts = [self._data[self._n_read :]]
        while missing > 0:
            parts.append(self._some())
            missing -= len(parts[-1])
        self._data, self._n_read = b"".join(parts), 0

    def write(self, kind: Kind, case: int, body: bytes) -> None:
        """Send a reply."""
        frame = memoryview(wire.reply(kind, case, body))
        while frame:
            frame = frame[os.write(self._reply, frame) :]

    def _some(self) -> bytes:
        data = os.read(self._request, _CHUNK)
        if not data:
            raise _EndError(0)
        return data


def _prepare(pipes: _Pipes, n_paths: int) -> Setup:
    """Shut this process in and tell how well it worked."""
    try:
        _, body = wire.split_request(pipes.read())
        setup = Setup.unpacked(body)
        put_on(setup)
        reach = probe(setup)
    except Exception as error:
        pipes.write(Kind.FAULT, wire.NO_CASE, pack(f"{type(error).__name__}: {error}"[:_MAX_TEXT]))
        raise _EndError(1) from error
    # What is imported from here on is the submission's: the standard library and its own folder.
    # NumPy and this package find their further modules through their packages' own paths.
    del sys.path[len(sys.path) - n_paths :]
    sys.argv[:] = [""]
    warnings.simplefilter("ignore")  # nobody reads them
    pipes.write(Kind.SEALED, wire.NO_CASE, reach.packed())
    return setup


def _engine(pipes: _Pipes, setup: Setup) -> Engine:
    """When asked to, import the submission and tell how its engine is spoken to, or why not."""
    pipes.read()
    try:
        with patience(attempt.__code__):
            found = explore(Path(setup.target), setup.entry)
        engine = found.engine_here()
        body = pack_discovery(Discovery(engine.spelling, found.entry, found.missing))
    except SubmissionError as error:
        reason = str(error)
    except BaseException as error:  # noqa: BLE001 - foreign code: sys.exit, KeyboardInterrupt, ...
        reason = f"{Path(setup.target).name}: got {type(error).__name__} when it was imported"
    else:
        pipes.write(Kind.ENGINE, wire.NO_CASE, body)
        return engine
    pipes.write(Kind.REFUSED, wire.NO_CASE, pack(reason[:_MAX_TEXT]))
    raise _EndError(_NO_ENGINE)
