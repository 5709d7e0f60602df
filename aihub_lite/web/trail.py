"""Whatever the admin API, or a person's own, changes leaves a line in the audit log, before its answer leaves.

This stands around every route of it, so none can forget. What a line says of before and after is what the registries
did while the request ran (`gateway/people/watch.py`); a change of something that is in no registry is told by the
route's name and the path, or as its handler notes it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, MutableMapping
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from aihub_lite.domain.people.audit import Change
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.audit import Who
from aihub_lite.gateway.people.watch import collecting, merged

READS = frozenset({"GET", "HEAD", "OPTIONS"})
CHANGE_NOTHING = frozenset(
    {"complete_chat", "list_upstream", "explain_request", "test_channel", "reach_channel", "show_creation_options"}
    | {"preview_import", "test_alert"}
    | {"apply_configuration"}
)
"""Handlers of methods that change, which as a rule do not: what they use up is in the usage records. A file that is
applied may change nothing, or be only tried."""
TELL_ALL = frozenset({"download_backup"})
"""Handlers of methods that read, which give away everything that opens something."""
IRREGULAR = {"aliases": "alias", "strategies": "strategy"}
"""Names in paths whose singular is not theirs without an s."""
Wrap = Callable[[ASGIApp], ASGIApp]


def trail_of(gateway: Gateway) -> Wrap:
    """The framework's middleware that writes what its routes change."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            # The framework's own handler of OPTIONS has no name.
            action = getattr(scope["route_handler"].fn, "__name__", "")
            if scope["method"] in READS and action not in TELL_ALL:  # type: ignore[typeddict-item]
                await app(scope, receive, send)
                return
            told_anyway = action not in CHANGE_NOTHING
            with collecting() as changes:

                async def send_after(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        told = merged(changes)
                        if not told and told_anyway and message["status"] < 400:
                            told = [_of_path(scope)]
                        await gateway.audit.add(who_of(gateway, scope), action, told)
                    await send(message)

                await app(scope, receive, send_after)

        return serve

    return wrap


def who_of(gateway: Gateway, scope: MutableMapping[str, Any] | Scope) -> Who:
    """Who makes a request that was let in."""
    place = {
        "address": str(scope.get("aihub.address", "")),
        "request_id": str(scope.get("aihub.request_id", "")),
    }
    person = getattr(scope.get("aihub.actor"), "person", None)
    if person is not None:
        return Who(via="person", by=person.name, person_id=person.id, **place)
    key = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2].strip()
    if not key:
        return Who(via="session", by="admin key", **place)
    if hmac.compare_digest(key, gateway.run_key.encode()):
        return Who(via="command line", by="command line", **place)
    return Who(via="admin key", by="admin key", **place)


def _of_path(scope: Scope) -> Change:
    """What a path is about: `/api/admin/sessions/1f2e` is about the session 1f2e."""
    path = scope["path"].removeprefix("/api/admin/").removeprefix("/api/me/")
    things = path.partition("/")[0]
    kind = IRREGULAR.get(things, things.removesuffix("s"))
    told = [str(value) for value in scope["path_params"].values()]
    name = ""
    if told:
        name = told[0][:200]
    return Change(kind=kind, id=name, name=name)
