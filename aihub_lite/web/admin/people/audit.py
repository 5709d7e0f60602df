"""`/api/admin/audit`: who changed what, from what to what, when and from where."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery

from aihub_lite.domain.people.audit import AuditEntry
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.people.audit import AuditFilter
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import LIMIT
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json, moment_text


def entry_json(number: int, entry: AuditEntry) -> Json:
    """A line; `changes` has before and after by field, `…` for what is not told."""
    return {
        "id": number,
        "at": moment_text(entry.at_ms / 1000),
        "by": entry.by,
        "person_id": entry.person_id or None,
        "via": entry.via,
        "address": entry.address,
        "action": entry.action,
        "kind": entry.change.kind,
        "object": entry.change.name,
        "object_id": entry.change.id,
        "changes": entry.change.fields,
        "request_id": entry.request_id or None,
    }


def audit_filter(gateway: Gateway, by: str, thing: str, kind: str, action: str, since: str) -> AuditFilter:
    """The filter of a query; an empty field is any. Raises InvalidRequest."""
    since_ms = None
    if since:
        since_ms = moment(since, gateway.clock.wall(), "since", ahead=False) * 1000
    return AuditFilter(by=by or None, object=thing or None, kind=kind or None, action=action or None, since_ms=since_ms)


async def audit_page(gateway: Gateway, wanted: AuditFilter, after: str, limit: int) -> tuple[list[Json], str]:
    """Lines newest first, and what `after` is for the next page; empty where this is the last one.

    Raises InvalidRequest.
    """
    before = None
    if after:
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise InvalidRequest("after: is not what a page of this list said")
        before = int(after)
    # One more than is shown tells whether there are older ones.
    rows = await gateway.audit.log.page(wanted, before, limit + 1)
    shown = [entry_json(number, entry) for number, entry in rows[:limit]]
    if len(rows) <= limit:
        return shown, ""
    return shown, str(rows[limit - 1][0])


@get("/")
async def list_audit(
    gateway: TheGateway,
    by: FromQuery[str] = "",
    object: FromQuery[str] = "",  # noqa: A002  the query's own word
    kind: FromQuery[str] = "",
    action: FromQuery[str] = "",
    since: FromQuery[str] = "",
    after: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT,
) -> Json:
    """List the audit log, a page at a time, newest first; `by` and `object` are names or ids."""
    if not 1 <= limit <= LIMIT:
        raise InvalidRequest(f"limit: must be between 1 and {LIMIT}")
    wanted = audit_filter(gateway, by, object, kind, action, since)
    shown, further = await audit_page(gateway, wanted, after, limit)
    return {"audit": shown, "more": bool(further), "after": further or None}


audit_router = PathRouter("/audit", route_handlers=[list_audit])
