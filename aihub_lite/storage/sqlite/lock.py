"""One process per data directory: an flock with the holder's pid written in the file (POSIX)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from aihub_lite.storage.faults import AlreadyRunning, Unwritable
from aihub_lite.storage.files import make_private_directory

NAME = "lock"


@attrs.define
class DataLock:
    """Held from `take` to `release`, or to the death of the process: the kernel lets go of an flock by itself.

    The file stays: removing it would let two processes lock two files of the same name.
    """

    path: Path
    _descriptor: int

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Lock `directory`, made when missing; raises AlreadyRunning or Unwritable."""
        make_private_directory(directory)
        path = directory / NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unwritable(path, error.strerror or str(error)) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0)
            os.close(descriptor)
            raise AlreadyRunning(directory, int(holder) if holder.strip().isdigit() else 0) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(path, descriptor)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
