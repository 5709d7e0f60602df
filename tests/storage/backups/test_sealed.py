"""Backups that a passphrase seals: opened by it, by age itself, and by nobody else."""

from __future__ import annotations

import io
import tarfile
import threading
from pathlib import Path

import pyrage
import pytest

from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.making import make_backup
from aihub_lite.storage.backups.passphrase import lies_beside, passphrase_from
from aihub_lite.storage.backups.restoring import restore
from aihub_lite.storage.backups.sealing import is_sealed
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.soundness import examine
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, with_database

WORDS = "correct horse battery staple ü"


def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "aihub.db"

    async def work(database: Database) -> None:
        await Tokens(database).insert(TOKEN)

    with_database(path, work)
    return path


@pytest.mark.slow
def test_a_sealed_backup_is_restored_by_its_passphrase_and_by_no_other(tmp_path: Path) -> None:
    path = database(tmp_path)
    sealed = tmp_path / "away" / "aihub-2026-01-01-120000.sealed.tar"
    make_backup(path, sealed, WORDS, threading.Event())
    assert is_sealed(sealed)
    assert 0o600 == sealed.stat().st_mode & 0o777
    assert b"CREATE TABLE" not in sealed.read_bytes()
    assert [sealed.name] == [file.name for file in sealed.parent.iterdir()]
    assert ["aihub.db"] == sorted(file.name for file in path.parent.iterdir() if "backup" in file.name or file == path)
    elsewhere = tmp_path / "other" / "aihub.db"
    with pytest.raises(BackupFailed, match="the passphrase is not the one"):
        restore(elsewhere, sealed, "another", force=False)
    assert [] == list(elsewhere.parent.iterdir())
    restore(elsewhere, sealed, WORDS, force=False)
    assert 1 == examine(elsewhere)[0].rows["tokens"]


@pytest.mark.slow
def test_what_age_itself_opens_is_the_database(tmp_path: Path) -> None:
    path = database(tmp_path)
    sealed = tmp_path / "aihub-2026-01-01-120000.sealed.tar"
    make_backup(path, sealed, WORDS, threading.Event())
    with tarfile.open(sealed) as tar:
        key, locked = tar.extractfile("key.age"), tar.extractfile("aihub.db.age")
        assert key is not None
        assert locked is not None
        identity = pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(key.read(), WORDS).decode().strip())
        opened = io.BytesIO()
        pyrage.decrypt_io(locked, opened, [identity])
    (tmp_path / "opened.db").write_bytes(opened.getvalue())
    assert 1 == examine(tmp_path / "opened.db")[0].rows["tokens"]


@pytest.mark.slow
def test_a_sealed_backup_with_one_bit_changed_is_not_put_in_place(tmp_path: Path) -> None:
    path = database(tmp_path)
    sealed = tmp_path / "aihub-2026-01-01-120000.sealed.tar"
    make_backup(path, sealed, WORDS, threading.Event())
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    before = path.read_bytes()
    with pytest.raises(BackupFailed, match="is no sealed backup of aihub-lite, or is damaged"):
        restore(path, sealed, WORDS, force=True)
    assert before == path.read_bytes()


def test_a_sealed_backup_without_a_passphrase_says_what_it_needs(tmp_path: Path) -> None:
    sealed = tmp_path / "b.sealed.tar"
    with tarfile.open(sealed, "w") as tar:
        tar.addfile(tarfile.TarInfo("key.age"))
    with pytest.raises(BackupFailed, match="is sealed: give --passphrase"):
        restore(tmp_path / "data" / "aihub.db", sealed, "", force=False)


def test_another_tar_is_no_sealed_backup(tmp_path: Path) -> None:
    other = tmp_path / "b.tar"
    with tarfile.open(other, "w") as tar:
        tar.addfile(tarfile.TarInfo("key.agenda"))
    assert not is_sealed(other)


@pytest.mark.parametrize("text", ["words\n", "words\nmore lines\n", " words "])
def test_a_passphrase_is_the_first_line_of_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text)
    assert "words" == passphrase_from(f"file:{tmp_path / 'p'}", {})


@pytest.mark.parametrize("source", ["env:UNSET", "env:EMPTY", "file:/none/here", "words"])
def test_a_passphrase_that_is_not_there_stops_the_backup(source: str) -> None:
    with pytest.raises(BackupFailed, match="passphrase") as raised:
        passphrase_from(source, {"EMPTY": ""})
    assert "\n" not in raised.value.message


def test_a_passphrase_beside_its_backups_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "backups")
    assert lies_beside(f"file:{tmp_path}/backups/words", tmp_path / "backups")
    assert lies_beside(f"file:{tmp_path}/link/words", tmp_path / "backups")
    assert not lies_beside(f"file:{tmp_path}/words", tmp_path / "backups")
    assert not lies_beside("env:WORDS", tmp_path / "backups")
