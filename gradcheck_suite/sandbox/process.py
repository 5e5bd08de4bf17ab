"""One worker process as the grader sees it: its start, its two pipes, its end."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final, NoReturn

import numpy as np

import gradcheck_suite
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.errors import SandboxError
from gradcheck_suite.sandbox import wire
from gradcheck_suite.sandbox.clock import Clock, Meter, OverloadError
from gradcheck_suite.sandbox.limits import Limits
from gradcheck_suite.sandbox.setup import Setup
from gradcheck_suite.sandbox.threads import ONE_THREAD
from gradcheck_suite.sandbox.wire import Kind

__all__ = ["LostError", "Process"]

_CHUNK: Final = 1 << 16  # what a pipe holds
_END_SECONDS: Final = 5.0  # a killed process ends in a millisecond, unless the kernel holds it
_EOF_SECONDS: Final = 0.5  # between the end of a process's pipes and the end of the process
_BOOT: Final = """
import sys
paths = sys.argv[3:]
sys.path += paths
from gradcheck_suite.sandbox.worker import main
main(int(sys.argv[1]), int(sys.argv[2]), len(paths))
"""
# -s -S: no .pth file, no sitecustomize; -P: not the current folder; -B: no __pycache__. Not -I,
# which would not let the seed of the hash be set.
_FLAGS: Final = ("-s", "-S", "-P", "-B", "-c", _BOOT)
_ENVIRONMENT: Final = {
    "HOME": "/",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the order of sets of strings is the same in every run
    **ONE_THREAD,
}


class LostError(SandboxError):
    """The worker is of no use any more; ``lost`` is what becomes of its case."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.message)
        self.lost = lost


