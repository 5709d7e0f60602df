"""Channels, aliases, prices, usage and status over the admin API, beside a scripted upstream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import error_answer, models_list
from tests.support.scripted import Upstream, refused
from tests.web.admin.desk import Desk, at_desk

KEY = "sk-upstream-0123456789"


def channel(**fields: Any) -> dict[str, Any]:
    return {"name": "one", "provider": "openai", "base_url": "https://x.example/v1", "models": ["m"], **fields}


def test_a_channel_without_models_offers_what_its_upstream_lists(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(models_list("b", "a"))

    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", channel(base_url=upstream.url, keys=[KEY], models=[]), status=201)
        assert (["b", "a"], True) == (made["models"], made["discovered"])

    at_desk(tmp_path, story)


def test_a_channel_whose_upstream_lists_nothing_is_refused_and_not_made(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(401, f"Incorrect API key provided: {KEY}"))

    async def story(desk: Desk) -> None:
        body = channel(base_url=upstream.url, keys=[KEY], models=[])
        said = await desk.refused("POST", "/channels", body, status=502)
        assert (True, False) == ("refused the key" in said, KEY in said)
        assert [] == await desk.call("GET", "/channels")

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
    given = channel(
        keys=["env:ONE", "env:TWO"],
        models=["a", "b=upstream-b"],
        priority=5,
        weight=3,
        group="team",
        clocks={"connect": 1, "first_byte": 2.5, "idle": None, "total": 60},
    )

    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", given, status=201)
        shown = await desk.call("GET", "/channels/one")
        assert {field: given[field] for field in given.keys() - {"keys", "provider"}} == {
            field: shown[field] for field in given.keys() - {"keys", "provider"}
        }
        assert ["env:ONE", "env:TWO"] == [key["hint"] for key in shown["keys"]]
        assert ["keys: env:TWO: TWO is not set"] == made["warnings"]

    at_desk(tmp_path, story, {"ONE": "sk-1"})


def test_an_edit_keeps_the_state_of_keys_that_stay(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", channel(keys=["sk-a", "sk-b"]), status=201)
        await desk.gateway.registry.disable_key(made["id"], "k2", "refused")
        shown = await desk.call("PATCH", "/channels/one", {"keys": ["sk-c", "sk-b"]})
        assert [("k3", None), ("k2", "refused")] == [(key["id"], key["disabled"]) for key in shown["keys"]]

    at_desk(tmp_path, story)


def test_the_environments_key_is_used_at_its_providers_own_address_only(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        own = await desk.call("POST", "/channels", channel(base_url="", name="own"), status=201)
        other = await desk.call("POST", "/channels", channel(name="other"), status=201)
        assert (["env:OPENAI_API_KEY"], []) == tuple([key["hint"] for key in made["keys"]] for made in (own, other))

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
        ({"base_url": "https://u:p@x.example/v1"}, "base_url: "),
        ({"base_url": 5}, "base_url: must be a string"),
        ({"weight": 0}, "weight: "),
        ({"keys": "sk-a"}, "keys: must be a list"),
        ({"keys": [""]}, "keys: "),
        ({"keys": ["env:not a name"]}, "keys: "),
        ({"models": ["a", "a"]}, "models: "),
        ({"models": ["a="]}, "models: "),
        ({"clocks": {"idle": 0}}, "clocks.idle: "),
        ({"clocks": {"idle": "x"}}, "clocks.idle: "),
        ({"clocks": 5}, "clocks: "),
        ({"origin": "builtin"}, "unknown field origin"),
    ],
)
def test_a_refusal_names_the_field(tmp_path: Path, fields: dict[str, Any], says: str) -> None:
    async def story(desk: Desk) -> None:
        assert says in await desk.refused("POST", "/channels", channel(**fields))

    at_desk(tmp_path, story)


def test_a_test_makes_a_real_call_with_each_key(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(401, "Incorrect API key provided: sk-bad-567890123"))

    async def story(desk: Desk) -> None:
        body = channel(base_url=upstream.url, keys=["sk-bad-567890123", KEY])
        await desk.call("POST", "/channels", body, status=201)
        found = await desk.call("POST", "/channels/one/test", {})
        bad, good = found["keys"]
        assert (True, "m") == (found["ok"], found["model"])
        assert (False, 401, True, 200) == (bad["ok"], bad["status"], good["ok"], good["status"])
        assert "sk-bad" not in str(found)

    at_desk(tmp_path, story)


def test_a_test_of_a_dead_upstream_says_so(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        with refused() as url:
            await desk.call("POST", "/channels", channel(base_url=url, keys=[KEY]), status=201)
            (found,) = (await desk.call("POST", "/channels/one/test"))["keys"]
        assert (False, 0) == (found["ok"], found["status"])
        assert "connect" in found["error"]

    at_desk(tmp_path, story)


def test_the_demo_type_needs_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/channels", {"name": "d", "type": "demo"}, status=201)
        found = await desk.call("POST", "/channels/d/test")
        assert (["demo"], True) == (made["models"], found["ok"])

    at_desk(tmp_path, story)


def test_aliases_are_set_listed_and_deleted(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(), status=201)
        await desk.call("POST", "/aliases", {"alias": "my/fast", "model": "m"})
        await desk.call("POST", "/aliases", {"alias": "later", "model": "nowhere"})
        assert [
            {"alias": "later", "model": "nowhere", "leads_to": None},
            {"alias": "my/fast", "model": "m", "leads_to": "m"},
        ] == await desk.call("GET", "/aliases")
        await desk.call("DELETE", "/aliases/my/fast")
        await desk.refused("DELETE", "/aliases/my/fast", status=404)
        assert "model: is missing" == await desk.refused("POST", "/aliases", {"alias": "a"})

    at_desk(tmp_path, story)


def test_prices_are_exact_and_go_back_to_the_default(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", channel(models=["gpt-4o-mini"]), status=201)
        (before,) = await desk.call("GET", "/prices?model=gpt-4o-mini")
        await desk.call("POST", "/prices", {"model": "gpt-4o-mini", "input": "0.1", "output": 0.3, "cache_read": 0})
        (after,) = await desk.call("GET", "/prices")
        await desk.call("DELETE", "/prices/gpt-4o-mini")
        assert ("0.15", "0.60") == (before["input"], before["output"])
        assert ("0.10", "0.30", "0.00", None) == tuple(
            after[kind] for kind in ("input", "output", "cache_read", "cache_write")
        )
        assert [before] == await desk.call("GET", "/prices")
        await desk.refused("GET", "/prices?model=nobody", status=404)

    at_desk(tmp_path, story)


def test_a_price_of_sound_is_kept_as_one_of_text(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        given = {"input": "2.5", "output": "10", "audio_input": "32", "video_cache_read": 0}
        await desk.call("POST", "/prices", {"model": "m", **given})
        (shown,) = await desk.call("GET", "/prices?model=m")
        expected = {"input": "2.50", "audio_input": "32.00", "audio_output": None, "video_cache_read": "0.00"}
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
        found = await desk.call("GET", "/status")
        quiet = ("in_flight", "open_holds", "held_nano", "upstream_connections")
        assert [0, 0, 0, 0] == [found[figure] for figure in quiet]
        assert found["draining"] is False

    at_desk(tmp_path, story)


def test_a_base_url_that_names_an_endpoint_is_warned_of(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = channel(name="c", base_url="http://127.0.0.1:1/v1/chat/completions")
        warnings = (await desk.call("POST", "/channels", body, status=201))["warnings"]
        assert ["base_url: leave out /chat/completions; the gateway appends it"] == warnings

    at_desk(tmp_path, story)
