"""An older database is brought up to date: copied first, changed in one transaction, judged before that counts."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from aihub_lite.storage.sqlite.faults import Unwritable, UpgradeFailed
from aihub_lite.storage.sqlite.files import make_private_directory
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, Steps, check_schema, create, migrate
from aihub_lite.storage.sqlite.placing import placed
from aihub_lite.storage.sqlite.soundness import examine, flaw_of_pages, loose_rows, money_rows

log = logging.getLogger(__name__)

DIRECTORY = "backups"
"""Beside the database."""
KEPT = 2
"""Copies from before upgrades: of the last, and of the one before, for whoever goes back two releases."""


class Unsound(Exception):
    """What came of a change is not what may come of it; `str()` says what, in one line."""


def bring_up_to_date(connection: sqlite3.Connection, path: Path, steps: Steps = MIGRATIONS) -> bool:
    """Apply the steps that are missing; says whether there were any. A new database is made at once.

    Raises UpgradeFailed, and then the database is as it was: SQLite takes back what a transaction did, also for a
    process that is killed in the middle of it.
    """
    version = check_schema(connection, path, steps)
    if version == 0 and steps is MIGRATIONS:
        create(connection)
        return True
    if version in (0, len(steps)):
        return migrate(connection, path, steps)
    copy = _keep_copy(connection, path, version, steps)
    try:
        migrate(connection, path, steps, _judge(connection))
    except (sqlite3.Error, Unsound) as error:
        raise UpgradeFailed(path, version, len(steps), _reason(error), copy) from None
    log.info("%s was upgraded from schema %d to %d; a copy from before lies at %s", path, version, len(steps), copy)
    return True


def copy_name(path: Path, version: int) -> str:
    """One for each version: whoever is started again and again in vain keeps the same copies."""
    return f"{path.stem}-schema-{version}.db"


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int, steps: Steps) -> Path:
    """A copy of the database as it is, checked and on the disk; raises a StorageFault where there can be none."""
    directory = path.parent / DIRECTORY
    target = directory / copy_name(path, version)
    try:
        make_private_directory(directory)
        with placed(target) as part:
            connection.execute("VACUUM INTO ?", (str(part),))
            _check_copy(part, money_rows(connection), steps)
        _keep_last(path, target)
    except OSError as error:
        raise Unwritable(directory, error.strerror or str(error)) from None
    except (sqlite3.Error, Unsound) as error:
        reason = f"it cannot be copied first: {_reason(error)}"
        raise UpgradeFailed(path, version, len(steps), reason, None) from None
    return target


def _check_copy(part: Path, rows: Mapping[str, int], steps: Steps) -> None:
    contents, flaw = examine(part, steps)
    if flaw:
        raise Unsound(flaw)
    _compare(rows, contents.rows)


def _keep_last(path: Path, newest: Path) -> None:
    copies = [file for file in newest.parent.glob(f"{path.stem}-schema-*.db") if file != newest]
    copies.sort(key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in copies[KEPT - 1 :]:
        file.unlink(missing_ok=True)


def _judge(connection: sqlite3.Connection) -> Callable[[], None]:
    """What is called at the end of the transaction: raises Unsound where the database has lost something since now."""
    rows = money_rows(connection)
    loose = loose_rows(connection)

    def judge() -> None:
        if flaw := flaw_of_pages(connection):
            raise Unsound(flaw)
        if (now := loose_rows(connection)) > loose:
            raise Unsound(f"{now - loose} rows point at rows that are not there")
        _compare(rows, money_rows(connection))

    return judge


def _compare(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    for table, rows in before.items():
        if after.get(table) != rows:
            raise Unsound(f"{table} had {rows} rows, and has {after.get(table, 0)}")


def _reason(error: Exception) -> str:
    """With the step that failed, where it is known."""
    return ", ".join([" ".join(str(error).split()), *getattr(error, "__notes__", ())])
