"""Every line of what new-api's database was made of holds after an import, behind a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from aihub_lite.domain.channel import BY_OPERATOR
from aihub_lite.domain.money import Rates
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.token import digest_of
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.moving.move import Move
from aihub_lite.moving.new_api import read
from tests.moving.held import Held, held_by, logged, rows_of, sums
from tests.moving.peers import PEERS, asked_after, expected, nano, requires_peers

pytestmark = requires_peers
FACTS = expected("new-api")
CHANNELS: list[dict[str, Any]] = FACTS.get("channels", [])
USERS: list[dict[str, Any]] = FACTS.get("users", [])
ALIVE = {user["username"]: user for user in USERS if not user["deleted"]}
TOKENS: list[dict[str, Any]] = [token for token in FACTS.get("tokens", ()) if not token["deleted"]]
DEALS: list[dict[str, str]] = FACTS.get("client_models", [])
VERSIONS = {"openai": "/v1", "openrouter": "/v1", "anthropic": "/v1", "gemini": "/v1beta", "deepseek": ""}
"""What our base URLs have after theirs, by type."""


@pytest.fixture(scope="module")
def move() -> Move:
    return read(str(PEERS / "new-api" / "new-api.db"))


@pytest.fixture(scope="module")
def held(move: Move, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    yield asked_after(tmp_path_factory.mktemp("moved"), move, lambda gateway: held_by(gateway, "new-api"))


def ids(facts: list[dict[str, Any]]) -> list[str]:
    return [f"{fact['id']}-{fact.get('name') or fact.get('username')}" for fact in facts]


def notes_of(move: Move, number: int) -> str:
    """What is said of a channel."""
    return " ".join(
        note
        for channel in move.channels
        if any(source.startswith(f"{number}.") for source in channel.sources)
        for note in channel.notes
    )


@pytest.mark.parametrize("fact", CHANNELS, ids=ids(CHANNELS))
def test_a_channel_is_here_for_each_of_its_groups_with_its_keys_as_they_were(held: Held, fact: dict[str, Any]) -> None:
    for group in fact["groups"]:
        channel = held.sources[f"{fact['id']}@{group}"]
        assert group == channel.group
        states = {key.ref.value: not key.disabled for key in channel.keys}
        assert {key["key"]: key["enabled"] for key in fact["keys"]}.items() <= states.items()
        assert fact["models"] == [offer.model for offer in channel.offers]
        assert (fact["priority"], fact["enabled"]) == (channel.priority, channel.enabled)
        assert max(fact["weight"], 1) == channel.weight
        assert channel.name.startswith(fact["name"])


@pytest.mark.parametrize("fact", CHANNELS, ids=ids(CHANNELS))
def test_a_channel_leads_where_it_led(held: Held, fact: dict[str, Any]) -> None:
    channel = held.sources[f"{fact['id']}@{fact['groups'][0]}"]
    address = fact["effective_base_url"]
    if fact["type_name"] == "azure":
        wanted = ("azure", f"{address}/openai?api-version={fact['api_version']}")
    elif fact["type_name"] == "custom":
        wanted = ("openai", address.removesuffix("/chat/completions"))
    else:
        wanted = (fact["type_name"], address + VERSIONS[fact["type_name"]])
    assert wanted == (channel.provider, channel.base_url)


@pytest.mark.parametrize("deal", DEALS, ids=[f"{deal['channel']}-{deal['model']}" for deal in DEALS])
def test_a_model_has_the_name_upstream_that_the_whole_chain_of_mappings_leads_to(
    held: Held, deal: dict[str, str]
) -> None:
    numbers = [fact["id"] for fact in CHANNELS if fact["name"] == deal["channel"]]
    channels = [channel for source, channel in held.sources.items() if int(source.partition("@")[0]) in numbers]
    offered = {offer.upstream_model for channel in channels for offer in channel.offers if offer.model == deal["model"]}
    assert {deal["sent_upstream_as"]} == offered


def test_a_key_that_a_person_disabled_in_a_row_of_several_stays_so(held: Held) -> None:
    keys = held.sources["1@default"].keys
    assert ["", BY_OPERATOR, ""] == [key.disabled for key in keys]


def test_rows_of_one_name_that_differ_in_their_key_are_one_channel(held: Held) -> None:
    assert held.sources["2@default"] is held.sources["3@default"]
    assert 2 == len(held.sources["3@default"].keys)


def test_what_a_channel_sends_beside_comes_along(held: Held) -> None:
    def overrides(source: str) -> Overrides:
        found = held.sources[source].overrides
        assert found is not None
        return found

    organization = overrides("1@default").headers[0]
    assert ("openai-organization", "org-example0001") == (organization.name, organization.value.value)
    assert "Answer briefly." == overrides("4@vip").system_prefix
    deepseek = overrides("6@default")
    assert [("x-team", "lab")] == [(header.name, header.value.value) for header in deepseek.headers]
    assert [("temperature", "0.2")] == [(param.path, param.value) for param in deepseek.set_params]
    assert ("top_p",) == deepseek.drop_params


def test_what_cannot_be_sent_here_is_said(move: Move) -> None:
    assert "header X-Key-Hint stays behind" in notes_of(move, 6)
    assert "header Host stays behind" in notes_of(move, 8)
    assert "statuses are not mapped here" in notes_of(move, 8)
    assert "was never disabled by itself there" in notes_of(move, 8)
    assert "a version of its own for Responses" in notes_of(move, 7)
    assert "its system prompt was for conversations without one" in notes_of(move, 4)


def test_tags_and_remarks_are_told(move: Move) -> None:
    for fact in CHANNELS:
        for name in ("tag", "remark"):
            if fact.get(name):
                assert f"{name} there: {fact[name]}" in notes_of(move, fact["id"])


def test_a_channel_goes_out_through_its_proxy(held: Held) -> None:
    way_out = held.sources["8@default"].way_out
    assert way_out is not None
    assert "socks5://proxy-user:proxy-pass@10.0.0.9:1080" == way_out.proxy.value


def test_who_disabled_a_channel_is_said_of_it(held: Held) -> None:
    assert "new-api had disabled it by itself" == held.sources["9@default"].disabled
    assert BY_OPERATOR == held.sources["10@default"].disabled


@pytest.mark.parametrize("fact", USERS, ids=ids(USERS))
def test_a_user_is_a_person_with_what_was_left_and_used(held: Held, fact: dict[str, Any]) -> None:
    if fact["deleted"]:
        assert fact["username"] not in held.people
        return
    person = held.people[fact["username"]]
    assert {"root": "owner", "admin": "admin", "user": "member"}[fact["role"]] == person.role
    assert (fact["enabled"], fact["group"]) == (person.enabled, person.token_group)
    assert nano(fact["balance_usd"]) == held.credit_left[fact["username"]]
    used = -sum(credit.nano for credit in held.credits[fact["username"]] if credit.note == "Used at new-api")
    assert nano(fact["used_usd"]) == used
    mine = [record for record in held.records if record.person_id == person.id]
    assert nano(fact["used_usd"]) == sum(record.cost_nano for record in mine)


def test_a_remark_on_a_user_is_told(move: Move) -> None:
    told = {person.person.name: person.notes for person in move.people}
    for name, user in ALIVE.items():
        assert (not user["remark"]) or f"remark there: {user['remark']}" in told[name]


@pytest.mark.parametrize("fact", TOKENS, ids=ids(TOKENS))
def test_a_token_is_here_with_its_old_key(held: Held, fact: dict[str, Any]) -> None:
    token = held.tokens[digest_of(fact["key"])]
    assert held.people[fact["user"]].id == token.person_id
    assert (fact["name"], fact["effective_group"], fact["key"][-4:]) == (token.name, token.group, token.hint)
    assert fact["models"] == [*token.models]
    assert [text if "/" in text else f"{text}/32" for text in fact["subnets"]] == [*token.allow_ips]
    assert fact["expires_at"] == token.expires_at


@pytest.mark.parametrize("fact", TOKENS, ids=ids(TOKENS))
def test_what_was_granted_and_used_of_a_token_is_as_it_was(held: Held, fact: dict[str, Any]) -> None:
    token = held.tokens[digest_of(fact["key"])]
    assert nano(fact["used_usd"]) == held.spent[token.id]
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


def test_a_deleted_token_opens_nothing(held: Held, move: Move) -> None:
    gone = [token for token in FACTS["tokens"] if token["deleted"]]
    assert [token["name"] for token in gone] == [row.name for row in move.left if row.noun == "token"]
    assert not {digest_of(token["key"]) for token in gone} & held.tokens.keys()


@pytest.mark.parametrize("name", FACTS.get("prices", {}))
def test_a_model_costs_what_was_billed(held: Held, move: Move, name: str) -> None:
    fact = FACTS["prices"][name]
    if fact["kind"] == "unpriced":
        assert name not in held.prices
        assert [name] == [row.name for row in move.left if row.noun == "price"]
    elif fact["kind"] == "fixed_per_request":
        assert Rates(0, 0) == held.prices[name].rates
        assert nano(fact["usd_per_request"]["default"]) * 1000 == held.hosted[name].request
    else:
        wanted = {kind: nano(usd) for kind, usd in fact["usd_per_million"]["default"].items()}
        rates = held.prices[name].rates
        told = {"input": rates.input, "output": rates.output, "cache_read": rates.cache_read or rates.input}
        if rates.cache_write is not None:
            told["cache_write"] = rates.cache_write
        assert wanted == told
        note = next(price.notes[0] for price in move.prices if price.model == name)
        from_options = fact["completion_from"] == "options.CompletionRatio"
        assert note.endswith("of its options" if from_options else "of the program")


@pytest.mark.parametrize("deal", DEALS, ids=[f"{deal['channel']}-{deal['model']}" for deal in DEALS])
def test_a_model_is_billed_by_the_name_that_clients_send(held: Held, deal: dict[str, str]) -> None:
    assert deal["billed_as"] == deal["model"]
    priced = deal["model"] in held.prices
    assert priced == (FACTS["prices"][deal["model"]]["kind"] != "unpriced")


def test_what_groups_paid_is_said_to_be_the_same_for_all_here(move: Move) -> None:
    told = [(row.name, row.notes[0]) for row in move.left if row.noun == "group"]
    assert f"paid {FACTS['group_ratio']['vip']} times" in told[0][1]
    assert f"paid {FACTS['group_group_ratio']['vip']['default']} for group default" in told[1][1]
    assert ["vip", "vip"] == [name for name, _ in told]


def test_codes_are_said_to_stay_behind_and_never_shown(move: Move) -> None:
    told = [row for row in move.left if row.noun == "redemption"]
    assert [code["status"] == "used" for code in FACTS["redemptions"]] == ["already" in row.notes[0] for row in told]
    assert not any(code["code"] in str(move.left) for code in FACTS["redemptions"])


def without_cache(record: UsageRecord) -> UsageRecord:
    """As that log counts the prompts of Claude's models: without what a cache had."""
    usage = record.usage
    if not record.model.startswith("claude"):
        return record
    fresh = usage.prompt_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    return attrs.evolve(record, usage=attrs.evolve(usage, prompt_tokens=fresh, cache_read_tokens=0))


