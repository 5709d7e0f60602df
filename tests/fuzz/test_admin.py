"""What operators send: bodies, paths and queries of the admin API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import strategies as st

from tests.fuzz.house import House, open_house
from tests.fuzz.mutations import ODD, Mutations
from tests.fuzz.timed import fuzz

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/tokens"): {
        "name": "NAME",
        "quota": "1.50",
        "budget": "5/day",
        "models": ["a"],
        "expires": "30d",
        "rpm": 1,
        "tpm": 1,
        "concurrency": 1,
        "allow_ips": ["10.0.0.0/8", "::1"],
        "group": "g",
        "enabled": True,
    },
    ("PATCH", "/tokens/fuzzed"): {"name": "NAME", "quota": None, "expires": "2999-01-01", "allow_ip": ["::/0"]},
    ("POST", "/channels"): {
        "name": "NAME",
        "type": "lmstudio",
        "base_url": "demo://fuzz/v1",
        "keys": ["sk-1", "env:KEY"],
        "models": ["a=b", "c"],
        "priority": 1,
        "weight": 1,
        "group": "g",
        "clocks": {"connect": 1, "first_byte": 1.5, "idle": 1, "total": 1},
    },
    ("PATCH", "/channels/fuzzed"): {"name": "NAME", "provider": "vllm", "keys": [], "models": ["a"], "weight": 0},
    ("POST", "/channels/offers"): {"name": "NAME", "type": "lmstudio", "base_url": "demo://fuzz/v1"},
    ("POST", "/channels/openai/test"): {"model": "openai"},
    ("POST", "/aliases"): {"alias": "NAME", "model": "openai"},
    ("POST", "/prices"): {
        "model": "openai",
        "input": "1",
        "output": 2.5,
        "cache_read": 0,
        "image": "0.04",
        "tiers": [{"above": 9, "input": 1, "output": 2}],
        "hours": [
            {"at": "16:30-00:30", "weekdays": True, "input": 1, "output": 2, "tiers": [{"above": 9, "image": 1}]}
        ],
    },
    ("POST", "/prices/"): {"model": "openai", "above": 5, "at": "01:00-02:00", "tier": "flex", "input": 1, "output": 2},
    ("PUT", "/strategies"): {"strategy": "cheapest", "model": "openai"},
    ("PATCH", "/settings"): {"rpm": 0, "completion_hold": 100, "strict": False, "usage_grace": 1.5},
}
"""By method and path below the API's own."""
PAGES = (
    *("/tokens", "/channels", "/aliases", "/prices", "/usage", "/records", "/statistics", "/overview", "/models"),
    *("/route", "/strategies", "/settings", "/flights", "/sessions", "/status"),
)
FIELDS = (
    *("model", "token", "channel", "from", "to", "first", "last", "span", "by", "zone", "limit", "before", "after"),
    *("cursor", "outcome", "status", "since", "until", "request_id", "q", "page", "surface"),
)
MUTATIONS = Mutations(*BODIES.values())
POSTS = st.sampled_from([*BODIES]).flatmap(lambda place: st.tuples(st.just(place), MUTATIONS.of(BODIES[place])))
TEXTS = st.sampled_from([str(value) for value in ODD] + ["openai", "fuzz", "7d", "2026-01-01T00:00:00Z", "Europe/Rome"])
QUERY = st.lists(st.tuples(st.sampled_from(FIELDS), TEXTS | st.text(max_size=8)), max_size=4)
REFS = st.sampled_from(["", "/openai", "/fuzz", "/%00", "/%ff", "/..", "/a/b", "/" + "x" * 200, "/%F0%9F%92%A5"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        opened.admin("POST", "/tokens", b'{"name":"fuzzed"}')
        opened.admin("POST", "/channels", b'{"name":"fuzzed","type":"lmstudio","models":["x"]}')
        yield opened


def test_no_body_is_a_fault_of_ours(house: House) -> None:
    """An unknown field that is null was a 500."""
    number = 0

    def check(given: tuple[tuple[str, str], Any]) -> None:
        nonlocal number
        (method, path), document = given
        number += 1
        if isinstance(document, dict) and document.get("name") == "NAME":
            document = {**document, "name": f"n{number}"} if method == "POST" else {**document, "name": "fuzzed"}
        house.admin(method, path, json.dumps(document).encode())

    fuzz(POSTS, check)


def test_no_query_is_a_fault_of_ours(house: House) -> None:
    def check(given: tuple[str, str, list[tuple[str, str]]]) -> None:
        page, ref, fields = given
        query = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in fields)
        house.admin("GET", page + ref, query=query)

    fuzz(st.tuples(st.sampled_from(PAGES), REFS, QUERY), check)


def test_bytes_that_are_no_json_are_refused(house: House) -> None:
    def check(given: tuple[tuple[str, str], bytes]) -> None:
        (method, path), body = given
        assert house.admin(method, path, body).status in (400, 404, 409, 413) or not body.strip()

    places = st.sampled_from([*BODIES])
    fuzz(st.tuples(places, st.binary(max_size=30).filter(lambda body: not body.strip().startswith(b"{"))), check)
