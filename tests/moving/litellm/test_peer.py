"""Every line of what was configured at a real LiteLLM proxy holds after the import, behind a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import OPERATOR, nano_usd
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.moving.arrive import arrive
from aihub_lite.moving.litellm.facts import move_of
from aihub_lite.moving.litellm.source import read_litellm
from aihub_lite.moving.move import Move
from aihub_lite.upstream.providers import PROVIDERS
from tests.moving.awaited import awaited
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW, moved

pytestmark = requires_peers
HERE = PEERS / "litellm"
PROVIDER_NAMES = {"ollama_chat": "ollama"}
"""Where ours goes by another name."""


def a_move() -> Move:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    source = read_litellm(str(HERE / "config.yaml"), str(HERE / "tables.sql"), salt, {})
    return move_of(source, {}, NOW)


def offering(gateway: Gateway, model: str, upstream_model: str) -> Channel:
    (channel,) = [
        channel
        for channel in gateway.registry.channels.all
        if (model, upstream_model)
        in [(each.model, each.upstream_model) for each in (*channel.offers, *channel.patterns)]
    ]
    return channel


def key_refs(keys: list[str]) -> list[str]:
    return [key.replace("os.environ/", "env:") for key in keys]


@awaited
async def test_every_deployment_is_offered_by_its_account(tmp_path: Path) -> None:
    async with moved(tmp_path, a_move()) as (gateway, _):
        for wanted in expected("litellm")["config"]["deployments"]:
            channel = offering(gateway, wanted["model_name"], wanted["upstream_model"])
            provider = PROVIDER_NAMES.get(wanted["provider"], wanted["provider"])
            assert provider == channel.provider
            assert key_refs(wanted["keys"]) == [key.ref.value for key in channel.keys]
            assert (wanted.get("rpm"), wanted.get("tpm")) == (channel.limits.rpm, channel.limits.tpm)
            assert wanted.get("weight", 1) == channel.weight
            assert (wanted.get("timeout"), wanted.get("stream_timeout")) == (
                channel.clocks.answer,
                channel.clocks.first_byte,
            )
            assert address_wanted(wanted, provider) == channel.base_url
            overrides = channel.overrides
            headers = {header.name: header.value.value for header in overrides.headers} if overrides else {}
            assert {name.lower(): value for name, value in wanted.get("extra_headers", {}).items()} == headers
            defaults = [param.text for param in overrides.default_params] if overrides else []
            assert ([f"max_tokens={wanted['max_tokens']}"] if "max_tokens" in wanted else []) == defaults


def address_wanted(wanted: Any, provider: str) -> str:
    """As our base URLs are written."""
    if wanted["api_base"] is None:
        return PROVIDERS[provider].base_url
    if provider == "azure":
        return f"https://contoso-eu.openai.azure.com/openai?api-version={wanted['api_version']}"
    if provider == "ollama":
        return f"{wanted['api_base']}/v1"
    return str(wanted["api_base"])


@awaited
async def test_a_model_costs_what_it_was_billed_at(tmp_path: Path) -> None:
    async with moved(tmp_path, a_move()) as (gateway, _):
        models = gateway.registry.catalog.models
        for wanted in expected("litellm")["config"]["deployments"]:
            price = wanted["price_usd_per_million"]
            own = gateway.registry.models.prices.get(wanted["model_name"])
            if price is None:
                assert own is None
                continue
            prices = {candidate.price for candidate in models[wanted["model_name"]].candidates}
            rates = {each.rates for each in prices}
            assert {(nano(price["input"]), nano(price["output"]))} == {(each.input, each.output) for each in rates}
            if price["cache_read"] is not None:
                assert {nano(price["cache_read"])} == {each.cache_read for each in rates}
            if price["cache_write"] is not None:
                assert {nano(price["cache_write"])} == {each.cache_write for each in rates}
            # An Azure deployment's own name tells nothing: LiteLLM went by its base model.
            of_its_own = "price_from" in wanted or wanted["model_name"] == "gpt-4o"
            assert of_its_own == (own is not None and own.source == OPERATOR)


def nano(usd: float) -> int:
    return nano_usd(Decimal(str(usd)))


@awaited
async def test_names_lead_where_they_led(tmp_path: Path) -> None:
    wanted = expected("litellm")["config"]
    async with moved(tmp_path, a_move()) as (gateway, rows):
        aliases = {alias: text.split()[0] for alias, text in wanted["model_group_alias"].items()}
        of_keys = {
            alias: model for key in expected("litellm")["database"]["keys"] for alias, model in key["aliases"].items()
        }
        every = {"*": wanted["default_fallbacks"][0]}
        assert {**aliases, **of_keys, **every} == gateway.registry.models.aliases
        routes = gateway.registry.routes.all
        for model, others in wanted["fallbacks"].items():
            assert [model, *others] == [step.model for step in routes[model].steps]
            assert ("down", "rate", "quota", "content") == routes[model].on
        for model, others in wanted["context_window_fallbacks"].items():
            assert [model, *others] == [step.model for step in routes[model].steps]
            assert ("context",) == routes[model].on
        (default,) = wanted["default_fallbacks"]
        assert ["house-model", default] == [step.model for step in routes["house-model"].steps]
        assert not any("text-embedding-3-small" in (name, *route.steps) for name, route in routes.items())
        left = {row.name for row in rows if row.noun == "setting"}
        assert {name for name in ("num_retries", "timeout", "allowed_fails", "cooldown_time") if name in wanted} <= left


@awaited
async def test_a_request_goes_where_it_went(tmp_path: Path) -> None:
    """LiteLLM gave all of gpt-4o's to the deployment with a weight, and what nobody offers to its default."""
    async with moved(tmp_path, a_move()) as (gateway, _):
        for asked, verified in expected("litellm")["verified_with_master_key_1000_in_500_out"].items():
            resolved = gateway.registry.catalog.resolve(asked)
            assert (200, True) == (verified["status"], resolved is not None)
            assert resolved is not None
            model = resolved[0].steps[0].model or resolved[0] if resolved[0].steps else resolved[0]
            first = max(model.candidates, key=lambda candidate: candidate.channel.priority)
            if verified["model_id"] == "azure-gpt-4o":
                assert "azure" == first.channel.provider
            if verified["cost"] is not None:
                rates = first.price.rates
                assert nano(float(verified["cost"])) == (1000 * rates.input + 500 * rates.output) // 1_000_000
        assert digest_of(expected("litellm")["config"]["master_key"]) in gateway.registry.tokens.by_digest