def test_the_log_is_history_by_model_token_channel_and_group(held: Held) -> None:
    facts = FACTS["logs"]
    records = [without_cache(record) for record in held.records]
    assert {name: logged(figures) for name, figures in facts["by_model"].items()} == sums(records, "model")
    assert {name: logged(figures) for name, figures in facts["by_token"].items()} == sums(records, "token")
    rows = rows_of(held)
    by_row = {str((int(number),)): logged(figures) for number, figures in facts["by_channel"].items()}
    assert by_row == sums([attrs.evolve(each, channel=str(rows[each.channel])) for each in records], "channel")
    groups = {token.id: token.group for token in held.tokens.values()}
    by_group = sums([attrs.evolve(each, channel=groups[each.token_id]) for each in records], "channel")
    assert {name: logged(figures) for name, figures in facts["by_group"].items()} == by_group


def test_the_log_adds_up_and_is_charged_to_nobody(held: Held) -> None:
    consumed = FACTS["logs"]["consume"]
    went_well = [record for record in held.records if record.outcome == "ok"]
    assert consumed["rows"] == len(went_well) == FACTS["quota_data"]["count"]
    assert nano(consumed["usd"]) == sum(row.cost_nano for row in held.by_model)
    assert consumed["stream_rows"] == sum(record.streamed for record in went_well)
    assert consumed["cache_read_tokens"] == sum(record.usage.cache_read_tokens for record in went_well)
    assert consumed["cache_write_tokens"] == sum(record.usage.cache_write_tokens for record in went_well)
    assert 0 == held.charged


def test_calls_that_failed_are_in_the_history_once_for_all_tries(held: Held) -> None:
    """Eleven rows were written of seven calls: some were tried again."""
    failed = [record for record in held.records if record.outcome == "error"]
    assert FACTS["logs"]["rows_by_type"]["error"] > len(failed) == sum(row.errors for row in held.by_model) > 0
    assert {0} == {record.cost_nano for record in failed}


def test_rows_of_the_log_that_are_no_calls_are_told_by_type(move: Move) -> None:
    told = {row.name for row in move.left if row.noun == "log"}
    types = {"topup": 1, "manage": 3, "system": 4, "login": 7}
    counts = FACTS["logs"]["rows_by_type"]
    assert {f"{counts[word]} rows of type {number}" for word, number in types.items()} == told
