"""LiteLLM's log is history after an import, behind a restart: who called what for how much, charged to nobody again."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.gateway.moving.arrive import arrive
from aihub_lite.moving.litellm.facts import move_of
from aihub_lite.moving.litellm.source import read_litellm
from aihub_lite.moving.move import MOST_CALLS, Move
from tests.moving.awaited import awaited
from tests.moving.held import Held, held_by
from tests.moving.litellm.spend_log import ROWS, SAID, dump_with, row
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW, moved

pytestmark = requires_peers


def a_move(dump: str, most_calls: int = MOST_CALLS) -> Move:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    config = str(PEERS / "litellm" / "config.yaml")
    return move_of(read_litellm(config, dump, salt, {}, most_calls), {}, NOW)


async def records_after(directory: Path, move: Move) -> tuple[dict[str, UsageRecord], int]:
    """Records by the time at which they began, and what was charged."""
    async with moved(directory, move) as (gateway, _):
        held = await held_by(gateway, "litellm")
        return {_hour(record): record for record in calls_in(held)}, held.charged


def calls_in(held: Held) -> list[UsageRecord]:
    """Without those by which running budgets were opened."""
    return [record for record in held.records if "-opening-" not in record.request_id]


def _hour(record: UsageRecord) -> str:
    return f"{record.started_ms // 3_600_000 % 24}h"


@awaited
async def test_a_call_has_its_cost_its_tokens_and_its_times(tmp_path: Path) -> None:
    records, _ = await records_after(tmp_path, a_move(dump_with(tmp_path / "dump.sql", *ROWS)))
    assert len(ROWS) == len(records)
    record = records["12h"]
    assert 1_234_568 == record.cost_nano
    assert (1000, 50, 600, 0) == (
        record.usage.prompt_tokens,
        record.usage.completion_tokens,
        record.usage.cache_read_tokens,
        record.usage.cache_write_tokens,
    )
    assert (1_795_608_000_250, 2000, 500, True) == (
        record.started_ms,
        record.duration_ms,
        record.first_byte_ms,
        record.streamed,
    )
    assert ("ok", 200, "gpt-4o", "prod-gpt-4o") == (record.outcome, record.status, record.model, record.upstream_model)
    other = records["13h"]
    assert (30, 20, False, 0) == (
        other.usage.cache_read_tokens,
        other.usage.cache_write_tokens,
        other.streamed,
        other.first_byte_ms,
    )


@awaited
async def test_a_call_that_failed_is_an_error_of_its_status(tmp_path: Path) -> None:
    records, _ = await records_after(tmp_path, a_move(dump_with(tmp_path / "dump.sql", *ROWS)))
    failed = records["14h"]
    assert ("error", 429, "upstream_error", 0) == (failed.outcome, failed.status, failed.error_code, failed.cost_nano)
    assert SAID not in str(records)


@awaited
async def test_a_call_is_of_its_token_and_of_whose_that_is_now(tmp_path: Path) -> None:
    """A key of a team's may be the team's own here: then so are its calls."""
    async with moved(tmp_path, a_move(dump_with(tmp_path / "dump.sql", *ROWS))) as (gateway, _):
        held = await held_by(gateway, "litellm")
        people = {person.id: person.name for person in gateway.people.persons.values()}
        teams = {team.id: team.name for team in gateway.people.teams.values()}
        tokens = {token.name: token for token in gateway.registry.tokens.all}
        found = {
            _hour(record): (record.token, people.get(record.person_id, ""), teams.get(record.team_id, ""))
            for record in calls_in(held)
        }
        for record in calls_in(held):
            if record.token in tokens:
                assert tokens[record.token].id == record.token_id
                assert (tokens[record.token].person_id or "") == record.person_id
    assert "unlimited" == found["12h"][0]
    assert ("team", "research") == (found["13h"][0], found["13h"][2])
    assert "limited" == found["14h"][0]
    assert ("LiteLLM master key", "", "") == found["8h"]
    assert ("long gone", "", "") == found["9h"]


@awaited
async def test_a_call_names_its_channel_where_that_is_known(tmp_path: Path) -> None:
    async with moved(tmp_path, a_move(dump_with(tmp_path / "dump.sql", *ROWS))) as (gateway, _):
        held = await held_by(gateway, "litellm")
        channels = {channel.name: channel for channel in held.channels}
        found = {_hour(record): record.channel for record in calls_in(held)}
    assert "azure" == channels[found["12h"]].provider
    assert "anthropic" == channels[found["13h"]].provider
    assert "openai" == found["9h"]


@awaited
async def test_the_history_is_marked_and_charged_to_nobody(tmp_path: Path) -> None:
    without = a_move(str(PEERS / "litellm" / "tables.sql"))
    (tmp_path / "without").mkdir()
    (tmp_path / "with").mkdir()
    async with moved(tmp_path / "without", without) as (gateway, _):
        before = await held_by(gateway, "litellm")
    records, charged = await records_after(tmp_path / "with", a_move(dump_with(tmp_path / "dump.sql", *ROWS)))
    assert before.charged == charged
    assert {("from-litellm",)} == {record.tags for record in records.values()}
    assert {("litellm", "moved")} == {(record.client, record.usage_source) for record in records.values()}
    async with moved(tmp_path / "with", a_move(dump_with(tmp_path / "dump.sql", *ROWS))) as (gateway, _):
        after = await held_by(gateway, "litellm")
    names = {token.id: token.name for token in before.tokens.values()}
    later = {token.id: token.name for token in after.tokens.values()}
    assert {names[key]: spent for key, spent in before.spent.items()} == {
        later[key]: spent for key, spent in after.spent.items()
    }


@awaited
async def test_a_second_import_brings_what_is_new_alone(tmp_path: Path) -> None:
    first = a_move(dump_with(tmp_path / "dump.sql", *ROWS))
    later = row(request_id="chatcmpl-later", startTime="2026-11-27 10:00:00", endTime="2026-11-27 10:00:01", spend=1.0)
    async with moved(tmp_path, first) as (gateway, _):
        rows = await arrive(gateway, a_move(dump_with(tmp_path / "dump.sql", *ROWS, later)), "tests")
        assert "1 requests in the history, $1.00" in [each.becomes for each in rows if each.noun == "log"]
        assert len(ROWS) + 1 == len(calls_in(await held_by(gateway, "litellm")))


def test_of_a_long_log_the_newest_calls_are_taken_and_the_rest_is_told(tmp_path: Path) -> None:
    dump = dump_with(tmp_path / "dump.sql", *reversed(ROWS))
    move = a_move(dump, most_calls=2)
    assert a_move(dump).calls[-2:] == move.calls
    told = next(each for each in move.left if each.noun == "log")
    assert ("3 older calls", "$2.501234568: the newest 2 are taken, for all are written at once") == (
        told.name,
        told.notes[0],
    )


def test_what_was_asked_and_answered_is_not_read(tmp_path: Path) -> None:
    assert SAID not in str(a_move(dump_with(tmp_path / "dump.sql", *ROWS)))


def test_a_row_that_cannot_be_read_is_told_and_the_others_come(tmp_path: Path) -> None:
    move = a_move(dump_with(tmp_path / "dump.sql", *ROWS, row(startTime="yesterday"), row(spend="NaN")))
    assert len(ROWS) == len(move.calls)
    assert "2 calls" in [each.name for each in move.left if each.noun == "log"]
