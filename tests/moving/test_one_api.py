"""Every line of what one-api's database was made of holds after an import, behind a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aihub_lite.domain.channel import BY_OPERATOR
from aihub_lite.domain.token import digest_of
from aihub_lite.moving.move import Move
from aihub_lite.moving.one_api import read
from aihub_lite.upstream.providers import PROVIDERS
from tests.moving.held import Held, held_by, logged, logged_by_channel, sums, sums_by_channel
from tests.moving.peers import PEERS, asked_after, expected, nano, requires_peers

pytestmark = requires_peers
FACTS = expected("one-api")
DELETED = {user["username"] for user in FACTS.get("users", ()) if user["deleted"]}
TOKENS = [token for token in FACTS.get("tokens", ()) if token["user"] not in DELETED]
WIRES = {"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta", "deepseek": "", "custom": "/v1"}
"""What our base URLs have after the host, by type."""


@pytest.fixture(scope="module")
def move() -> Move:
    return read(str(PEERS / "one-api" / "one-api.db"))


@pytest.fixture(scope="module")
def held(move: Move, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    yield asked_after(tmp_path_factory.mktemp("moved"), move, lambda gateway: held_by(gateway, "one-api"))


def ids(facts: list[dict[str, Any]]) -> list[str]:
    return [f"{fact['id']}-{fact.get('name') or fact.get('username')}" for fact in facts]


CHANNELS = FACTS.get("channels", [])


@pytest.mark.parametrize("fact", CHANNELS, ids=ids(CHANNELS))
def test_a_channel_is_here_for_each_of_its_groups_with_its_key(held: Held, fact: dict[str, Any]) -> None:
    for group in fact["groups"]:
        channel = held.sources[f"{fact['id']}@{group}"]
        assert group == channel.group
        assert set(fact["keys"]) <= {key.ref.value for key in channel.keys if not key.disabled}
        assert fact["models"] == [offer.model for offer in channel.offers]
        upstream = [fact["model_mapping"].get(model, model) for model in fact["models"]]
        assert upstream == [offer.upstream_model for offer in channel.offers]
        assert (fact["priority"], fact["enabled"]) == (channel.priority, channel.enabled)
        assert channel.name.startswith(fact["name"])


@pytest.mark.parametrize("fact", CHANNELS, ids=ids(CHANNELS))
def test_a_channel_leads_where_it_led(held: Held, fact: dict[str, Any]) -> None:
    channel = held.sources[f"{fact['id']}@{fact['groups'][0]}"]
    address = fact["effective_base_url"]
    if fact["type_name"] == "azure":
        wanted = ("azure", f"{address}/openai?api-version={fact['api_version']}")
    elif fact["type_name"] == "openai_compatible":
        wanted = ("openai", address)
    else:
        provider = {"custom": "openai"}.get(fact["type_name"], fact["type_name"])
        wanted = (provider, address + WIRES[fact["type_name"]])
    assert wanted == (channel.provider, channel.base_url)
    assert channel.provider in PROVIDERS


def test_rows_of_one_name_that_differ_in_their_key_are_one_channel(held: Held) -> None:
    assert held.sources["1@default"] is held.sources["2@default"]
    assert ["sk-upstream-openai-0001", "sk-upstream-openai-0002"] == [
        key.ref.value for key in held.sources["1@default"].keys
    ]


def test_who_disabled_a_channel_is_said_of_it(held: Held) -> None:
    assert "one-api had disabled it by itself" == held.sources["8@default"].disabled
    assert BY_OPERATOR == held.sources["9@default"].disabled


def test_a_system_prompt_comes_along(held: Held) -> None:
    overrides = held.sources["7@default"].overrides
    assert overrides is not None
    assert "Answer briefly." == overrides.system_prefix


USERS = FACTS.get("users", [])


@pytest.mark.parametrize("fact", USERS, ids=ids(USERS))
def test_a_user_is_a_person_with_what_was_left_and_used(held: Held, fact: dict[str, Any]) -> None:
    if fact["deleted"]:
        assert fact["username"] not in held.people
        return
    person = held.people[fact["username"]]
    assert {"root": "owner", "admin": "admin", "user": "member"}[fact["role"]] == person.role
    assert (fact["enabled"], fact["email"] or None, fact["group"]) == (person.enabled, person.email, person.token_group)
    assert nano(fact["balance_usd"]) == held.credit_left[fact["username"]]
    used = -sum(credit.nano for credit in held.credits[fact["username"]] if credit.note == "Used at one-api")
    assert nano(fact["used_usd"]) == used


@pytest.mark.parametrize("fact", USERS, ids=ids(USERS))
def test_what_a_user_called_is_in_the_history(held: Held, fact: dict[str, Any]) -> None:
    if fact["deleted"]:
        return
    mine = [record for record in held.records if record.person_id == held.people[fact["username"]].id]
    assert nano(fact["used_usd"]) == sum(record.cost_nano for record in mine)


@pytest.mark.parametrize("fact", TOKENS, ids=ids(TOKENS))
def test_a_token_is_here_with_its_old_key(held: Held, fact: dict[str, Any]) -> None:
    token = held.tokens[digest_of(fact["key"])]
    assert held.people[fact["user"]].id == token.person_id
    assert (fact["group"], fact["key"][-4:]) == (token.group, token.hint)
    assert fact["name"] in (token.name, token.name.removeprefix(f"{fact['user']}-"))
    assert (fact["models"], fact["subnets"]) == ([*token.models], [*token.allow_ips])
    assert fact["expires_at"] == token.expires_at


@pytest.mark.parametrize("fact", TOKENS, ids=ids(TOKENS))
def test_what_was_granted_and_used_of_a_token_is_as_it_was(held: Held, fact: dict[str, Any]) -> None:
    token = held.tokens[digest_of(fact["key"])]
    assert nano(fact["used_usd_by_logs"]) == held.spent[token.id]
    if fact["unlimited"]:
        assert None is token.quota_nano is held.left[token.id]
    else:
        assert (nano(fact["quota_usd"]), nano(fact["remain_usd"])) == (token.quota_nano, held.left[token.id])


@pytest.mark.parametrize("fact", TOKENS, ids=ids(TOKENS))
def test_a_token_opens_what_it_opened(held: Held, fact: dict[str, Any]) -> None:
    token = held.tokens[digest_of(fact["key"])]
    left = held.left[token.id]
    after_expiry = 1_800_000_000
    opens = token.enabled and (token.expires_at or after_expiry + 1) > after_expiry and (left is None or left > 0)
    assert fact["enabled"] == opens


def test_a_token_whose_user_was_deleted_opens_nothing(held: Held) -> None:
    gone = [token for token in FACTS["tokens"] if token["user"] in DELETED]
    assert 1 == len(gone)
    assert digest_of(gone[0]["key"]) not in held.tokens


DEALS = FACTS.get("client_models", [])


@pytest.mark.parametrize("deal", DEALS, ids=[f"{deal['channel']}-{deal['model']}" for deal in DEALS])
def test_a_model_costs_what_was_billed(held: Held, move: Move, deal: dict[str, str]) -> None:
    """By the name after the mapping; a model that was billed differently at two channels has the price of the first."""
    wanted = FACTS["prices"][deal["billed_as"]]["usd_per_million"]["default"]
    rates = held.prices[deal["model"]].rates
    notes = next(price.notes for price in move.prices if price.model == deal["model"])
    told = any(note.startswith(f"at {deal['channel']} it was billed as {deal['billed_as']},") for note in notes)
    billed = (nano(wanted["input"]), nano(wanted["output"]))
    assert told != (billed == (rates.input, rates.output))
    assert told == (deal["channel"] == "azure-eu" and deal["model"] == "gpt-4o")
    assert None is rates.cache_read


@pytest.mark.parametrize("name", FACTS.get("prices", {}))
def test_where_a_ratio_stands_is_said(move: Move, name: str) -> None:
    fact = FACTS["prices"][name]
    notes = [note for price in move.prices for note in price.notes if note.startswith(f"billed as {name}:")]
    if not notes:
        assert "prod-gpt-4o" == name  # of which a note of gpt-4o tells
        return
    model_from, completion_from = notes[0].removeprefix(f"billed as {name}: ").split(", ")
    assert ("its options" in model_from) == fact["ratio_from"].startswith("options")
    assert ("its options" in completion_from) == fact["completion_from"].startswith("options")


def test_what_groups_paid_is_said_to_be_the_same_for_all_here(move: Move) -> None:
    told = [row for row in move.left if row.noun == "group"]
    assert [("vip", "0.8")] == [(row.name, row.notes[0].split()[1]) for row in told]
    assert {"default": 1, "vip": 0.8, "svip": 0.5} == FACTS["group_ratio"]  # nobody is in svip


def test_codes_are_said_to_stay_behind_and_never_shown(move: Move) -> None:
    told = [row for row in move.left if row.noun == "redemption"]
    assert [code["status"] == "used" for code in FACTS["redemptions"]] == ["already" in row.notes[0] for row in told]
    assert not any(code["code"] in str(move.left) for code in FACTS["redemptions"])


def test_the_log_is_history_by_model_token_and_channel(held: Held) -> None:
    facts = FACTS["logs"]
    assert {name: logged(figures) for name, figures in facts["by_model"].items()} == sums(held.records, "model")
    assert {name: logged(figures) for name, figures in facts["by_token"].items()} == sums(held.records, "token")
    assert logged_by_channel(held, facts["by_channel"]) == sums_by_channel(held)


def test_the_log_adds_up_and_is_charged_to_nobody(held: Held) -> None:
    consumed = FACTS["logs"]["consume"]
    assert consumed["rows"] == len(held.records) == sum(row.requests for row in held.by_model)
    assert nano(consumed["usd"]) == sum(row.cost_nano for row in held.by_model)
    assert consumed["stream_rows"] == sum(record.streamed for record in held.records)
    assert 0 == held.charged
    assert {"moved"} == {record.usage_source for record in held.records}


def test_rows_of_the_log_that_are_no_calls_are_told_by_type(move: Move) -> None:
    told = {row.name: row.notes[0] for row in move.left if row.noun == "log"}
    types = {"topup": 1, "manage": 3, "system": 4, "test": 5}
    counts = FACTS["logs"]["rows_by_type"]
    assert {f"{counts[word]} rows of type {number}" for word, number in types.items()} == {*told}
    assert FACTS["logs"]["rows"] == sum(counts.values()) == len(move.calls) + sum(counts[word] for word in types)
