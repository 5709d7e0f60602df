"""`/console/audit`: who changed what, from what to what, when and from where."""

from __future__ import annotations

from functools import partial

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import LIMIT
from aihub_lite.web.admin.people.audit import audit_filter, audit_page
from aihub_lite.web.console.language import Language
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.framework import AnyRequest


def told(language: Language, value: object) -> str:
    """A value before or after, as a reader sees it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return language("lists.comma").join(str(item) for item in value)
    return str(value)


def named(language: Language, part: str, name: str) -> str:
    """What was done, or what kind of thing it was done to, in a language; one that no catalogue has, as it is."""
    return language.texts.get(f"{part}.{name}", name.replace("_", " "))


@get("/audit")
async def show_audit(
    request: AnyRequest,
    gateway: TheGateway,
    by: FromQuery[str] = "",
    thing: FromQuery[str] = "",
    since: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """A page of the audit log, newest first."""
    wanted = audit_filter(gateway, by.strip(), thing.strip(), "", "", since.strip())
    entries, further = await audit_page(gateway, wanted, after, LIMIT)
    filters = {"by": by.strip(), "thing": thing.strip(), "since": since.strip()}
    values = {"told": partial(told, language_of(request)), "named": named}
    return page(request, "people/audit.html", entries=entries, further=further, filters=filters, **values)


AUDIT = [show_audit]
