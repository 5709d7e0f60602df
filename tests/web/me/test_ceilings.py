"""What an admin says of a person's own tokens holds of those that there are, at once, and gives back what it took."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.gateway.people.ceilings import bounds_of
from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import Member, member

MODELS = ("demo", "other")


async def serving(visitor: Visitor, group: str = "default") -> None:
    """A channel of the group with two models."""
    body = {"name": f"of {group}", "provider": "demo", "models": [*MODELS], "group": group}
    await visitor.call("POST", "/channels", body, status=201)


async def key_of(ada: Member, **fields: Any) -> str:
    """The key of a new token that somebody makes."""
    return str((await ada.ask("POST", "/tokens", {"name": "laptop", **fields}, status=201))["key"])


async def status(visitor: Visitor, key: str, model: str = "demo", *, stream: bool = False) -> int:
    """Of an answer to a request with a key."""
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    answer = await visitor.http.post(
        "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=60
    )
    return answer.status_code


async def allow(visitor: Visitor, **fields: Any) -> Any:
    """What the tokens may at most that Ada makes; the answer."""
    return await visitor.call("PATCH", "/people/Ada", fields)


@pytest.mark.parametrize("stream", [False, True])
def test_fewer_models_bind_a_token_that_there_is_and_more_are_given_back(tmp_path: Path, stream: bool) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        key = await key_of(await member(visitor, "Ada"))

        async def both() -> list[int]:
            return [await status(visitor, key, model, stream=stream) for model in MODELS]

        assert [200, 200] == await both()
        await allow(visitor, token_models=["demo"])
        assert [200, 403] == await both()
        listed = await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {key}"})
        assert ["demo"] == [model["id"] for model in listed.json()["data"]]
        await allow(visitor, token_models=[])
        assert [200, 200] == await both()

    at_console(tmp_path, story)


def test_a_token_has_of_its_models_only_those_that_its_person_has_too(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        key = await key_of(await member(visitor, "Ada"), models=["demo"])
        await allow(visitor, token_models=["o*"])
        assert [403, 403] == [await status(visitor, key, model) for model in MODELS]

    at_console(tmp_path, story)


def test_fewer_requests_per_minute_bind_a_token_that_there_is(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        key = await key_of(await member(visitor, "Ada"), rpm=10)
        await allow(visitor, token_rpm=2)
        answer = await visitor.http.get("/v1/key", headers={"authorization": f"Bearer {key}"})
        assert 2 == answer.json()["limits"]["rpm"]
        assert [200, 429] == [await status(visitor, key) for _ in range(2)]
        await allow(visitor, token_rpm=None)
        visitor.clock.ahead += 60
        assert [200, 200, 200] == [await status(visitor, key) for _ in range(3)]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("own", "ceiling", "default", "holds"),
    [(None, 60, 0, 60), (None, 60, 20, 20), (0, 60, 20, 60), (9, 60, 0, 9), (90, 60, 0, 60), (90, None, 0, 90)],
)
def test_of_a_tokens_requests_per_minute_and_its_persons_the_smaller_holds(
    tmp_path: Path, own: int | None, ceiling: int | None, default: int, holds: int
) -> None:
    """A ceiling above the gateway's own setting raises nobody's."""

    async def story(visitor: Visitor) -> None:
        await key_of(await member(visitor, "Ada"))
        await visitor.call("PATCH", "/tokens/Ada: laptop", {"rpm": own})
        await allow(visitor, token_rpm=ceiling)
        assert holds == visitor.gateway.registry.tokens.get("Ada: laptop").rpm_in_force(default)

    at_console(tmp_path, story)


def test_another_group_is_that_of_the_tokens_that_there_are(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor, "staff")
        key = await key_of(await member(visitor, "Ada", token_group="staff"))
        assert 200 == await status(visitor, key)
        await allow(visitor, token_group="guests")
        assert 503 == await status(visitor, key)
        explained = await visitor.call("GET", "/route?model=demo&token=Ada: laptop")
        assert "guests" == explained["group"]
        await allow(visitor, token_group="staff")
        assert 200 == await status(visitor, key)

    at_console(tmp_path, story)


def test_a_ceiling_binds_after_a_restart_too(tmp_path: Path) -> None:
    keys = []

    async def before(visitor: Visitor) -> None:
        keys.append(await key_of(await member(visitor, "Ada"), rpm=10))
        await allow(visitor, token_models=["demo"], token_rpm=4, token_group="staff")

    async def after(visitor: Visitor) -> None:
        await serving(visitor, "staff")
        assert [200, 403] == [await status(visitor, keys[0], model) for model in MODELS]
        shown = await visitor.call("GET", "/tokens/Ada: laptop")
        assert {"group": "staff", "models": ["demo"], "rpm": 4} == shown["bound"]

    at_console(tmp_path, before)
    at_console(tmp_path, after)


def test_nothing_that_is_stored_of_a_token_changes_with_its_persons_ceiling(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await key_of(await member(visitor, "Ada"), rpm=10, models=["demo", "other"])
        tokens = visitor.gateway.registry.tokens
        (before, _), *_ = await tokens.store.load()
        await allow(visitor, token_models=["demo"], token_rpm=4, token_group="staff")
        (after, _), *_ = await tokens.store.load()
        assert before == attrs.evolve(after, ceiling=before.ceiling)
        # It is what every request meets, too.
        assert tokens.get("Ada: laptop") == after

    at_console(tmp_path, story)


def test_a_token_that_an_admin_made_for_somebody_keeps_what_the_admin_gave_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        await member(visitor, "Ada", token_models=("gpt-*",), token_rpm=1, token_group="staff")
        made = await visitor.call("POST", "/tokens", {"name": "robot", "person": "Ada"}, status=201)
        assert ({}, False) == (made["bound"], made["self_made"])
        assert [200, 200] == [await status(visitor, made["key"]) for _ in range(2)]

    at_console(tmp_path, story)


def test_a_token_that_an_admin_gives_to_somebody_else_is_bound_no_more(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await key_of(await member(visitor, "Ada"))
        await member(visitor, "Bob")
        await allow(visitor, token_models=["demo"])
        kept = await visitor.call("PATCH", "/tokens/Ada: laptop", {"person": "Ada"})
        given = await visitor.call("PATCH", "/tokens/Ada: laptop", {"person": "Bob"})
        assert [True, False] == [kept["self_made"], given["self_made"]]
        assert [{"models": ["demo"]}, {}] == [kept["bound"], given["bound"]]

    at_console(tmp_path, story)


def test_whoever_gives_a_bound_token_more_is_told_what_holds(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        await key_of(await member(visitor, "Ada", token_rpm=60))
        answer = await visitor.call("PATCH", "/tokens/Ada: laptop", {"rpm": 100, "group": "vip", "models": ["x"]})
        (said,) = answer["warnings"]
        assert "Ada may give their own tokens no more than: group default, not vip; " in said
        assert said.endswith("at most 60 requests per minute")
        assert {"group": "default", "rpm": 60} == answer["bound"]

    at_console(tmp_path, story)


def test_pages_say_what_holds_of_a_token_and_why(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        ada = await member(visitor, "Ada")
        await key_of(ada, rpm=100)
        token = visitor.gateway.registry.tokens.get("Ada: laptop")
        await allow(visitor, token_models=["demo"], token_rpm=60, token_group="staff")
        await visitor.sign_in()
        pages = [await visitor.page(f"/console/tokens/{token.id}"), await ada.page(f"/console/me/tokens/{token.id}")]
        for text in pages:
            assert "group staff, not default; no model but demo; at most 60 requests per minute" in text
        assert "limited by its person" in await visitor.page("/console/tokens")

    at_console(tmp_path, story)


def test_more_tokens_than_somebody_may_have_go_on_working_and_no_other_is_made(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await serving(visitor)
        ada = await member(visitor, "Ada")
        keys = [(await ada.ask("POST", "/tokens", {"name": name}, status=201))["key"] for name in "abc"]
        answer = await allow(visitor, most_tokens=1)
        assert ["Ada has 3 tokens: those go on working, and they make no more"] == answer["warnings"]
        assert [200, 200, 200] == [await status(visitor, key) for key in keys]
        why = "You may have 1 tokens, and have 3: those go on working. To make another, delete 3,"
        assert why in (await ada.ask("POST", "/tokens", {"name": "d"}, status=409))["error"]["message"]
        assert "and have 3: those go on working" in await ada.page("/console/me/tokens")
        await visitor.sign_in()
        assert "Ada has 3 tokens and may have 1" in await visitor.page(f"/console/people/{ada.person.id}")
        assert [] == (await allow(visitor, most_tokens=3))["warnings"]

    at_console(tmp_path, story)


def test_a_token_that_asks_for_no_more_than_it_may_is_bound_by_nothing(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await key_of(await member(visitor, "Ada", token_models=("gpt-*",), token_rpm=60), models=["gpt-5"], rpm=9)
        token = visitor.gateway.registry.tokens.get("Ada: laptop")
        assert token.ceiling is not None
        assert not bounds_of(token, 0).any

    at_console(tmp_path, story)
