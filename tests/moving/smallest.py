"""A database of one-api's with as little in it as it can have."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE users (id INTEGER, username TEXT, display_name TEXT, role INTEGER, status INTEGER, email TEXT,
    quota INTEGER, used_quota INTEGER, "group" TEXT, aff_code TEXT);
CREATE TABLE tokens (id INTEGER, user_id INTEGER, "key" TEXT, status INTEGER, name TEXT, created_time INTEGER,
    expired_time INTEGER, remain_quota INTEGER, unlimited_quota INTEGER, used_quota INTEGER, models TEXT, subnet TEXT);
CREATE TABLE channels (id INTEGER, type INTEGER, "key" TEXT, status INTEGER, name TEXT, weight INTEGER,
    created_time INTEGER, base_url TEXT, other TEXT, models TEXT, "group" TEXT, model_mapping TEXT, priority INTEGER,
    system_prompt TEXT);
CREATE TABLE options ("key" TEXT, value TEXT);
CREATE TABLE logs (id INTEGER, user_id INTEGER, created_at INTEGER, type INTEGER, username TEXT, token_name TEXT,
    model_name TEXT, quota INTEGER, prompt_tokens INTEGER, completion_tokens INTEGER, channel_id INTEGER,
    request_id TEXT, elapsed_time INTEGER, is_stream INTEGER);
INSERT INTO users VALUES (1, 'root', 'Root User', 100, 1, '', 500000, 0, 'default', 'abcd');
INSERT INTO tokens VALUES (1, 1, 'canaryKeyOfTheSmallestDatabase', 1, 'moved', 1700000000, -1, 0, 1, 0, '', '');
INSERT INTO channels VALUES (1, 1, 'sk-canary-upstream', 1, 'moved', 0, 1700000000, '', '', 'gpt-moved', 'default', '',
    0, '');
"""


def smallest_one_api(file: Path) -> Path:
    """Written into a new file: one user, one token, one channel."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(SCHEMA)
    return file
