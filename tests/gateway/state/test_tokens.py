"""Tokens: what an operator changes is checked, lasting and seen at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.token import Token, digest_of
from aihub_lite.errors import ClientFault, Conflict, InvalidRequest
from aihub_lite.gateway.state.registry import Registry
from tests.gateway.state.registries import opened, run


def test_a_key_opens_its_token_until_it_is_rotated(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        _, old = await registry.tokens.create("alice")
        assert "alice" == registry.tokens.by_digest[digest_of(old)].name
        _, new = await registry.tokens.rotate("alice")
        assert {digest_of(new)} == set(registry.tokens.by_digest)

    run(tmp_path, story)


def test_a_token_without_a_name_of_its_own_is_refused(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.tokens.create("alice")
        with pytest.raises(Conflict):
            await registry.tokens.create("Alice")
        assert ["alice"] == [token.name for token in registry.tokens.all]

    run(tmp_path, story)


@pytest.mark.parametrize(
    "name", ["", " a", "a\n", "a\x1b[0m", "x" * 65, "a/b", "tok_1", "../x", "ｆｕｌｌ", "a\u202eb"]
)
def test_a_name_that_a_table_or_path_could_not_show_is_refused(tmp_path: Path, name: str) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(InvalidRequest, match="name:"):
            await registry.tokens.create(name)

    run(tmp_path, story)


@pytest.mark.attack("T-46")
def test_two_edits_at_once_lose_neither(tmp_path: Path) -> None:
    async def story(registry: Registry) -> None:
        await registry.tokens.create("alice")
        await asyncio.gather(
            registry.tokens.edit("alice", lambda token: attrs.evolve(token, rpm=1)),
            registry.tokens.edit("alice", lambda token: attrs.evolve(token, tpm=2)),
        )
        token = registry.tokens.get("alice")
        assert (1, 2) == (token.rpm, token.tpm)

    run(tmp_path, story)


def test_a_change_whose_caller_is_cancelled_is_in_memory_as_in_storage(tmp_path: Path) -> None:
    async def story() -> tuple[list[Token], list[Token]]:
        async with opened(tmp_path) as registry:
            await registry.tokens.create("alice")
            edit = asyncio.create_task(registry.tokens.edit("alice", lambda token: attrs.evolve(token, rpm=7)))
            await asyncio.sleep(0)
            edit.cancel()
            await registry.tokens.create("bob")  # takes its turn after the edit
            memory = registry.tokens.all
        async with opened(tmp_path) as registry:
            return memory, registry.tokens.all

    memory, stored = asyncio.run(story())
    assert (7, memory) == (memory[0].rpm, stored)


def test_listeners_know_every_token_that_a_request_can_see(tmp_path: Path) -> None:
    heard: list[tuple[str | None, str | None, int]] = []

    async def story(registry: Registry) -> None:
        async def listen(before: Token | None, after: Token | None) -> None:
            known = len(registry.tokens.by_digest)
            heard.append((before.name if before else None, after.name if after else None, known))

        registry.tokens.on_change.append(listen)
        await registry.tokens.create("alice")
        await registry.tokens.edit("alice", lambda token: attrs.evolve(token, name="bob"))
        await registry.tokens.delete("bob")

    run(tmp_path, story)
    assert [(None, "alice", 0), ("alice", "bob", 1), ("bob", None, 0)] == heard


@pytest.mark.parametrize(
    "change",
    [{"rpm": -1}, {"concurrency": 0}, {"allow_ips": ("300.1.1.1",)}, {"models": ("a b",)}, {"group": ""}],
)
def test_a_limit_that_means_nothing_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    async def story(registry: Registry) -> None:
        with pytest.raises(ClientFault):
            await registry.tokens.create("alice", lambda token: attrs.evolve(token, **change))

    run(tmp_path, story)
