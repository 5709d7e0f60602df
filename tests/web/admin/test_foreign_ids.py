"""Names and ids of one kind of thing at the paths of another (T-62): not there, whatever is asked, and unharmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.journal import Journal
from tests.storage.facts import record
from tests.web.admin.desk import Desk, at_desk
from tests.web.admin.test_guard import routes_of

pytestmark = pytest.mark.attack("T-62")

PLACE = re.compile(r"\{\w+:\w+\}")
RECORD: UsageRecord = record("request-1")
LISTS = (
    "tokens",
    "channels",
    "aliases",
    "prices",
    "strategies",
    "routes",
    "sessions",
    "records",
    "requests",
    "flights",
    "people",
    "teams",
    "alerts",
)
CHAT = {"model": "demo", "messages": [{"role": "user", "content": "x"}]}


async def furnish(desk: Desk) -> dict[str, list[str]]:
    """One of each kind, with all that it is known by."""
    token = await desk.call("POST", "/tokens", {"name": "a-token"}, status=201)
    body = {"name": "a-channel", "provider": "lmstudio", "base_url": "http://127.0.0.1:9/v1", "models": ["a-model"]}
    channel = await desk.call("POST", "/channels", body, status=201)
    await desk.call("POST", "/aliases", {"alias": "an-alias", "model": "a-model"})
    await desk.call("POST", "/prices", {"model": "a-price", "input": "1", "output": "1"})
    await desk.call("PUT", "/strategies", {"model": "a-strategy", "strategy": "sticky"})
    await desk.call("POST", "/routes", {"name": "a-route", "steps": [{"model": "a-model"}]}, status=201)
    person = await desk.call("POST", "/people", {"name": "a-person"}, status=201)
    team = await desk.call("POST", "/teams", {"name": "a-team"}, status=201)
    await desk.call("POST", "/alerts", {"name": "an-alert", "url": "http://127.0.0.1:9/hook"}, status=201)
    await Journal(desk.gateway.database).settle(RECORD)
    same_origin = {"sec-fetch-site": "same-origin"}
    key = desk.http.headers["authorization"].removeprefix("Bearer ")
    await desk.http.post("/console/sign-in", data={"key": key}, headers=same_origin)
    (session,) = await desk.call("GET", "/sessions")
    return {
        "tokens": [token["id"], "a-token"],
        "channels": [channel["id"], "a-channel"],
        "aliases": ["an-alias"],
        "prices": ["a-price"],
        "strategies": ["a-strategy"],
        "routes": ["a-route"],
        "sessions": [session["id"]],
        "records": [RECORD.request_id],
        "requests": [RECORD.request_id],
        "models": ["a-model"],
        "flights": [],
        "people": [person["id"], "a-person"],
        "teams": [team["id"], "a-team"],
        "alerts": ["an-alert"],
        **{kind: [] for kind in ("invitations", "pots", "credits", "credit-requests", "views")},
        "nothing": ["nobody", "tok_0", "0", "%00", "'; DROP TABLE tokens --", "..%2ftokens"],
    }


OWN_KINDS = {
    "models": ("models", "aliases"),
    "records": ("records", "requests"),
    "requests": ("records", "requests"),
    "strategies": ("strategies", "models", "aliases"),
    "invitations": ("people",),
    "pots": ("people", "teams", "tokens"),
    "credits": ("people", "teams", "tokens"),
    "adopt": ("prices", "models", "aliases", "routes"),
}
"""Kinds whose names are good at the paths of another: an alias leads to its model, a route is called like one, a
request by the id of its record, and a pot is a person's, a team's or a token's."""


def foreign(things: dict[str, list[str]], path: str) -> Iterator[str]:
    """All that is not of the kind a path is about."""
    kind = path.split("/")[3]
    assert kind in things, f"a kind of thing that this test does not know: {kind}"
    if "/prices/adopt/" in path:  # of a model, by any of its names
        kind = "adopt"
    for other, names in things.items():
        if other not in OWN_KINDS.get(kind, (kind,)):
            yield from names


def test_nothing_is_found_or_changed_by_the_name_of_another_kind(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        things = await furnish(desk)
        before = [await desk.call("GET", f"/{kind}") for kind in LISTS]
        answered = []
        # A view may have any name that its maker gives it.
        routes = [route for route in await routes_of(desk) if route != ("PUT", "/api/admin/views/{name:str}")]
        paths = [(method, path) for method, path in routes if PLACE.search(path)]
        assert len(paths) > 15
        for method, path in paths:
            for name in foreign(things, path):
                body: Any = CHAT if path.endswith("completions") else {}
                asked = {"model": "a-model"}
                answer = await desk.http.request(method, PLACE.sub(name, path), json=body, params=asked)
                if answer.status_code != 404:
                    answered.append((method, path, name, answer.status_code, answer.text[:80]))
        assert [] == answered
        assert before == [await desk.call("GET", f"/{kind}") for kind in LISTS]

    at_desk(tmp_path, story)


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
def test_a_404_does_not_tell_whether_another_kind_has_the_name(tmp_path: Path, verb: str) -> None:
    """A refusal says the same of what another kind has and of what nobody has."""

    async def story(desk: Desk) -> None:
        await furnish(desk)
        texts = [await desk.refused(verb, f"/tokens/{name}", {}, status=404) for name in ("a-channel", "nobody___")]
        assert 1 == len({re.sub("'.*'", "", text) for text in texts})

    at_desk(tmp_path, story)
