"""One process per data directory: an flock with the holder's pid written in the file (POSIX)."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from aihub_lite.storage.sqlite.faults import AlreadyRunning, NoLocks, Unwritable
from aihub_lite.storage.sqlite.files import make_private_directory

NAME = "lock"


@attrs.define
class DataLock:
    """Held from `take` to `release`, or to the death of the process: the kernel lets go of an flock by itself.

    The file stays: removing it would let two processes lock two files of the same name.
    """

    path: Path
    _descriptor: int
    after_kill: bool = False
    """Whether its last holder ended without letting go of it."""

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Lock `directory`, made when missing; raises AlreadyRunning, Unwritable or NoLocks."""
        try:
            import fcntl  # noqa: PLC0415  Windows has none
        except ImportError:
            raise NoLocks from None
        make_private_directory(directory)
        path = directory / NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unwritable(path, error.strerror or str(error)) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _pid_in(descriptor)
            os.close(descriptor)
            raise AlreadyRunning(directory, pid) from None
        killed = os.fstat(descriptor).st_size > 0
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(descriptor)
            raise Unwritable(path, error.strerror or str(error)) from None
        return cls(path, descriptor, killed)

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._descriptor >= 0:
            # Before the lock goes: nobody must read our pid while the next holder has not written its own.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _pid_in(descriptor: int) -> int:
    """The pid that the holder wrote; 0 while it has not."""
    text = os.pread(descriptor, 20, 0).strip()
    if not text.isdigit():
        return 0
    return int(text)