@awaited
async def test_every_key_goes_on_working_with_what_it_had(tmp_path: Path) -> None:
    database = expected("litellm")["database"]
    team_models = {team["team_id"]: team["models"] for team in database["teams"]}
    async with moved(tmp_path, a_move()) as (gateway, rows):
        people = {person.id: person.name for person in gateway.people.persons.values()}
        teams = {team.id: team.name for team in gateway.people.teams.values()}
        for wanted in database["keys"]:
            token = gateway.registry.tokens.by_digest[digest_of(wanted["key"])]
            assert (wanted["stored_token"], wanted["name"]) == (token.digest, token.name)
            assert wanted["key_name"][-4:] == token.hint
            assert wanted["user"] == people[token.person_id]
            assert wanted["team"] is None or teams[token.team_id] == "research"
            assert wanted["enabled"] == token.enabled
            expires = None if token.expires_at is None else datetime.fromtimestamp(token.expires_at, UTC)
            at = datetime.fromisoformat(wanted["expires_at"]) if wanted["expires_at"] else None
            assert (at and at.replace(microsecond=0)) == expires
            models = team_models[wanted["team"]] if wanted["models"] == ["all-team-models"] else wanted["models"]
            assert models == [*token.models]
            assert (wanted["rpm"] or 0, wanted["tpm"], wanted["max_parallel"]) == (
                token.rpm,
                token.tpm,
                token.concurrency,
            )
            assert nano(wanted["used_usd"]) == gateway.ledger.balances[token.id].spent
            check_budget(gateway, token, wanted)
            notes = " ".join(note for row in rows if row.source == token.digest for note in row.notes)
            for told in wanted["metadata"]:
                assert told.removeprefix("model_rpm_") in notes or "limits of single models" in notes


