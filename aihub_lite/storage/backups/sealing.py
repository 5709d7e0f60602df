"""Seals a copy with a passphrase, and opens it again: a program of its own, `python -m …sealing`.

A sealed backup is a tar of two age files, so that age alone opens it too, whatever becomes of this program:
`tar xf FILE; age -d key.age > key; age -d -i key aihub.db.age > aihub.db`. The key is made for this one backup and
sealed with the passphrase; the database is sealed with the key, piece by piece, however large it is.

scrypt, by which age makes a key of a passphrase, takes a second and more on purpose, and pyrage holds Python's lock
meanwhile: in the gateway's own process every stream would stand still. The passphrase comes on stdin, which no list of
processes shows.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import threading
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import IO

from aihub_lite.storage.backups.faults import NO_SEAL, NOT_OPENED, SEALED_EXTRA, BackupFailed

KEY = "key.age"
DATABASE = "aihub.db.age"
MODULE = "aihub_lite.storage.backups.sealing"
LARGEST_KEY = 64 * 2**10
FAULTS = {3: SEALED_EXTRA, 4: NOT_OPENED, 5: NO_SEAL}
"""By exit status of the program."""
LOOK = 0.2
"""Seconds between two looks at whether somebody has cancelled it."""


def seal(source: Path, target: Path, passphrase: str, cancelled: threading.Event) -> None:
    """Write the sealed form of a file into another that is there, and open it again to see that it comes out the same.

    Raises BackupFailed. Blocks; stops soon after `cancelled` is set.
    """
    _run("seal", source, target, passphrase, cancelled)


def unseal(source: Path, target: Path, passphrase: str) -> None:
    """Write what was sealed into a file that is there; raises BackupFailed."""
    _run("open", source, target, passphrase, threading.Event())


def is_sealed(path: Path) -> bool:
    """Whether a file begins as sealed backups do; raises OSError."""
    with path.open("rb") as file:
        return file.read(len(KEY) + 1) == KEY.encode() + b"\0"


def _run(what: str, source: Path, target: Path, passphrase: str, cancelled: threading.Event) -> None:
    command = [sys.executable, "-m", MODULE, what, str(source), str(target)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(  # noqa: S603  our own interpreter
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as child:
        try:
            told: bytes | None = passphrase.encode()
            while True:
                try:
                    _, stderr = child.communicate(told, LOOK)
                    break
                except subprocess.TimeoutExpired:
                    told = None
                    if cancelled.is_set():
                        raise BackupFailed("the gateway stops") from None
        finally:
            child.kill()
    if child.returncode:
        last = stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise BackupFailed(FAULTS.get(child.returncode) or f"it cannot be sealed or opened: {last[:200]}")


def _seal(source: BufferedReader, target: BufferedRandom, passphrase: str) -> int:
    import pyrage  # noqa: PLC0415  an extra

    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
    _head(target, KEY, len(key))
    target.write(key)
    _pad(target, len(key))
    head = target.tell()
    target.write(bytes(tarfile.BLOCKSIZE))
    digest = hashlib.sha256()
    pyrage.encrypt_io(_Hashed(source, digest), target, [identity.to_public()])
    size = target.seek(0, os.SEEK_END) - head - tarfile.BLOCKSIZE
    _pad(target, size)
    target.write(bytes(2 * tarfile.BLOCKSIZE))
    target.seek(head)
    _head(target, DATABASE, size)
    target.flush()
    opened = hashlib.sha256()
    if status := _open(target, _Digesting(opened), passphrase):
        return status
    return 0 if opened.digest() == digest.digest() else 5


def _open(source: IO[bytes], target: _Digesting | IO[bytes], passphrase: str) -> int:
    import pyrage  # noqa: PLC0415  an extra

    source.seek(0)
    try:
        with tarfile.open(fileobj=source, mode="r:") as tar:
            locked = tar.extractfile(KEY)
            sealed = tar.extractfile(DATABASE)
            if locked is None or sealed is None:
                return 5
            try:
                key = pyrage.passphrase.decrypt(locked.read(LARGEST_KEY), passphrase)
            except pyrage.DecryptError:
                return 4
            identity = pyrage.x25519.Identity.from_str(key.decode().strip())
            pyrage.decrypt_io(sealed, target, [identity])
    except (tarfile.TarError, KeyError, ValueError, pyrage.DecryptError, pyrage.IdentityError):
        return 5
    except OSError as error:
        if error.errno is not None:
            raise
        return 5  # so pyrage says that a piece is not what was sealed
    return 0


def _head(target: IO[bytes], name: str, size: int) -> None:
    """The block that stands before a file in a tar."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o600
    target.write(info.tobuf(tarfile.GNU_FORMAT))


def _pad(target: IO[bytes], size: int) -> None:
    target.write(bytes(-size % tarfile.BLOCKSIZE))


class _Hashed:
    """A file that is read, with a digest of what was read of it."""

    def __init__(self, file: BufferedReader, digest: hashlib._Hash) -> None:
        self.file = file
        self.digest = digest

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


class _Digesting:
    """What is written to it goes into a digest, and nowhere else."""

    def __init__(self, digest: hashlib._Hash) -> None:
        self.digest = digest

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


def main(what: str, source: str, target: str) -> int:
    """`seal` or `open`; the exit status that `FAULTS` explains."""
    passphrase = sys.stdin.read()
    try:
        with Path(source).open("rb") as read, Path(target).open("r+b") as written:
            if what == "seal":
                return _seal(read, written, passphrase)
            return _open(read, written, passphrase)
    except ModuleNotFoundError:
        return 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
