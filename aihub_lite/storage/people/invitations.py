"""Links that let a person in once. Their secrets are kept as digests only."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.columns import insert_sql, row_values
from aihub_lite.storage.sqlite.database import Database


@attrs.frozen(kw_only=True)
class Invitation:
    """A person's open invitation: each has one at most. Times in Unix seconds."""

    person_id: str
    digest: str
    """SHA-256 of the link's secret, in hex."""
    created_at: int
    expires_at: int


COLUMNS = tuple(field.name for field in attrs.fields(Invitation))
INSERT = insert_sql("invitations", COLUMNS)


@attrs.frozen
class Invitations:
    """Invitations by person and by digest. What has expired is never returned, and deleted when one is added."""

    _database: Database

    async def add(self, invitation: Invitation) -> None:
        """In place of the one that the person has; those that have expired go."""
        await self._database.write(
            (
                "DELETE FROM invitations WHERE expires_at <= ? OR person_id = ?",
                (invitation.created_at, invitation.person_id),
            ),
            (INSERT, attrs.astuple(invitation)),
        )

    async def find(self, digest: str, now: int) -> Invitation | None:
        """The invitation of this digest, unless it has expired at Unix time `now`; it stays open."""
        return await self._one("digest", digest, now)

    async def of_person(self, person_id: str, now: int) -> Invitation | None:
        """The one that a person has, unless it has expired at Unix time `now`."""
        return await self._one("person_id", person_id, now)

    async def all(self, now: int) -> list[Invitation]:
        """Every one that has not expired at Unix time `now`, newest first."""
        sql = "SELECT * FROM invitations WHERE expires_at > ? ORDER BY created_at DESC, person_id"
        return [Invitation(**row_values(row, COLUMNS)) for row in await self._database.read(sql, (now,))]

    async def use(self, digest: str, now: int) -> str | None:
        """The id of the person that was invited, for the first who uses the link in time; None for everybody else."""
        invitation = await self.find(digest, now)
        if invitation is None:
            return None
        # Of two who were told the same, the one whose deletion counts comes in.
        if not await self._database.write(("DELETE FROM invitations WHERE digest = ?", (digest,))):
            return None
        return invitation.person_id

    async def end(self, person_id: str) -> bool:
        """The person's link opens nothing any more; False when they had none."""
        return await self._database.write(("DELETE FROM invitations WHERE person_id = ?", (person_id,))) > 0

    async def _one(self, column: str, value: str, now: int) -> Invitation | None:
        sql = f"SELECT * FROM invitations WHERE {column} = ? AND expires_at > ?"  # noqa: S608  one of two names of ours
        rows = await self._database.read(sql, (value, now))
        if not rows:
            return None
        return Invitation(**row_values(rows[0], COLUMNS))