class Process:
    """A worker process that has been started and must be ended."""

    def __init__(self, target: Path, entry: str | None, limits: Limits) -> None:
        """Start a worker for ``target``; SandboxError where no process can be started."""
        try:
            with ExitStack() as undo:
                folder = Path(tempfile.mkdtemp(prefix="gradcheck-"))
                undo.callback(shutil.rmtree, folder, ignore_errors=True)
                self._setup = _furnish(folder, target, entry, limits)
                with ExitStack() as theirs:
                    request_end, self._request = _pipe(theirs, undo)
                    self._reply, reply_end = _pipe(undo, theirs)
                    self._popen = _spawn(folder / "empty", request_end, reply_end)
                undo.pop_all()
        except OSError as error:
            msg = f"got {error} when a worker was to be started"
            raise SandboxError(msg) from error
        os.set_blocking(self._request, False)
        os.set_blocking(self._reply, False)
        self.pid = self._popen.pid
        self.meter = Meter(self.pid)
        self._death = _death_descriptor(self.pid)
        self._poll = select.poll()
        self._poll.register(self._reply, select.POLLIN)
        if self._death >= 0:
            self._poll.register(self._death, select.POLLIN)
        descriptors = [self._request, self._reply] + [self._death] * (self._death >= 0)
        self._outgoing = b""
        self._is_blocked = False  # whether there is more to be sent than the pipe takes
        self._incoming = b""
        self._n_read = 0  # of the incoming bytes
        self.n_awaited = 0
        """How many requests have no reply yet."""
        self._end = weakref.finalize(
            self, _end, os.getpid(), self._popen, self.meter, descriptors, folder
        )

    def set_up(self, clock: Clock) -> bytes:
        """Tell the worker what it has to know; return what its probe found."""
        kind, body = self.ask(wire.NO_CASE, self._setup.packed(), clock, _CHUNK)
        if kind is not Kind.SEALED:
            raise LostError(
                Lost("infrastructure", f"the worker could not be set up: {body!r:.500}")
            )
        return body

    def ask(self, case: int, program: bytes, clock: Clock, cap: int) -> tuple[Kind, bytes]:
        """Send a request and return kind and body of the reply; LostError where there is none."""
        self.request(case, program)
        return self.reply(case, clock, cap)

    def request(self, case: int, program: bytes) -> None:
        """Send a request, as far as the pipe takes it; ``reply`` sends the rest."""
        if not self.n_awaited:
            self._check_silent()
        self.n_awaited += 1
        self._outgoing += wire.request(case, program)
        self._send()

    def reply(self, case: int, clock: Clock, cap: int) -> tuple[Kind, bytes]:
        """Return kind and body of the next reply, which is to be of ``case``; or LostError."""
        try:
            return wire.split_reply(self._frame(clock, cap), case)
        except LostError:
            raise
        except SandboxError as error:
            raise LostError(Lost("protocol", str(error))) from None

    def _check_silent(self) -> None:
        """Raise LostError where the worker spoke unasked, or ended, since its last reply."""
        if self._poll.poll(0):
            with suppress(BlockingIOError):
                if os.read(self._reply, 1):
                    raise LostError(Lost("protocol", "got bytes that were not asked for"))
            self._gone(" before the case")

    def end(self) -> None:
        """Kill the whole process group, reap it, and remove what it had. May be called twice."""
        self._end()

    def _frame(self, clock: Clock, cap: int) -> bytes:
        data, start = self._incoming, self._n_read
        while (end := wire.frame_end(data, start, cap)) is None or len(data) < end:
            missing = wire.LENGTH.size if end is None else end - len(data)
            parts = [data[start:]]
            while missing > 0:
                parts.append(self._some(clock))
                missing -= len(parts[-1])
            data, start = b"".join(parts), 0
        self._incoming, self._n_read = data, end
        self.n_awaited -= 1
        if len(data) > end and not self.n_awaited:
            msg = "got bytes after the reply that were not asked for"
            raise LostError(Lost("protocol", msg))
        return data[start:end]

    def _some(self, clock: Clock) -> bytes:
        """Return the next bytes of the worker; meanwhile send what is still to be sent."""
        while True:
            ready = [descriptor for descriptor, _ in self._await(clock)]
            if self._reply in ready:
                return os.read(self._reply, _CHUNK) or self._gone()
            if self._request not in ready:
                self._gone()
            self._send()

    def _send(self) -> None:
        """Write what the pipe takes; the worker may never read it."""
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[os.write(self._request, self._outgoing) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # replies to earlier requests may still be there to be read
            self._outgoing = b""
        if bool(self._outgoing) != self._is_blocked:
            self._is_blocked = not self._is_blocked
            if self._is_blocked:
                self._poll.register(self._request, select.POLLOUT)
            else:
                self._poll.unregister(self._request)

    def _await(self, clock: Clock) -> list[tuple[int, int]]:
        try:
            while left := clock.left():
                if events := self._poll.poll(left * 1000):
                    return events
        except OverloadError:
            msg = f"the machine was too busy to give the worker {clock.seconds:g} s"
            raise LostError(Lost("infrastructure", msg)) from None
        raise LostError(Lost("timeout", f"no answer within {clock.seconds:g} s"))

    def _gone(self, when: str = "") -> NoReturn:
        """Say how the process ended, of which nothing more is to be heard."""
        try:
            status = self._exit_status()
        except ChildProcessError:  # this process was started with its children ignored
            raise LostError(Lost("died", f"the process ended{when}")) from None
        if status is None:
            raise LostError(Lost("protocol", "the channel of answers was closed"))
        if status >= 0:
            raise LostError(Lost("died", f"the process ended with exit status {status}{when}"))
        try:
            name = f"signal {-status} ({signal.Signals(-status).name})"
        except ValueError:  # real-time signals have no names
            name = f"signal {-status}"
        raise LostError(Lost("died", f"the process was killed by {name}{when}"))

    def _exit_status(self) -> int | None:
        """Return the exit status, negative for a signal, without reaping; None while it runs.

        Until it is reaped its process id stays taken, so that its group can safely be killed.
        """
        end = monotonic() + _EOF_SECONDS
        while True:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                exited = found.si_code == os.CLD_EXITED
                return found.si_status if exited else -found.si_status
            if monotonic() > end:
                return None
            sleep(0.001)


def _pipe(read_owner: ExitStack, write_owner: ExitStack) -> tuple[int, int]:
    """Return a pipe's two ends, each of which is closed by its owner."""
    read_end, write_end = os.pipe()
    read_owner.callback(os.close, read_end)
    write_owner.callback(os.close, write_end)
    return read_end, write_end


def _furnish(folder: Path, target: Path, entry: str | None, limits: Limits) -> Setup:
    """Make the worker's folder: an empty one to be in, and two files for the probe."""
    folder.chmod(0o711)
    secret, public = folder / "secret", folder / "public"
    (folder / "empty").mkdir(mode=0o555)
    secret.touch(mode=0o600)
    public.touch(mode=0o644)
    return Setup(
        target=str(target),
        entry=entry,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.import_seconds + limits.submission_seconds,
        output_bytes=limits.output_bytes,
        grader=os.getpid(),
        grader_uid=os.getuid() if hasattr(os, "getuid") else -1,
        # The kernel means the thread that made the process: any but the main one may end early
        dies_with_grader=threading.current_thread() is threading.main_thread(),
        secret=str(secret),
        public=str(public),
    )


def _spawn(folder: Path, request: int, reply: int) -> subprocess.Popen[bytes]:
    packages = (gradcheck_suite.__file__, np.__file__)
    paths = dict.fromkeys(str(Path(file or "").resolve().parents[1]) for file in packages)
    return subprocess.Popen(  # noqa: S603 - this interpreter, these arguments
        [sys.executable, *_FLAGS, str(request), str(reply), *paths],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(request, reply),
        cwd=folder,
        env=_ENVIRONMENT,
        start_new_session=True,
    )


def _death_descriptor(pid: int) -> int:
    """Return a descriptor that is readable when ``pid`` has ended; -1 where there are none.

    Without it a worker that dies while a child holds its pipes looks like one that hangs.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1


def _end(
    owner: int,
    popen: subprocess.Popen[bytes],
    meter: Meter,
    descriptors: list[int],
    folder: Path,
) -> None:
    if os.getpid() != owner:
        return  # a fork of the grader: the worker is not its child
    if popen.returncode is None:
        with suppress(OSError):
            os.killpg(popen.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            popen.wait(_END_SECONDS)
    meter.close()
    for descriptor in descriptors:
        os.close(descriptor)
    with suppress(OSError, RecursionError):  # folders in folders in folders
        shutil.rmtree(folder)
