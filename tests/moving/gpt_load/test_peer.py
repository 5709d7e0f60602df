"""Every line of what was configured at a real gpt-load holds after the import, behind a restart, encrypted or not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.token import EVERY_GROUP, digest_of
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.moving.arrive import arrive
from aihub_lite.moving.gpt_load.database import read_pool
from aihub_lite.moving.gpt_load.facts import INVALID, move_of
from aihub_lite.moving.move import Move
from aihub_lite.upstream.providers import PROVIDERS
from tests.moving.awaited import awaited
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW, moved

pytestmark = requires_peers
FILES = pytest.mark.parametrize("file", ["gpt-load.db", "gpt-load-encrypted.db"])


def a_move(file: str) -> Move:
    key = expected("gpt-load")[file].get("ENCRYPTION_KEY", "")
    return move_of(read_pool(str(PEERS / "gpt-load" / file), key), NOW)


def channels_of(gateway: Gateway, group: str) -> list[Channel]:
    return [channel for channel in gateway.registry.channels.all if channel.group == group]


@FILES
def test_every_group_is_a_group_of_channels(tmp_path: Path, file: str) -> None:
    @awaited
    async def story() -> None:
        async with moved(tmp_path, a_move(file)) as (gateway, rows):
            for wanted in expected("gpt-load")[file]["groups"]:
                if wanted["group_type"] == "standard":
                    channels = channels_of(gateway, wanted["name"])
                    assert [each["weight"] for each in wanted["upstreams"]] == [channel.weight for channel in channels]
                    for each, channel in zip(wanted["upstreams"], channels, strict=True):
                        check_channel(wanted, each["url"], channel)
                    notes = " ".join(note for row in rows if row.noun == "channel" for note in row.notes)
                    for name in ("max_retries", "blacklist_threshold"):
                        assert name not in wanted.get("config", {}) or name in notes
                    assert wanted.get("description", "") in notes

    story()


def check_channel(wanted: Any, url: str, channel: Channel) -> None:
    assert channel.name.startswith(wanted["display_name"])
    provider = "deepseek" if "deepseek" in url else wanted["channel_type"]
    assert provider == channel.provider
    assert channel.base_url in (PROVIDERS[provider].base_url, f"{url}/v1")
    keys = [(key.ref.value, "invalid" if key.disabled else "active") for key in channel.keys]
    assert [(key["key"], key["status"]) for key in wanted["keys"]] == keys
    assert {key.disabled for key in channel.keys} <= {"", INVALID}
    redirects = {offer.model: offer.upstream_model for offer in channel.offers}
    assert wanted.get("model_redirect_rules", {}) == redirects
    assert wanted.get("model_redirect_strict", False) == (not channel.patterns)
    overrides = channel.overrides
    params = {param.path: float(param.value) for param in overrides.set_params} if overrides else {}
    assert wanted.get("param_overrides", {}) == params
    headers = {header.name: header.value.value for header in overrides.headers} if overrides else {}
    rules = wanted.get("header_rules", [])
    assert {rule["key"].lower(): rule["value"] for rule in rules if rule["action"] == "set"} == headers
    timeout = wanted.get("config", {}).get("request_timeout")
    assert (timeout, timeout) == (channel.clocks.answer, channel.clocks.total)


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://aiplatform.googleapis.com", "https://aiplatform.googleapis.com/v1"),
        ("https://aiplatform.googleapis.com/v1beta1/", "https://aiplatform.googleapis.com/v1beta1"),
        ("https://relay.example.net/v1/publishers/google", "https://relay.example.net/v1"),
    ],
)
def test_a_group_of_gemini_at_vertex_is_a_channel_there(tmp_path: Path, url: str, base_url: str) -> None:
    """It was one of Google's other API, at an address that there is not."""
    copy = Path(shutil.copy(PEERS / "gpt-load" / "gpt-load.db", tmp_path / "gpt-load.db"))
    with closing(sqlite3.connect(copy)) as database, database:
        upstreams = json.dumps([{"url": url, "weight": 1}])
        database.execute("UPDATE groups SET upstreams = ? WHERE name = 'gemini'", (upstreams,))

    @awaited
    async def story() -> None:
        async with moved(tmp_path / "gateway", move_of(read_pool(str(copy), ""), NOW)) as (gateway, _):
            (channel,) = channels_of(gateway, "gemini")
            assert ("vertex", base_url, 2) == (channel.provider, channel.base_url, len(channel.keys))

    story()