def check_budget(gateway: Gateway, token: Token, wanted: Any) -> None:
    pot = gateway.ledger.pots.get(PotKey("token", token.id))
    if wanted["budget_duration"] is None:
        assert pot is None
        assert token.quota_nano == (None if wanted["budget_usd"] is None else nano(wanted["budget_usd"]))
        return
    assert token.quota_nano is None
    assert pot is not None
    (tally,) = pot.tallies
    assert nano(wanted["budget_usd"]) == tally.budget.nano
    assert nano(wanted["budget_usd"]) - nano(wanted["used_usd"]) == tally.left(NOW)
    # As its row has it: the first of December.
    assert datetime(2026, 12, 1, tzinfo=UTC).timestamp() == window(tally.budget.period, NOW, tally.budget.anchor)[1]


@awaited
async def test_users_are_people_and_teams_are_teams(tmp_path: Path) -> None:
    database = expected("litellm")["database"]
    async with moved(tmp_path, a_move()) as (gateway, rows):
        people = {person.name: person for person in gateway.people.persons.values()}
        teams = {team.name: team for team in gateway.people.teams.values()}
        for wanted in database["users"]:
            person = people[wanted["user_id"]]
            assert wanted["email"] == person.email
            assert ("admin" if wanted["role"] == "proxy_admin" else "member") == person.role
            assert [teams["research"].id] == [person.team_id] * len(wanted["teams"])
            tallies = gateway.ledger.pots[PotKey("person", person.id)].tallies
            limit = wanted["max_budget_usd"]
            assert ([] if limit is None else [nano(limit)]) == [tally.budget.nano for tally in tallies]
        (wanted,) = database["teams"]
        team = teams[wanted["alias"]]
        assert set(wanted["members"]) == {person.name for person in people.values() if person.team_id == team.id}
        (tally,) = gateway.ledger.pots[PotKey("team", team.id)].tallies
        assert (nano(wanted["max_budget_usd"]), wanted["budget_duration"]) == (tally.budget.nano, tally.budget.period)
        assert datetime(2026, 12, 26, tzinfo=UTC).timestamp() == window("30d", NOW, tally.budget.anchor)[1]
        (said,) = [row for row in rows if row.noun == "team"]
        assert all(str(wanted[limit]) in " ".join(said.notes) for limit in ("tpm", "rpm"))


@awaited
async def test_models_of_the_database_come_with_their_keys(tmp_path: Path) -> None:
    async with moved(tmp_path, a_move()) as (gateway, _):
        for wanted in expected("litellm")["database"]["models"]:
            params = wanted["litellm_params"]
            provider, _, upstream_model = params["model"].partition("/")
            channel = offering(gateway, wanted["model_name"], upstream_model)
            assert (provider, [params["api_key"]]) == (channel.provider, [key.ref.value for key in channel.keys])
            assert params.get("api_base", PROVIDERS[provider].base_url) == channel.base_url
            assert params.get("rpm") == channel.limits.rpm
            if "input_cost_per_token" in params:
                rates = gateway.registry.models.prices[wanted["model_name"]].rates
                assert (2 * 10**9, 8 * 10**9) == (rates.input, rates.output)


@awaited
async def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    async with moved(tmp_path, a_move()) as (gateway, _):
        before = dict(gateway.registry.tokens.by_digest), gateway.registry.channels.all
        rows = await arrive(gateway, a_move(), "tests")
        assert before == (dict(gateway.registry.tokens.by_digest), gateway.registry.channels.all)
        assert {"moved before"} == {row.becomes for row in rows if row.becomes}
