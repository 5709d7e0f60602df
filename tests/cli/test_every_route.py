"""Whatever the admin API can change, some command changes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from aihub_lite.cli.base import in_process
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.app import create_app
from aihub_lite.web.gate import Gate
from aihub_lite.web.trail import CHANGE_NOTHING
from tests.cli.terminal import Terminal
from tests.moving.smallest import smallest_one_api
from tests.support.upstream.answers import models_list
from tests.support.upstream.scripted import Upstream
from tests.web.admin.desk import Desk, at_desk
from tests.web.admin.test_guard import all_routes_of, routes_of

READS = ("GET", "HEAD")
EXAMPLE = Path(__file__).parents[2] / "examples" / "gateway.toml"
COMMANDS = (
    "token create bob",
    "token set bob --rpm 5",
    "team create lab",
    "team set lab --name research",
    "person create Ada",
    "person set Ada --role admin",
    "team add research Ada",
    "team remove research Ada",
    "invite Ada",
    "invitation end Ada",
    "token set bob --person Ada",
    "token set bob --gateway",
    "person pause Ada",
    "person resume Ada",
    "person disable Ada",
    "person enable Ada",
    "person delete Ada",
    "team delete research",
    "alert add ops https://127.0.0.1:9/hook",
    "alert set ops --events disk --quiet 22:00-07:00",
    "alert disable ops",
    "alert enable ops",
    "alert delete ops",
    "token disable bob",
    "token enable bob",
    "token chat bob demo hello",
    "token pause bob",
    "token resume bob",
    "token rotate bob",
    "token create amy",
    "token disable amy bob",
    "token delete bob",
    "channel add one --type openai --base-url URL --models m --key env:A",
    "channel set one --weight 2",
    "channel offers --type openai --base-url URL --key env:A",
    "channel key add one env:B",
    "channel key set one env:B --rpm 5",
    "channel key disable one env:B",
    "channel key enable one env:B",
    "channel key remove one env:B",
    "channel disable one",
    "channel enable one",
    "channel set one --models ",
    "channel refresh one",
    "channel test demo",
    "channel enable one demo",
    "channel delete one",
    "alias set fast demo",
    "alias delete fast",
    "price set demo --input 1 --output 2",
    "price adopt demo",
    "price delete demo",
    "route set demo cheapest",
    "route set fastest",
    "route delete demo",
    "route delete --all",
    "model set demo --context 8k --cannot image",
    "model unset demo",
    "route create coding --try demo",
    "route set coding --on down",
    "route explain coding",
    "route delete coding",
    "budget set gateway 5/day",
    "settings set rpm 5",
    "apply FILE",
    "export --seal --passphrase env:A",
    "view save months span=30d&by=person,model",
    "view delete months",
    "backup",
    "session end --all",
    "admin reset-key",
    "import one-api DATABASE --dry-run",
    "import one-api DATABASE",
)
"""Each must succeed, after the ones before it."""
REFUSED = (
    "alert test ops",
    "session end 0123456789abcdef",
    "request stop req-1",
    "settings test-mail ada@example.org",
    "credit add nobody 5",
    "credit give 1",
    "credit refuse 1",
)
"""What would change something that no command beside no server can make, or needs another server: these get as far as
a refusal that names it."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Method and path of every call that commands make; the application itself answers them."""
    seen: list[tuple[str, str]] = []

    def listening(gateway: Gateway) -> Gate:
        app = create_app(gateway)
        answer = app.__call__

        async def note(scope, receive, send):  # type: ignore[no-untyped-def]
            seen.append((scope["method"], scope["path"]))
            await answer(scope, receive, send)

        return note  # type: ignore[return-value]

    monkeypatch.setattr(in_process, "create_app", listening)
    yield seen


def changing_routes(directory: Path) -> list[tuple[str, str]]:
    """From the application itself: a new route is on this list without anybody's doing."""
    routes: list[tuple[str, str]] = []

    async def story(desk: Desk) -> None:
        routes.extend(route for route in await routes_of(desk) if route[0] not in READS)

    at_desk(directory, story)
    # Of two that match a path, the one with fewer parameters answers it.
    return sorted(routes, key=lambda route: route[1].count("{"))


def route_of(routes: list[tuple[str, str]], method: str, path: str) -> tuple[str, str] | None:
    for route_method, template in routes:
        pattern = re.sub(r"\\{[^}]*:path\\}", ".+", re.escape(template))
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", pattern)
        if method == route_method and re.fullmatch(pattern, path):
            return route_method, template
    return None


def test_every_route_that_changes_something_is_reached_by_a_command_and_told_in_the_audit_log(
    terminal: Terminal, calls: list[tuple[str, str]], upstream: Upstream, tmp_path: Path
) -> None:
    """Whoever could not reach the console could not sign a browser out, rename a token or stop a request."""
    routes = changing_routes(tmp_path / "desk")
    upstream.enqueue(models_list("m"), models_list("m"), models_list("m"))
    printed = ""
    places = {"URL": upstream.url, "FILE": str(EXAMPLE), "DATABASE": str(smallest_one_api(tmp_path / "one-api.db"))}
    for command in COMMANDS:
        words = [
            reduce(lambda text, name: text.replace(name, places[name]), places, word) for word in command.split(" ")
        ]
        printed += terminal.ok(*words, environ={"A": "sk-canary-a", "B": "sk-canary-b"}).stdout
    refusals = [terminal.run(*command.split()) for command in REFUSED]
    reached = {route_of(routes, *call) for call in calls}
    refused = {route_of(routes, *call) for call in calls[-len(REFUSED) :]}

    assert {1} == {refusal.code for refusal in refusals}
    assert set() == {*routes} - reached - BESIDE_A_SERVER - ON_PAGES
    check_audit(terminal.directory, reached - refused, printed, handlers_of(tmp_path / "names"))


def check_audit(directory: Path, routes: set[tuple[str, str] | None], printed: str, names: dict[Any, str]) -> None:
    """Each of these routes has left a line, and what was printed once is in none."""
    with closing(sqlite3.connect(directory / "aihub.db")) as database:
        lines = database.execute("SELECT * FROM audit").fetchall()
        told = {action for (action,) in database.execute("SELECT action FROM audit")}
    secrets = [*SHOWN_ONCE.findall(printed), "sk-canary"]
    assert len(secrets) > 4
    assert [] == [secret for secret in secrets if secret in str(lines)]
    assert set() == {names[route] for route in routes if route is not None} - told - CHANGE_NOTHING


SHOWN_ONCE = re.compile(r"sk-\w{30,}|whsec_[\w+/=]{30,}|adm-[\w-]{30,}|(?<=/console/invitation/)[\w-]{30,}")


def handlers_of(directory: Path) -> dict[tuple[str, str], str]:
    """The name of the function that answers each route."""
    handlers: dict[tuple[str, str], str] = {}

    async def story(desk: Desk) -> None:
        for route in await all_routes_of(desk):
            if isinstance(route, HTTPRoute):
                for handler in route.route_handlers:
                    for method in handler.http_methods:
                        handlers[method, route.path] = getattr(handler.fn, "__name__", "")

    at_desk(directory, story)
    return handlers


BESIDE_A_SERVER = {("POST", "/api/admin/console-links")}
"""What has no sense without one: `console` refuses before it calls, and `test_console` tries it beside one."""
ON_PAGES = {("POST", f"/api/admin/undelete/{noun}") for noun in ("aliases", "prices", "routes")}
"""What a page of the console offers for a while after a deletion: in a terminal, the thing is made anew."""