@FILES
def test_an_aggregate_asks_its_members_by_their_shares(tmp_path: Path, file: str) -> None:
    @awaited
    async def story() -> None:
        async with moved(tmp_path, a_move(file)) as (gateway, _):
            groups = {group["name"]: group for group in expected("gpt-load")[file]["groups"]}
            aggregate = groups["all-openai"]
            shares: Counter[str] = Counter()
            for channel in channels_of(gateway, "all-openai"):
                shares["deepseek" if channel.provider == "deepseek" else "openai"] += channel.weight
            total = sum(shares.values())
            percent = {name: 100 * weight / total for name, weight in shares.items()}
            assert {each["group"]: each["weight"] for each in aggregate["sub_groups"]} == percent
            weights = [each.weight for each in channels_of(gateway, "all-openai") if each.provider == "openai"]
            assert [each["weight"] for each in groups["openai"]["upstreams"]] == [
                weight // min(weights) for weight in weights
            ]

    story()


@FILES
def test_every_key_of_a_client_opens_what_it_opened(tmp_path: Path, file: str) -> None:
    @awaited
    async def story() -> None:
        async with moved(tmp_path, a_move(file)) as (gateway, rows):
            wanted = expected("gpt-load")[file]
            tokens = gateway.registry.tokens.by_digest
            groups = {key: group["name"] for group in wanted["groups"] for key in group["proxy_keys"]}
            groups |= dict.fromkeys(wanted["global_proxy_keys"], EVERY_GROUP)
            assert {digest_of(key): group for key, group in groups.items()} == {
                digest: token.group for digest, token in tokens.items()
            }
            for call, status in wanted["verified"].items():
                key, _, path = call.partition(" on ")
                group = path.split("/")[2]
                assert (status == 200) == tokens[digest_of(key)].reaches(group)
            said = {row.name: " ".join(row.notes) for row in rows if row.noun == "setting"}
            assert dict.fromkeys(wanted["settings_changed"], True) == {
                name: value in said[name] for name, value in wanted["settings_changed"].items()
            }

    story()


@FILES
def test_the_log_is_history(tmp_path: Path, file: str) -> None:
    @awaited
    async def story() -> None:
        async with moved(tmp_path, a_move(file)) as (gateway, _):
            wanted = expected("gpt-load")[file]["request_logs"]
            rows = await gateway.database.read("SELECT * FROM usage_records")
            assert wanted["by_type"]["final"] == len(rows)
            assert wanted["success"] == sum(row["outcome"] == "ok" for row in rows)
            assert wanted["stream"] == sum(row["streamed"] for row in rows)
            models = Counter(row["model"] for row in rows)
            # The tries before the last one of a request are no requests of their own.
            retried = Counter({"s401": wanted["by_type"]["retry"]})
            assert wanted["by_model"] == dict(models + retried)
            by_group = Counter(row["token"].removeprefix("/proxy/") for row in rows)
            by_group["openai"] += wanted["by_type"]["retry"]
            assert wanted["by_group"] == dict(by_group)
            assert {0} == {row["cost_nano"] for row in rows}

    story()


@FILES
def test_a_second_import_changes_nothing(tmp_path: Path, file: str) -> None:
    @awaited
    async def story() -> None:
        async with moved(tmp_path, a_move(file)) as (gateway, _):
            before = dict(gateway.registry.tokens.by_digest), gateway.registry.channels.all
            await arrive(gateway, a_move(file), "tests")
            assert before == (dict(gateway.registry.tokens.by_digest), gateway.registry.channels.all)

    story()
