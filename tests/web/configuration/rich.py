"""A gateway that has some of everything, made by hand: each thing by its own route of the admin API."""

from __future__ import annotations

from tests.web.admin.desk import Desk

ENVIRON = {"K1": "sk-first", "K2": "sk-second", "WAY": "http://127.0.0.1:9"}
NOBODY = "http://127.0.0.1:9/v1"
TYPED = "sk-typed-in-by-hand-7Qx4"
PASSWORD = "s3cret-of-the-proxy"
HOOK = "a-path-that-opens-the-hook"
HOOK_SECRET = "whsec_that-was-typed-in-too"


async def make_rich(desk: Desk, *, typed: bool = False) -> None:
    """Secrets stand in variables, but with `typed` for some that were typed in."""
    await desk.call("PATCH", "/settings", {"rpm": 90, "queue_timeout": 5.5, "docs": "off"})
    await desk.call("POST", "/teams", {"name": "research"}, status=201)
    await desk.call("POST", "/teams", {"name": "Zürich office"}, status=201)
    await _people(desk)
    await _channels(desk, typed=typed)
    await _models(desk)
    await _tokens(desk)
    await _alerts(desk, typed=typed)
    for who, budgets in (
        ("gateway", ["100/month", "tag:ci=5/day"]),
        ("team:research", ["20/30d", "gpt-*=1/hour"]),
        ("person:Bob", ["2/week"]),
    ):
        await desk.call("PATCH", f"/pots/{who}", {"budgets": budgets})


async def _people(desk: Desk) -> None:
    ada = {"name": "Ada", "role": "owner", "email": "ada@example.org", "team": "research"}
    bob = {"name": "Bob", "most_tokens": 0, "token_group": "cheap", "token_models": ["gpt-*"], "token_rpm": 5}
    eve = {"name": "Eve", "role": "admin", "enabled": False}
    for person in (ada, bob, eve):
        await desk.call("POST", "/people", person, status=201)


async def _channels(desk: Desk, *, typed: bool) -> None:
    first = {
        "name": "main",
        "type": "openai",
        "base_url": NOBODY,
        "keys": ["env:K1", "env:K2"],
        "models": ["gpt-5", "mini=gpt-5-mini", "gpt-*=vendor/*"],
        "priority": 5,
        "weight": 3,
        "rpm": 100,
        "budget": "20/day",
        "clocks": {"connect": 2.5, "total": 600},
        "headers": ["x-team=env:K1"],
        "set_params": ["temperature=0.2", 'provider.order=["a","b"]'],
        "drop_params": ["user"],
        "system_prefix": 'Be kind.\nBe "brief".',
        "proxy": "env:WAY",
        "learn": "off",
        "cost": "table",
    }
    await desk.call("POST", "/channels", first, status=201)
    await desk.call("PATCH", "/channels/main/keys/k2", {"rpm": 7})
    await desk.call("POST", "/channels/main/keys/k2/disable")
    second = {"name": "spare", "type": "anthropic", "keys": ["env:K1"], "models": ["claude-sonnet-4-5"]}
    await desk.call("POST", "/channels", second, status=201)
    await desk.call("POST", "/channels/spare/disable")
    if typed:
        third = {
            "name": "typed",
            "type": "openai",
            "base_url": NOBODY,
            "keys": ["env:K1", TYPED],
            "models": ["gpt-5"],
            "headers": [f"x-secret={TYPED}"],
            "proxy": f"http://me:{PASSWORD}@127.0.0.1:9",
        }
        await desk.call("POST", "/channels", third, status=201)


async def _alerts(desk: Desk, *, typed: bool) -> None:
    ops = {"name": "ops", "url": "env:HOOK", "secret": "env:HOOK_SECRET", "events": ["channel"], "urgent": True}
    await desk.call("POST", "/alerts", {**ops, "quiet": "22:00-07:00@Europe/Berlin"}, status=201)
    await desk.call(
        "POST", "/alerts", {"name": "off", "url": "env:OTHER", "secret": "env:K1", "enabled": False}, status=201
    )
    if typed:
        mine = {"name": "typed", "url": f"https://127.0.0.1:9/{HOOK}", "secret": HOOK_SECRET}
        await desk.call("POST", "/alerts", mine, status=201)


async def _models(desk: Desk) -> None:
    await desk.call("POST", "/aliases", {"alias": "fast", "model": "mini"})
    await desk.call("POST", "/aliases", {"alias": "team/best", "model": "gpt-5"})
    steps = [
        {"model": "gpt-5", "over_tokens": 1000, "hours": "22:00-06:00@Europe/Berlin"},
        {"model": "mini", "tag": "ci", "below_budget": 20},
    ]
    await desk.call("POST", "/routes", {"name": "coding", "steps": steps, "patience": 4}, status=201)
    await desk.call("POST", "/routes", {"name": "plain", "steps": [{"model": "mini"}], "on": ["down"]}, status=201)
    await desk.call("PUT", "/strategies", {"strategy": "cheapest"})
    await desk.call("PUT", "/strategies", {"strategy": "sticky", "model": "gpt-5"})
    await desk.call("PUT", "/models/gpt-5", {"context_length": 128_000, "can": ["tools"], "cannot": ["image"]})
    price = {
        "model": "gpt-5",
        "input": "1.25",
        "output": "10",
        "cache_read": "0.125",
        "audio_input": "3",
        "web_search": "10",
        "tiers": [{"above": 200_000, "input": "2.5", "output": "20"}],
        "hours": [{"at": "16:30-00:30", "weekdays": True, "input": "1", "output": "2"}],
    }
    await desk.call("POST", "/prices", price)
    await desk.call("POST", "/prices", {"model": "gpt-5", "tier": "flex", "input": "0.6", "output": "5"})
    await desk.call("POST", "/prices", {"model": "painter", "image": "0.04"})


async def _tokens(desk: Desk) -> None:
    own = {
        "name": "ci",
        "quota": "12.345678901",
        "budget": "5/day",
        "budgets": ["1/5h", "tag:ci=0.5/hour"],
        "models": ["gpt-*", "mini"],
        "rpm": 0,
        "tpm": 100_000,
        "concurrency": 4,
        "allow_ips": ["10.0.0.0/8"],
        "group": "cheap",
        "enabled": False,
        "expires": "2099-01-31",
    }
    await desk.call("POST", "/tokens", own, status=201)
    await desk.call("POST", "/tokens", {"name": "ada laptop", "person": "Ada"}, status=201)
    await desk.call("POST", "/tokens", {"name": "shared", "team": "Zürich office"}, status=201)
