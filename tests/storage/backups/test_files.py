"""The files of backups: named by their time, and none removed that is not ours."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.storage.backups.files import backups_in, name_at, remove_old, remove_parts

DAY = 86_400
NOON = 1_760_011_200


def test_backups_are_listed_newest_first_with_time_and_kind(tmp_path: Path) -> None:
    for day in (2, 0, 1):
        (tmp_path / name_at(NOON + day * DAY, sealed=day == 1)).write_bytes(b"x" * day)
    assert [(NOON + day * DAY, day, day == 1) for day in (2, 1, 0)] == [
        (file.at, file.size, file.sealed) for file in backups_in(tmp_path)
    ]


def test_only_backups_beyond_those_to_keep_are_removed(tmp_path: Path) -> None:
    others = ["aihub.db", "aihub-2026-01-01.db", "aihub-2026-01-01-120000.db.bak", "aihub-schema-26.db", "notes.txt"]
    ours = [name_at(NOON + day * DAY, sealed=False) for day in range(4)]
    for name in (*others, *ours):
        (tmp_path / name).touch()
    remove_old(tmp_path, 2)
    assert sorted([*others, *ours[2:]]) == sorted(file.name for file in tmp_path.iterdir())


def test_what_a_killed_backup_had_begun_is_removed_and_nothing_else(tmp_path: Path) -> None:
    begun = [f"{name_at(NOON, sealed=sealed)}.part" for sealed in (True, False)]
    for name in (*begun, "aihub-mine.part", "aihub-2026-01-01-120000.db"):
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert ["aihub-2026-01-01-120000.db", "aihub-mine.part"] == sorted(file.name for file in tmp_path.iterdir())


def test_a_directory_that_is_not_there_has_no_backups(tmp_path: Path) -> None:
    assert [] == backups_in(tmp_path / "none")
