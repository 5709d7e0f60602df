"""Channels, aliases, prices, usage and status over the admin API, beside a scripted upstream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.upstream.answers import body_answer, chat_answer, error_answer, json_answer, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, refused
from tests.web.admin.desk import Desk, at_desk

KEY = "sk-upstream-0123456789"
LIMITS = ("rpm", "tpm", "concurrency", "budget")


def channel(**fields: Any) -> dict[str, Any]:
    return {"name": "one", "provider": "openai", "base_url": "https://x.example/v1", "models": ["m"], **fields}


def test_a_channel_without_models_offers_what_its_upstream_lists(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("b", "a"))

    async def story(desk: Desk) -> None:
        answer = await desk.call("POST", "/channels", channel(base_url=upstream.url, keys=[KEY], models=[]), status=201)
        assert (["b", "a"], True) == (answer["models"], answer["discovered"])

    at_desk(tmp_path, story)


def test_a_channel_whose_upstream_does_not_list_is_refused_and_not_created(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(401, f"Incorrect API key provided: {KEY}"))

    async def story(desk: Desk) -> None:
        body = channel(base_url=upstream.url, keys=[KEY], models=[])
        message = await desk.refused("POST", "/channels", body, status=502)
        assert (True, False) == ("refused the key" in message, KEY in message)
        assert [] == (await desk.call("GET", "/channels"))["channels"]

    at_desk(tmp_path, story)


def test_a_list_that_is_read_again_says_what_changed(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("a", "b"), models_list("b", "c"))

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(base_url=upstream.url, keys=[KEY], models=[]), status=201)
        await desk.call("POST", "/aliases", {"alias": "fast", "model": "a"})
        answer = await desk.call("POST", "/channels/one/refresh")
        overview = await desk.call("GET", "/overview")
        (news,) = overview["news"]
        changed = {"new": ["c"], "vanished": [], "kept": ["a"]}
        assert (changed, ["b", "c", "a"], ["a"]) == (answer["changed"], answer["models"], answer["gone"])
        assert ("one", answer["id"], changed) == (news["channel"], news["channel_id"], {k: news[k] for k in changed})
        gone = [item for item in overview["attention"] if item["kind"] == "model_gone"]
        assert [("a", "one: alias fast")] == [(item["subject"], item["detail"]) for item in gone]

    at_desk(tmp_path, story)


def test_a_form_that_is_saved_with_the_upstreams_list_breaks_no_alias(tmp_path: Path, upstream: Upstream) -> None:
    """The console sends an empty list of models with whatever else was changed."""
    upstream.enqueue(models_list("a", "b"), models_list("b"), models_list("b"))

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(base_url=upstream.url, keys=[KEY], models=[]), status=201)
        await desk.call("POST", "/aliases", {"alias": "fast", "model": "a"})
        kept = await desk.call("PATCH", "/channels/one", {"models": [], "weight": 2})
        await desk.call("DELETE", "/aliases/fast")
        gone = await desk.call("PATCH", "/channels/one", {"models": []})
        assert (["b", "a"], ["b"]) == (kept["models"], gone["models"])

    at_desk(tmp_path, story)


def test_a_list_is_not_read_over_what_a_person_chose_or_disabled(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("a"))

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(), status=201)
        assert "were chosen" in await desk.refused("POST", "/channels/one/refresh", status=409)
        await desk.call("POST", "/channels", channel(name="two", base_url=upstream.url, models=[]), status=201)
        await desk.call("POST", "/channels/two/disable")
        assert "is disabled" in await desk.refused("POST", "/channels/two/refresh", status=409)

    at_desk(tmp_path, story)


def test_no_answer_ever_holds_a_key(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        answers = [
            await desk.call("POST", "/channels", channel(keys=[KEY]), status=201),
            await desk.call("PATCH", "/channels/one", {"weight": 2}),
            await desk.call("GET", "/channels/one"),
            await desk.call("GET", "/channels"),
            await desk.call("POST", "/channels/one/disable"),
        ]
        assert KEY not in str(answers)
        assert "…6789" == answers[0]["keys"][0]["hint"]

    at_desk(tmp_path, story)


def test_every_field_of_a_channel_is_kept_and_shown(tmp_path: Path) -> None:
    body = channel(
        keys=["env:ONE", "env:TWO"],
        models=["a", "b=upstream-b"],
        priority=5,
        weight=3,
        group="team",
        clocks={"connect": 1, "first_byte": 2.5, "answer": 300, "idle": None, "total": 60},
        cost="table",
        learn="off",
    )

    async def story(desk: Desk) -> None:
        answer = await desk.call("POST", "/channels", body, status=201)
        shown = await desk.call("GET", "/channels/one")
        assert {field: body[field] for field in body.keys() - {"keys", "provider"}} == {
            field: shown[field] for field in body.keys() - {"keys", "provider"}
        }
        assert ["env:ONE", "env:TWO"] == [key["hint"] for key in shown["keys"]]
        assert ["keys: env:TWO: TWO is not set"] == answer["warnings"]

    at_desk(tmp_path, story, {"ONE": "sk-1"})


def test_limits_are_set_one_by_one_and_shown_with_what_is_used(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", channel(rpm=60, budget="20/day"), status=201)
        assert (60, None, None, "20.00/day") == tuple(made[field] for field in LIMITS)
        edited = await desk.call("PATCH", "/channels/one", {"tpm": 1000, "concurrency": 4, "rpm": 0})
        assert (None, 1000, 4, "20.00/day") == tuple(edited[field] for field in LIMITS)
        assert [
            {"key": None, "model": None, "limit": "tokens", "used": 0, "of": 1000, "per": "minute"},
            {"key": None, "model": None, "limit": "concurrency", "used": 0, "of": 4, "per": None},
            {"key": None, "model": None, "limit": "budget", "used": 0.0, "of": 20.0, "per": "day"},
        ] == edited["used"]
        assert [] == (await desk.call("PATCH", "/channels/one", dict.fromkeys(LIMITS)))["used"]

    at_desk(tmp_path, story)


def test_an_edit_keeps_the_state_of_keys_that_stay(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        before = await desk.call("POST", "/channels", channel(keys=["sk-a", "sk-b"]), status=201)
        await desk.gateway.registry.channels.disable_key(before["id"], "k2", "refused")
        shown = await desk.call("PATCH", "/channels/one", {"keys": ["sk-c", "sk-b"]})
        assert [("k3", None), ("k2", "refused")] == [(key["id"], key["disabled"]) for key in shown["keys"]]

    at_desk(tmp_path, story)


def test_the_environments_key_is_used_at_its_providers_own_address_only(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        own = await desk.call("POST", "/channels", channel(base_url="", name="own"), status=201)
        other = await desk.call("POST", "/channels", channel(name="other"), status=201)
        assert (["env:OPENAI_API_KEY"], []) == tuple([key["hint"] for key in answer["keys"]] for answer in (own, other))

    at_desk(tmp_path, story, {"OPENAI_API_KEY": KEY})


def test_a_provider_without_a_key_says_which_variable_to_set(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert "GROQ_API_KEY" in await desk.refused("POST", "/channels", {"name": "g", "provider": "groq"})

    at_desk(tmp_path, story)


def test_plain_http_to_a_far_host_is_warned_of(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number, (base_url, warned) in enumerate(
            [
                ("http://far.example/v1", True),
                ("http://8.8.8.8/v1", True),
                ("http://127.0.0.1:1/v1", False),
                ("http://192.168.1.2/v1", False),
                ("http://ollama:11434/v1", False),
                ("https://far.example/v1", False),
            ]
        ):
            body = channel(name=f"c{number}", base_url=base_url)
            assert warned == bool((await desk.call("POST", "/channels", body, status=201))["warnings"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"provider": "nobody"}, "provider: "),
        ({"base_url": "file:///etc/passwd"}, "base_url: "),
        ({"keys": ["entra:t/c/s"]}, "keys: entra: is for channels of type azure"),
        ({"provider": "azure", "keys": ["entra:t/c"]}, "keys: entra: must be followed by TENANT/CLIENT/SECRET"),
        (
            {"provider": "azure", "keys": ["entra:http://far.example/t/c/s"]},
            "keys: entra: must be followed by TENANT/CLIENT/SECRET",
        ),
        ({"base_url": "https://u:p@x.example/v1"}, "base_url: "),
        ({"base_url": 5}, "base_url: must be a string"),
        ({"base_url": "https://x.example/v1?api-version=1"}, "base_url: must hold no user name, query or fragment"),
        ({"provider": "azure", "base_url": "https://x.example?api-version=1&a=b"}, "base_url: must hold no user name"),
        ({"provider": "azure", "base_url": "https://x.example#?api-version=1"}, "base_url: must hold no user name"),
        ({"provider": "azure", "base_url": "https://u:p@x.example?api-version=1"}, "base_url: must hold no user name"),
        ({"provider": "azure", "base_url": "https://[x?api-version=1"}, "base_url: is not a URL"),
        ({"weight": 0}, "weight: "),
        ({"keys": "sk-a"}, "keys: must be a list"),
        ({"keys": [""]}, "keys: "),
        ({"keys": ["env:not a name"]}, "keys: "),
        ({"models": ["a", "a"]}, "models: "),
        ({"models": ["a="]}, "models: "),
        ({"clocks": {"idle": 0}}, "clocks.idle: "),
        ({"clocks": {"idle": "x"}}, "clocks.idle: "),
        ({"clocks": 5}, "clocks: "),
        ({"rpm": -1}, "rpm: must be between 1 and "),
        ({"budget": "0/day"}, "budget: must be more than 0"),
        ({"budget": "20"}, "budget: must be USD/day"),
        ({"cost": "mine"}, "cost: must be one of auto, upstream, table"),
        ({"origin": "builtin"}, "unknown field origin"),
        ({"origin": None}, "unknown field origin"),
    ],
)
def test_a_refusal_names_the_field(tmp_path: Path, fields: dict[str, Any], says: str) -> None:
    async def story(desk: Desk) -> None:
        assert says in await desk.refused("POST", "/channels", channel(**fields))

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("provider", "environ", "says"),
    [
        ("new-api", {}, "base_url: each account of new-api or one-api has an address of its own: give it"),
        (
            "cloudflare",
            {"CLOUDFLARE_API_TOKEN": KEY},
            "base_url: each account of Cloudflare Workers AI has an address of its own: give it, or set "
            "CLOUDFLARE_ACCOUNT_ID",
        ),
    ],
)
def test_an_address_that_nobody_knows_is_asked_for(
    tmp_path: Path, provider: str, environ: Mapping[str, str], says: str
) -> None:
    async def story(desk: Desk) -> None:
        body = {"name": "one", "provider": provider, "keys": [KEY], "models": ["m"]}
        assert says == await desk.refused("POST", "/channels", body)

    at_desk(tmp_path, story, environ)


def test_a_version_in_an_address_is_azures_alone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        copied = "https://our.openai.azure.com/openai/deployments/our/chat/completions?api-version=2024-10-21"
        made = await desk.call("POST", "/channels", channel(provider="azure", base_url=copied, keys=[KEY]), status=201)
        assert "https://our.openai.azure.com/openai?api-version=2024-10-21" == made["base_url"]
        assert "base_url: " in await desk.refused("PATCH", "/channels/one", {"provider": "openai"})
        moved = await desk.call("PATCH", "/channels/one", {"base_url": "https://our.openai.azure.com/"})
        assert "https://our.openai.azure.com/openai/v1" == moved["base_url"]

    at_desk(tmp_path, story)


def test_an_account_that_the_environment_names_is_the_address_of_a_channel(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = {"name": "one", "provider": "cloudflare", "models": ["m"]}
        made = await desk.call("POST", "/channels", body, status=201)
        moved = await desk.call("PATCH", "/channels/one", {"base_url": "https://x.example/v1"})
        back = await desk.call("PATCH", "/channels/one", {"base_url": ""})
        url = "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/v1"
        assert [url, "https://x.example/v1", url] == [each["base_url"] for each in (made, moved, back)]

    at_desk(tmp_path, story, {"CLOUDFLARE_API_TOKEN": KEY, "CLOUDFLARE_ACCOUNT_ID": "0a1b"})


def test_a_test_makes_a_real_call_with_each_key(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(401, "Incorrect API key provided: sk-bad-567890123"))

    async def story(desk: Desk) -> None:
        body = channel(base_url=upstream.url, keys=["sk-bad-567890123", KEY])
        await desk.call("POST", "/channels", body, status=201)
        result = await desk.call("POST", "/channels/one/test", {})
        bad, good = result["keys"]
        assert (True, "m") == (result["ok"], result["model"])
        assert (False, 401, True, 200) == (bad["ok"], bad["status"], good["ok"], good["status"])
        assert "sk-bad" not in str(result)

    at_desk(tmp_path, story)


def test_a_key_that_rests_is_in_use_again_once_a_test_went_well(tmp_path: Path, upstream: Upstream) -> None:
    """Who had paid the bill saw that the channel works, and it stayed out for hours."""
    until = 4_000_000_000

    async def story(desk: Desk) -> None:
        added = await desk.call("POST", "/channels", channel(base_url=upstream.url, keys=["sk-1", "sk-2"]), status=201)
        registry = desk.gateway.registry.channels
        await registry.rest_key(added["id"], "k1", "the account is spent", until, 3)
        await registry.disable_key(added["id"], "k2", "refused")
        upstream.enqueue(error_answer(402, "Insufficient Balance"))
        await desk.call("POST", "/channels/one/test", {})
        assert ["the account is spent", "refused"] == [key.disabled for key in registry.get("one").keys]
        await desk.call("POST", "/channels/one/test", {})
        assert ["", "refused"] == [key.disabled for key in registry.get("one").keys]
        assert "ok" == (await desk.call("GET", "/channels/one"))["state"]

    at_desk(tmp_path, story)


ANSWERS: Mapping[str, tuple[Any, bytes]] = {
    "/embeddings": (json_answer(200, {"data": [{"index": 0, "embedding": [0.5]}], "model": "m"}), b'"input":"Hi"'),
    "/rerank": (json_answer(200, {"results": [{"index": 0, "relevance_score": 1}]}), b'"documents":["Hi"]'),
    "/moderations": (json_answer(200, {"id": "x", "results": [{"flagged": False}]}), b'"input":"Hi"'),
    "/images/generations": (json_answer(200, {"created": 1, "data": [{"b64_json": "AA=="}]}), b'"n":1'),
    "/audio/speech": (body_answer(200, b"ID3", "audio/mpeg"), b'"input":"Hi"'),
    "/audio/transcriptions": (json_answer(200, {"text": ""}), b"RIFF"),
    "/chat/completions": (chat_answer(), b'"content":"Hi"'),
}
"""What an upstream says that has one endpoint, and what it must have been asked for that."""


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("text-embedding-3-small", "/embeddings"),
        ("BAAI/bge-m3", "/embeddings"),
        ("bge-reranker-v2-m3", "/rerank"),
        ("omni-moderation-latest", "/moderations"),
        ("gpt-image-1", "/images/generations"),
        ("black-forest-labs/FLUX.1-schnell", "/images/generations"),
        ("gpt-4o-mini-tts", "/audio/speech"),
        ("tts-1", "/audio/speech"),
        ("whisper-1", "/audio/transcriptions"),
        ("gpt-4o-transcribe", "/audio/transcriptions"),
        ("gpt-5", "/chat/completions"),
        ("google/gemini-2.5-flash-image", "/chat/completions"),
    ],
)
def test_a_test_asks_a_model_what_it_can_answer(tmp_path: Path, model: str, path: str) -> None:
    """A channel of embeddings failed every test, as it was asked to chat."""
    answer, wanted = ANSWERS[path]

    def only_that(request: Request) -> Any:
        if request.path.endswith(path):
            return answer
        return error_answer(404, "no such endpoint")

    async def story(desk: Desk) -> None:
        with Upstream(only_that) as upstream:
            body = channel(base_url=upstream.url, keys=[KEY], models=[f"m={model}"])
            await desk.call("POST", "/channels", body, status=201)
            (result,) = (await desk.call("POST", "/channels/one/test"))["keys"]
            assert (True, None) == (result["ok"], result["error"])
            assert wanted in upstream.chats[-1].body

    at_desk(tmp_path, story)


@pytest.mark.parametrize("model", ["tts-1", "text-embedding-3-small"])
def test_a_test_knows_an_answer_that_is_none(tmp_path: Path, model: str) -> None:
    async def story(desk: Desk) -> None:
        with Upstream(body_answer(200, b"<html>", "text/html")) as upstream:
            body = channel(base_url=upstream.url, keys=[KEY], models=[f"m={model}"])
            await desk.call("POST", "/channels", body, status=201)
            (result,) = (await desk.call("POST", "/channels/one/test"))["keys"]
            assert (False, 200) == (result["ok"], result["status"])

    at_desk(tmp_path, story)


def test_a_test_of_a_dead_upstream_says_so(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        with refused() as url:
            await desk.call("POST", "/channels", channel(base_url=url, keys=[KEY]), status=201)
            (result,) = (await desk.call("POST", "/channels/one/test"))["keys"]
        assert (False, 0) == (result["ok"], result["status"])
        assert "connect" in result["error"]

    at_desk(tmp_path, story)


def test_a_demo_channel_needs_nothing_but_its_type(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        answer = await desk.call("POST", "/channels", {"name": "d", "type": "demo"}, status=201)
        result = await desk.call("POST", "/channels/d/test")
        assert (["demo"], True) == (answer["models"], result["ok"])

    at_desk(tmp_path, story)


def test_aliases_are_set_listed_and_deleted(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(), status=201)
        await desk.call("POST", "/aliases", {"alias": "my/fast", "model": "m"})
        await desk.call("POST", "/aliases", {"alias": "later", "model": "nowhere"})
        assert [
            {"alias": "later", "model": "nowhere", "leads_to": None},
            {"alias": "my/fast", "model": "m", "leads_to": "m"},
        ] == (await desk.call("GET", "/aliases"))["aliases"]
        await desk.call("DELETE", "/aliases/my/fast")
        await desk.refused("DELETE", "/aliases/my/fast", status=404)
        assert "model: is missing" == await desk.refused("POST", "/aliases", {"alias": "a"})

    at_desk(tmp_path, story)


def test_prices_are_exact_and_go_back_to_the_default(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(models=["gpt-4o-mini"]), status=201)
        (before,) = (await desk.call("GET", "/prices?model=gpt-4o-mini"))["prices"]
        await desk.call("POST", "/prices", {"model": "gpt-4o-mini", "input": "0.1", "output": 0.3, "cache_read": 0})
        (after,) = (await desk.call("GET", "/prices"))["prices"]
        await desk.call("DELETE", "/prices/gpt-4o-mini")
        assert (0.15, 0.6) == (before["input"], before["output"])
        assert (0.1, 0.3, 0, None) == tuple(after[kind] for kind in ("input", "output", "cache_read", "cache_write"))
        assert [before] == (await desk.call("GET", "/prices"))["prices"]
        await desk.refused("GET", "/prices?model=nobody", status=404)

    at_desk(tmp_path, story)


def test_a_price_of_sound_is_kept_beside_that_of_text(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        rates = {"input": "2.5", "output": "10", "audio_input": "32", "video_cache_read": 0}
        await desk.call("POST", "/prices", {"model": "m", **rates})
        (shown,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        expected = {"input": 2.5, "audio_input": 32, "audio_output": None, "video_cache_read": 0}
        assert expected == {kind: shown[kind] for kind in expected}
        await desk.refused("POST", "/prices", {"model": "m", "audio_input": "32"})

    at_desk(tmp_path, story)


def test_usage_refuses_what_it_cannot_group_by(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert [] == await desk.call("GET", "/usage?by=day&since=30d")
        assert "by: " in await desk.refused("GET", "/usage?by=colour")
        assert "since: " in await desk.refused("GET", "/usage?since=yesterday")

    at_desk(tmp_path, story)


def test_the_status_of_a_gateway_at_rest_is_all_zero(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        status = await desk.call("GET", "/status")
        quiet = ("in_flight", "open_holds", "held_nano", "upstream_connections")
        assert [0, 0, 0, 0] == [status[figure] for figure in quiet]
        assert status["draining"] is False

    at_desk(tmp_path, story)


def test_a_base_url_that_names_an_endpoint_is_warned_of(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = channel(name="c", base_url="http://127.0.0.1:1/v1/chat/completions")
        warnings = (await desk.call("POST", "/channels", body, status=201))["warnings"]
        assert ["base_url: leave out /chat/completions; the gateway appends it"] == warnings

    at_desk(tmp_path, story)


def test_a_tier_of_service_has_a_price_beside_that_of_its_model(tmp_path: Path) -> None:
    flex = {"model": "m", "tier": "flex", "input": "1", "output": "2"}

    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(provider="siliconflow", keys=["sk-a"]), status=201)
        refused = await desk.refused("POST", "/prices", flex)
        await desk.call("POST", "/prices", {"model": "m", "input": "2", "output": "4"})
        await desk.call("POST", "/prices", flex)
        (shown,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        await desk.call("POST", "/prices", {"model": "m", "input": "3", "output": "6"})
        (dearer,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        await desk.call("DELETE", "/prices/m?tier=flex")
        (without,) = (await desk.call("GET", "/prices?model=m"))["prices"]
        services = [("flex", 1, 2)]
        assert "tier: set the price of the model itself first" == refused
        assert [services, services, []] == [
            [(service["tier"], service["input"], service["output"]) for service in price["services"]]
            for price in (shown, dearer, without)
        ]
        assert [2, 3, 3] == [price["input"] for price in (shown, dearer, without)]
        await desk.refused("DELETE", "/prices/m?tier=flex", status=404)
        assert "tier: must be small letters" in await desk.refused("POST", "/prices", {**flex, "tier": "a b"})

    at_desk(tmp_path, story)
