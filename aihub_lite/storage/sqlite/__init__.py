"""SQLite itself: the file and its lock, the one writer, short readers, migrations, backup.

Knows no noun. The only room that imports aiosqlite.
"""
