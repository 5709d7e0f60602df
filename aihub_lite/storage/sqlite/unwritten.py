"""A database that is read as it is, and whose writes are kept instead of made: to try changes before they count."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement


@attrs.define(eq=False)
class Unwritten(Database):
    """Over an open database, which is closed by whoever opened it."""

    statements: list[Statement] = attrs.field(factory=list)
    """What was to be written, in order."""

    @classmethod
    def over(cls, database: Database) -> Unwritten:
        """Nothing is to be written yet."""
        return cls(database.path, database._reader, database._writer, database._task)

    async def write(self, *statements: Statement) -> int:
        """Keep them; as if each had changed a row."""
        self.statements += statements
        return 1
