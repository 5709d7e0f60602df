"""What a person's requests came to, read from the records: whatever becomes of the token that made them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import attrs

from aihub_lite.storage.sqlite.columns import row_values, to_json
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.statistics import NAMES, PartSums, Sums

By = Literal["model", "token"]
MEMBERS: dict[By, tuple[str, str]] = {
    "model": ("model", "model"),
    "token": ("token_id", "coalesce((SELECT name FROM tokens WHERE tokens.id = token_id), max(token))"),
}
"""The column that tells members apart, and their name."""
SUMS = """
SELECT step.key AS step, {member} AS member, {name} AS name,
    count(*) AS requests, sum(outcome IN ('error', 'cut_off')) AS errors,
    sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens, sum(cost_nano) AS cost_nano,
    sum(first_byte_ms) AS first_byte_ms, sum(first_byte_ms > 0) AS first_bytes
FROM json_each(:steps) AS step CROSS JOIN usage_records
WHERE person_id = :person_id AND person_id <> ''
    AND started_ms >= json_extract(step.value, '$[0]') AND started_ms < json_extract(step.value, '$[1]')
GROUP BY step.key, {member}
"""
"""CROSS keeps SQLite to this order of the tables, and the second term to the index that has people's records alone."""


@attrs.frozen
class PersonUsage:
    """Sums over the steps between `edges`: Unix seconds, ascending."""

    _database: Database

    async def parts(self, person_id: str, by: By, edges: Sequence[int]) -> list[PartSums]:
        """The sums of each of a person's models or tokens in each step in which it was used."""
        member, name = MEMBERS[by]
        steps = [(first * 1000, end * 1000) for first, end in pairwise(edges)]
        rows = await self._database.read(
            SUMS.format(member=member, name=name), {"steps": to_json(steps), "person_id": person_id}
        )
        return [PartSums(row["step"], row["member"], row["name"], Sums(**row_values(row, NAMES))) for row in rows]
